#include "api/connection.h"
#include "api/router.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>
#include <boost/asio/socket_base.hpp>
#include <sys/socket.h>

namespace meent::api {
namespace {

constexpr std::size_t copied_body_bytes = 2 * 1024;   // up to here a copy is cheaper than a piece
constexpr std::size_t copied_chunk_bytes = 1 * 1024;  // likewise for what is pushed to a stream
constexpr std::size_t piece_limit = 512;              // of one write; below the system's IOV_MAX

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    default: break;
  }
  for (const ProblemType* type : problem_types())
    if (type->status == status) return type->title;
  return "Answer";
}

void append_number(std::string& text, std::size_t number, int base) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number, base);
  text.append(digits, end);
}

}  // namespace

Response problem_below_router(const Problem& problem, std::string_view instance) {
  Response response = to_response(problem, instance);
  response.headers.add("API-Version", Router::api_version);
  response.headers.add("X-Content-Type-Options", "nosniff");
  return response;
}

void Connection::write_answer(Outgoing& out, Exchange& exchange, bool keeps_alive) {
  Response& response = exchange.response;
  std::string& text = out.text;
  text += "HTTP/1.1 ";
  append_number(text, response.status, 10);
  text.append(" ").append(reason_phrase(response.status)).append("\r\n");
  text.append(loop_->date_line()).append(response.headers.wire());
  const bool has_no_body = response.status == 204 || response.status == 304;
  if (response.stream) {
    if (!exchange.is_http_1_0) text += "Transfer-Encoding: chunked\r\n";
  } else if (!has_no_body) {
    text += "Content-Length: ";
    append_number(text, response.body.size(), 10);
    text += "\r\n";
  }
  if (!keeps_alive)
    text += "Connection: close\r\n";
  else if (exchange.is_http_1_0)
    text += "Connection: keep-alive\r\n";
  text += "\r\n";
  if (has_no_body || response.stream || exchange.request.method == Method::head) return;
  if (response.body.size() <= copied_body_bytes)
    text += response.body.view();
  else
    out.add_body(std::move(response.body));
}

// ---- streams
// ---------------------------------------------------------------------------------------

void Connection::begin_stream(const Exchange& exchange, std::shared_ptr<EventStream> stream) {
  if (exchange.request.method == Method::head) return stream->closed(StreamEnd::finished);
  phase_ = Phase::streaming;
  stream_ = std::move(stream);
  is_stream_chunked_ = !exchange.is_http_1_0;
  ++loop_->stream_count;
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::socket_base::send_buffer_size(
                         static_cast<int>(loop_->options.stream_send_buffer_bytes)),
                     ignored);
  stream_->attach(weak_from_this());
  if (loop_->is_stopping) stream_->stop();
  await_input();  // to learn when the client leaves
}

void Connection::feed_stream() {
  if (phase_ != Phase::streaming || stream_end_) return;
  if (!unsent_.empty()) {
    is_feed_due_ = true;
    return;
  }
  EventStream::Taken taken = stream_->take();
  if (taken.chunks.empty() && !taken.is_last) return;
  Outgoing& out = loop_->outgoing;
  out.clear();
  write_stream_chunk(out, taken.chunks);
  if (taken.is_last) {
    stream_end_ = taken.end;
    if (is_stream_chunked_) out.text += "0\r\n\r\n";
  }
  out.end_text();
  if (out.parts.empty()) return after_all_sent();
  send(out);
}

void Connection::send_heartbeat() {
  Outgoing& out = loop_->outgoing;
  out.clear();
  const auto heartbeat = std::make_shared<const Chunk>(stream_->heartbeat(), std::string());
  write_stream_chunk(out, {heartbeat});
  stream_unsent_bytes_ = 0;  // it was not pushed, so it does not count against the limit
  out.end_text();
  send(out);
}

void Connection::write_stream_chunk(Outgoing& out,
                                    const std::vector<std::shared_ptr<const Chunk>>& chunks) {
  stream_unsent_bytes_ = 0;
  for (const auto& chunk : chunks) stream_unsent_bytes_ += chunk->text.size();
  if (stream_unsent_bytes_ == 0) return;
  if (is_stream_chunked_) {
    append_number(out.text, stream_unsent_bytes_, 16);
    out.text += "\r\n";
  }
  for (const auto& chunk : chunks) {
    if (chunk->text.size() <= copied_chunk_bytes)
      out.text += chunk->text;
    else
      out.add_body(std::shared_ptr<const std::string>(chunk, &chunk->text));
  }
  if (is_stream_chunked_) out.text += "\r\n";
}

// ---- to the system
// ---------------------------------------------------------------------------------

std::optional<std::size_t> Connection::write_some(std::vector<iovec>& pieces) {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = std::min(pieces.size(), piece_limit);
  ssize_t taken = 0;
  do {
    taken = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
  } while (taken < 0 && errno == EINTR);
  if (taken < 0 && errno == EAGAIN) return 0;
  if (taken < 0) {
    close(StreamEnd::client_left);
    return std::nullopt;
  }
  const auto bytes = static_cast<std::size_t>(taken);
  last_progress_ = loop_->now;
  loop_->sent_bytes += bytes;
  if (stream_) {
    const std::size_t counted = std::min(bytes, stream_unsent_bytes_);
    stream_unsent_bytes_ -= counted;
    stream_->sent(counted);
  }
  return bytes;
}

void Connection::send(Outgoing& out) {
  std::vector<iovec>& pieces = loop_->pieces;
  pieces.clear();
  std::size_t all = 0;
  const auto add = [&](std::string_view bytes) {
    if (bytes.empty()) return;
    pieces.push_back({const_cast<char*>(bytes.data()), bytes.size()});
    all += bytes.size();
  };
  const std::string_view text = out.text;
  for (const Outgoing::Part& part : out.parts) {
    add(text.substr(part.text_begin, part.text_end - part.text_begin));
    add(part.body.view());
  }
  const auto taken = write_some(pieces);
  if (!taken) return;
  if (*taken < all) return keep_unsent(out, *taken);
  out.clear();
  after_all_sent();
}

void Connection::keep_unsent(Outgoing& out, std::size_t taken) {
  std::size_t skip = taken;
  const auto keep = [&](Body body) {
    const std::size_t size = body.size();
    if (skip < size) unsent_.push_back({std::move(body), skip});
    skip -= std::min(skip, size);
  };
  for (Outgoing::Part& part : out.parts) {
    keep(out.text.substr(part.text_begin, part.text_end - part.text_begin));
    keep(std::move(part.body));
  }
  out.clear();
  await_writable();
}

void Connection::await_writable() {
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->on_writable(error);
                     });
}

void Connection::on_writable(const boost::system::error_code& error) {
  if (phase_ == Phase::closed) return;
  if (error) return close(StreamEnd::client_left);
  loop_->now = Clock::now();
  std::vector<iovec>& pieces = loop_->pieces;
  pieces.clear();
  for (std::size_t i = first_unsent_; i < unsent_.size() && pieces.size() < piece_limit; ++i) {
    const std::string_view rest = unsent_[i].body.view().substr(unsent_[i].offset);
    pieces.push_back({const_cast<char*>(rest.data()), rest.size()});
  }
  const auto taken = write_some(pieces);
  if (!taken) return;
  std::size_t left = *taken;
  while (first_unsent_ < unsent_.size()) {
    Unsent& front = unsent_[first_unsent_];
    const std::size_t size = front.body.size() - front.offset;
    if (left < size) {
      front.offset += left;
      return await_writable();
    }
    left -= size;
    front.body = Body();
    front.offset = 0;
    ++first_unsent_;
  }
  std::vector<Unsent>().swap(unsent_);
  first_unsent_ = 0;
  if (phase_ == Phase::serving) return flush();
  after_all_sent();
}

}  // namespace meent::api
