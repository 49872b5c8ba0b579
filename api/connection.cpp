#include "api/connection.h"

#include <cerrno>
#include <utility>
#include <boost/asio/ip/address.hpp>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

namespace meent::api {
namespace {

constexpr std::size_t flush_bytes = 1024 * 1024;  // answers gathered into one write
constexpr auto linger_time = std::chrono::seconds(2);

bool is_proxied(const Request& request) {
  return request.headers.contains("Forwarded") || request.headers.contains("X-Forwarded-For");
}

}  // namespace

Connection::Connection(std::shared_ptr<Loop> loop, Socket socket,
                       const boost::asio::ip::address& remote)
    : loop_(std::move(loop)),
      socket_(std::move(socket)),
      remote_address_(remote.to_string()),
      is_loopback_(remote.is_loopback() ||
                   (remote.is_v6() && remote.to_v6().is_v4_mapped() &&
                    boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, remote.to_v6())
                        .is_loopback())),
      reader_({.header_bytes = loop_->options.header_limit_bytes,
               .target_bytes = loop_->options.target_limit_bytes,
               .body_bytes = loop_->options.body_limit_bytes}) {}

Connection::~Connection() = default;

void Connection::start() {
  last_progress_ = loop_->now = Clock::now();
  await_input();
}

void Connection::wake() {
  loop_->post_wake(shared_from_this());
}

// ---- reading
// ---------------------------------------------------------------------------------------

void Connection::await_input() {
  if (is_awaiting_input_ || phase_ == Phase::closed) return;
  is_awaiting_input_ = true;
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->is_awaiting_input_ = false;
                       self->on_input(error);
                     });
}

void Connection::on_input(const boost::system::error_code& error) {
  if (phase_ == Phase::closed) return;
  if (error) return close(StreamEnd::client_left);
  loop_->now = Clock::now();
  std::vector<char>& buffer = loop_->read_buffer;
  const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return await_input();
    return close(StreamEnd::client_left);
  }
  if (phase_ != Phase::serving) {
    if (got == 0) return close(StreamEnd::client_left);
    return await_input();  // nothing that comes now means anything
  }
  if (got == 0) {
    // Half-closed: the client may still be waiting for answers.
    is_input_over_ = true;
    closes_after_answers_ = true;
    has_left_ = true;
    if (waiting_count() == 0 && unsent_.empty()) close(StreamEnd::client_left);
    return;
  }
  last_progress_ = loop_->now;
  use_input({buffer.data(), static_cast<std::size_t>(got)});
}

void Connection::use_input(std::string_view bytes) {
  is_parsing_ = true;
  if (unused_input_.empty()) {
    const std::size_t used = parse(bytes);
    unused_input_.assign(bytes.substr(used));
  } else {
    unused_input_.append(bytes);
    unused_input_.erase(0, parse(unused_input_));
  }
  is_parsing_ = false;
  if (is_input_over_) std::string().swap(unused_input_);
  flush();
}

std::size_t Connection::parse(std::string_view bytes) {
  std::size_t used = 0;
  while (!is_input_over_ && used < bytes.size() &&
         waiting_count() < loop_->options.pipeline_limit) {
    if (!current_) current_ = std::make_shared<Exchange>(loop_, weak_from_this());
    if (reader_.state() == RequestReader::State::idle) reading_since_ = loop_->now;
    const std::size_t fed = reader_.feed(bytes.substr(used), current_->request);
    used += fed;
    switch (reader_.state()) {
      case RequestReader::State::done: begin_exchange(); break;
      case RequestReader::State::broken: fail_protocol(reader_.problem()); break;
      case RequestReader::State::awaited: is_continue_due_ = true; break;
      case RequestReader::State::idle: break;
      case RequestReader::State::reading: return used;
    }
  }
  return used;
}

void Connection::begin_exchange() {
  const auto exchange = std::exchange(current_, nullptr);
  exchange->keeps_alive = reader_.keep_alive();
  exchange->is_http_1_0 = reader_.is_http_1_0();
  is_continue_due_ = false;
  reader_.next();
  if (!exchange->keeps_alive) is_input_over_ = true;
  exchanges_.push_back(exchange);
  ++loop_->request_count;
  dispatch(exchange);
}

void Connection::dispatch(const std::shared_ptr<Exchange>& exchange) {
  Request& request = exchange->request;
  request.remote_address = remote_address_;
  request.is_loopback = is_loopback_ && !is_proxied(request);
  if (const auto parsed = parse_target(request); !parsed) {
    ++loop_->protocol_error_count;
    exchange->response =
        problem_below_router({.type = &problems::bad_request,
                              .detail = "The address cannot be read: " + parsed.error() + "."},
                             request.raw_path());
    exchange->is_answered = true;
    return;
  }
  try {
    loop_->dispatch(request, Respond([exchange = exchange](Response response) mutable {
                      Loop& loop = *exchange->loop;
                      loop.answer(std::move(exchange), std::move(response));
                    }));
  } catch (const std::exception& fault) {
    // Its Respond is gone by now, and has answered 500.
    spdlog::error("{} {}: {}", request.method_name, request.raw_path(), fault.what());
  }
}

void Connection::fail_protocol(const Problem& problem) {
  ++loop_->protocol_error_count;
  is_input_over_ = true;
  current_.reset();
  const auto exchange = std::make_shared<Exchange>(loop_, weak_from_this());
  exchange->keeps_alive = false;
  exchange->response = problem_below_router(problem, {});
  exchange->is_answered = true;
  exchanges_.push_back(exchange);
}

// ---- answering
// -------------------------------------------------------------------------------------

void Connection::pop_exchange() {
  exchanges_[first_exchange_++].reset();
  if (first_exchange_ == exchanges_.size()) {
    exchanges_.clear();
    first_exchange_ = 0;
  } else if (first_exchange_ >= 2 * loop_->options.pipeline_limit) {
    exchanges_.erase(exchanges_.begin(),
                     exchanges_.begin() + static_cast<std::ptrdiff_t>(first_exchange_));
    first_exchange_ = 0;
  }
}

void Connection::flush() {
  if (phase_ != Phase::serving || !unsent_.empty()) return;
  Outgoing& out = loop_->outgoing;
  out.clear();
  std::size_t gathered = 0;
  while (waiting_count() > 0 && exchanges_[first_exchange_]->is_answered &&
         gathered < flush_bytes) {
    const std::shared_ptr<Exchange> exchange = exchanges_[first_exchange_];
    pop_exchange();
    const bool is_last = waiting_count() == 0 && (closes_after_answers_ || loop_->is_stopping);
    const bool keeps_alive = exchange->keeps_alive && !is_last && !exchange->response.stream;
    gathered += exchange->response.body.size();
    write_answer(out, *exchange, keeps_alive);
    if (keeps_alive) continue;
    closes_after_answers_ = true;
    is_input_over_ = true;
    if (exchange->response.stream)
      begin_stream(*exchange, std::exchange(exchange->response.stream, nullptr));
    exchanges_.clear();
    first_exchange_ = 0;
    break;
  }
  if (waiting_count() == 0 && std::exchange(is_continue_due_, false))
    out.text += "HTTP/1.1 100 Continue\r\n\r\n";
  out.end_text();
  if (!out.parts.empty()) return send(out);
  after_all_sent();
}

/// Nothing is unsent: go on with whatever the connection is for.
void Connection::after_all_sent() {
  if (phase_ == Phase::streaming) {
    if (stream_end_) {
      std::exchange(stream_, nullptr)->closed(*stream_end_);
      --loop_->stream_count;
      return linger();
    }
    stream_->drained();
    // Through the inbox, so that a stream that is fed from `drained` does not hold up the others.
    if (std::exchange(is_feed_due_, false)) wake();
    return;
  }
  if (phase_ != Phase::serving) return;
  const bool is_waiting = waiting_count() > 0;
  if (closes_after_answers_ && !is_waiting) return linger();
  if (is_waiting && exchanges_[first_exchange_]->is_answered) return flush();
  if (is_input_over_ || waiting_count() >= loop_->options.pipeline_limit) return;
  if (!unused_input_.empty() && reader_.state() == RequestReader::State::idle) {
    // Requests that had to wait until the pipeline had room again.
    const std::string waiting = std::exchange(unused_input_, {});
    return use_input(waiting);
  }
  await_input();
}

void Connection::begin_stop() {
  if (phase_ == Phase::streaming) return stream_->stop();
  if (phase_ != Phase::serving) return;
  const bool is_reading = reader_.state() != RequestReader::State::idle;
  if (waiting_count() == 0 && unsent_.empty() && !is_reading) close(StreamEnd::server_stopping);
}

void Connection::linger() {
  if (has_left_) return close(StreamEnd::client_left);
  // What the client still sends must be read, or its end of the connection breaks before it has
  // read the answer.
  phase_ = Phase::lingering;
  last_progress_ = loop_->now;
  ::shutdown(socket_.native_handle(), SHUT_WR);
  await_input();
}

void Connection::close(StreamEnd reason) {
  if (std::exchange(phase_, Phase::closed) == Phase::closed) return;
  const auto self = shared_from_this();
  boost::system::error_code ignored;
  socket_.close(ignored);
  exchanges_.clear();
  first_exchange_ = 0;
  current_.reset();
  unsent_.clear();
  std::string().swap(unused_input_);
  if (const auto stream = std::exchange(stream_, nullptr)) {
    --loop_->stream_count;
    stream->closed(reason);
  }
  loop_->forget(*this);
}

void Connection::sweep() {
  const auto since = [&](Clock::time_point then) { return loop_->now - then; };
  const Server::Options& options = loop_->options;
  if (phase_ == Phase::lingering) {
    if (since(last_progress_) > linger_time) close(StreamEnd::finished);
    return;
  }
  if (!unsent_.empty()) {
    if (since(last_progress_) > options.write_time_limit) close(StreamEnd::too_slow);
    return;
  }
  if (phase_ == Phase::streaming) {
    if (!stream_end_ && !stream_->heartbeat().empty() &&
        since(last_progress_) >= stream_->heartbeat_interval())
      send_heartbeat();
    return;
  }
  if (phase_ != Phase::serving || is_input_over_) return;
  if (reader_.state() != RequestReader::State::idle) {
    if (!is_awaiting_input_ || since(reading_since_) <= options.request_time_limit) return;
    fail_protocol({.type = &problems::request_timeout,
                   .detail = "It must arrive within " +
                             std::to_string(options.request_time_limit.count()) + " ms."});
    return flush();
  }
  if (waiting_count() == 0 && since(last_progress_) > options.idle_time_limit)
    close(StreamEnd::client_left);
}

}  // namespace meent::api
