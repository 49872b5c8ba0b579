#include "api/connection.h"

#include <ctime>
#include <utility>
#include <boost/asio/post.hpp>

namespace meent::api {
namespace {

thread_local const Loop* current_loop = nullptr;

}  // namespace

void Outgoing::end_text() {
  if (text.size() == run_begin_) return;
  parts.push_back({run_begin_, text.size(), {}});
  run_begin_ = text.size();
}

void Outgoing::add_body(Body body) {
  parts.push_back({run_begin_, text.size(), std::move(body)});
  run_begin_ = text.size();
}

void Outgoing::clear() {
  text.clear();
  parts.clear();
  run_begin_ = 0;
}

Exchange::Exchange(std::shared_ptr<Loop> its_loop, std::weak_ptr<Connection> its_connection)
    : loop(std::move(its_loop)), connection(std::move(its_connection)) {}

Exchange::~Exchange() {
  if (response.stream) response.stream->closed(StreamEnd::client_left);
}

Loop::Loop(const Server::Options& server_options, const Server::Dispatch& server_dispatch)
    : options(server_options), dispatch(server_dispatch), read_buffer(64 * 1024) {}

void Loop::start() {
  schedule_sweep();
  thread_ = std::thread([this] {
    current_loop = this;
    context.run();
  });
}

void Loop::answer(std::shared_ptr<Exchange> exchange, Response response) {
  exchange->response = std::move(response);
  if (current_loop == this) {
    const auto connection = exchange->connection.lock();
    if (!connection) return;
    if (connection->is_parsing()) {
      exchange->is_answered = true;  // flushed with the others once all that came has been parsed
      return;
    }
  }
  const std::lock_guard lock(inbox_mutex_);
  if (is_closed_) return;
  inbox_.answers.push_back(std::move(exchange));
  post_drain_locked();
}

void Loop::post_wake(std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(inbox_mutex_);
  if (is_closed_) return;
  inbox_.wakes.push_back(std::move(connection));
  post_drain_locked();
}

void Loop::post_drain_locked() {
  if (std::exchange(is_drain_posted_, true)) return;
  boost::asio::post(context, [this] { drain_inbox(); });
}

void Loop::drain_inbox() {
  Inbox taken;
  {
    const std::lock_guard lock(inbox_mutex_);
    std::swap(taken, inbox_);
    is_drain_posted_ = false;
  }
  now = Clock::now();
  for (const auto& exchange : taken.answers) exchange->is_answered = true;
  for (const auto& exchange : taken.answers)
    if (const auto connection = exchange->connection.lock()) connection->flush();
  for (const auto& connection : taken.wakes) connection->feed_stream();
}

void Loop::adopt(Socket socket, const boost::asio::ip::address& remote) {
  // Counted at once, by the accepting thread, so that the limit on connections holds.
  ++open_count;
  ++accepted_count;
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket), remote);
  boost::asio::post(context, [this, connection = std::move(connection)] {
    if (is_finished_) {
      --open_count;
      return;
    }
    connections_.insert(connection);
    connection->start();
    if (is_stopping) connection->begin_stop();
  });
}

void Loop::forget(Connection& connection) {
  if (connections_.erase(connection.shared_from_this()) != 0) --open_count;
}

void Loop::schedule_sweep() {
  const auto shortest = std::min({options.request_time_limit, options.idle_time_limit,
                                  options.write_time_limit, std::chrono::milliseconds(2000)});
  sweep_timer_.expires_after(std::max(shortest / 4, std::chrono::milliseconds(5)));
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    sweep();
    schedule_sweep();
  });
}

void Loop::sweep() {
  now = Clock::now();
  std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->sweep();
}

void Loop::begin_stop() {
  boost::asio::post(context, [this] {
    is_stopping = true;
    now = Clock::now();
    std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->begin_stop();
  });
}

void Loop::finish_stop() {
  if (!thread_.joinable()) return;
  boost::asio::post(context, [this] {
    is_finished_ = true;
    const auto all = std::exchange(connections_, {});
    for (const auto& connection : all) connection->close(StreamEnd::server_stopping);
    open_count -= all.size();
    sweep_timer_.cancel();
    context.stop();
  });
  thread_.join();
  Inbox let_go;
  {
    const std::lock_guard lock(inbox_mutex_);
    is_closed_ = true;
    std::swap(let_go, inbox_);
  }
  // What was waiting on sockets that are closed now still holds on to its connection.
  context.restart();
  context.poll();
}

std::string_view Loop::date_line() {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  if (second != date_of_ || date_line_.empty()) {
    date_of_ = second;
    const std::time_t wall = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&wall, &parts);
    char text[64];
    date_line_.assign(
        text, std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts));
  }
  return date_line_;
}

}  // namespace meent::api
