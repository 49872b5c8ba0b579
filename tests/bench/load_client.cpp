#include "tests/bench/load_client.h"

#include "tests/bench/answer_parser.h"
#include "tests/bench/connecting.h"

#include <deque>
#include <memory>
#include <system_error>
#include <vector>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace meent::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Sent {
  std::uint64_t sequence;
  Clock::time_point due;
};

struct Connection {
  std::size_t index = 0;
  Descriptor socket;
  AnswerParser parser;
  std::deque<Sent> in_flight;
  std::string unsent;
  bool is_writable_awaited = false;
};

class Load {
 public:
  Load(const LoadOptions& options, const RequestWriter& write_request,
       const AnswerReader& read_answer)
      : options_(options),
        write_request_(write_request),
        read_answer_(read_answer),
        poll_(::epoll_create1(EPOLL_CLOEXEC)),
        buffer_(256 * 1024) {
    for (std::size_t i = 0; i < options.connection_count; ++i) {
      connections_.push_back(std::make_unique<Connection>());
      connections_.back()->index = i;
      open(*connections_.back());
    }
  }

  LoadResult run() {
    const auto began = Clock::now();
    measured_from_ = began + options_.warm_up;
    const auto until = measured_from_ + options_.duration;
    next_due_ = began;
    if (!is_open_loop())
      for (const auto& connection : connections_) fill(*connection, began);
    auto now = began;
    while (now < until && !is_limit_reached()) {
      if (is_open_loop()) send_due(now);
      wait(now, until);
      now = Clock::now();
    }
    const auto measured = now - std::max(measured_from_, began);
    result_.seconds = std::chrono::duration<double>(measured).count();
    return std::move(result_);
  }

 private:
  bool is_open_loop() const { return options_.rate_per_second > 0; }
  bool is_limit_reached() const {
    return options_.request_limit != 0 && result_.answer_count >= options_.request_limit;
  }
  bool may_send() const {
    return options_.request_limit == 0 || sent_count_ < options_.request_limit;
  }

  void open(Connection& connection) {
    connection.socket = connect_to(options_.address, options_.port);
    connection.parser = AnswerParser(static_cast<bool>(read_answer_));
    connection.in_flight.clear();
    connection.unsent.clear();
    connection.is_writable_awaited = false;
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event);
  }

  void reopen(Connection& connection, Clock::time_point now) {
    if (now >= measured_from_) ++result_.lost_connection_count;
    sent_count_ -= connection.in_flight.size();
    open(connection);
    if (!is_open_loop()) fill(connection, now);
  }

  void add_request(Connection& connection, Clock::time_point due) {
    write_request_(connection.index, sequence_, connection.unsent);
    connection.in_flight.push_back({sequence_++, due});
    ++sent_count_;
  }

  void fill(Connection& connection, Clock::time_point now) {
    while (connection.in_flight.size() < options_.pipeline_depth && may_send())
      add_request(connection, now);
    flush(connection);
  }

  /// Open loop: everything that should have left by now, to connections that have room, in turn.
  void send_due(Clock::time_point now) {
    const std::chrono::duration<double> distance(1.0 / options_.rate_per_second);
    std::size_t full_count = 0;
    while (next_due_ <= now && may_send() && full_count < connections_.size()) {
      Connection& connection = *connections_[next_connection_++ % connections_.size()];
      if (connection.in_flight.size() >= options_.pipeline_depth) {
        ++full_count;
        continue;
      }
      full_count = 0;
      add_request(connection, next_due_);
      flush(connection);
      next_due_ += std::chrono::duration_cast<Clock::duration>(distance);
    }
  }

  void wait(Clock::time_point now, Clock::time_point until) {
    auto wake = until;
    if (is_open_loop() && next_due_ > now) wake = std::min(wake, next_due_);
    const auto left = std::max(wake - now, Clock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    std::array<epoll_event, 256> events;
    const int count = ::epoll_pwait2(poll_.get(), events.data(), events.size(), &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Connection& connection = *static_cast<Connection*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0) flush(connection);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(connection);
    }
  }

  void receive(Connection& connection) {
    const ssize_t got = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    const auto now = Clock::now();
    if (got <= 0) return reopen(connection, now);
    const bool is_measured = now >= measured_from_;
    if (is_measured) result_.received_bytes += static_cast<std::uint64_t>(got);
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    while (!bytes.empty()) {
      if (!connection.parser.feed(bytes)) continue;
      if (connection.in_flight.empty()) return reopen(connection, now);  // nobody asked
      const Sent sent = connection.in_flight.front();
      connection.in_flight.pop_front();
      if (is_measured) {
        ++result_.answer_count;
        ++result_.by_status[connection.parser.status()];
        result_.latency.record(now - sent.due);
      }
      if (read_answer_)
        read_answer_(connection.index, sent.sequence, connection.parser.status(),
                     connection.parser.body());
    }
    if (!is_open_loop()) fill(connection, now);
  }

  void flush(Connection& connection) {
    if (!connection.unsent.empty()) {
      const ssize_t sent = ::send(connection.socket.get(), connection.unsent.data(),
                                  connection.unsent.size(), MSG_NOSIGNAL);
      if (sent > 0) connection.unsent.erase(0, static_cast<std::size_t>(sent));
    }
    // A broken connection shows when it is read.
    const bool awaits = !connection.unsent.empty();
    if (awaits == connection.is_writable_awaited) return;
    connection.is_writable_awaited = awaits;
    epoll_event event{.events = EPOLLIN | (awaits ? std::uint32_t{EPOLLOUT} : 0),
                      .data = {.ptr = &connection}};
    ::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
  }

  const LoadOptions& options_;
  const RequestWriter& write_request_;
  const AnswerReader& read_answer_;
  Descriptor poll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<char> buffer_;
  std::uint64_t sequence_ = 0;
  std::uint64_t sent_count_ = 0;  // without those lost with their connection
  std::size_t next_connection_ = 0;
  Clock::time_point measured_from_;
  Clock::time_point next_due_;
  LoadResult result_;
};

}  // namespace

LoadResult run_load(const LoadOptions& options, const RequestWriter& write_request,
                    const AnswerReader& read_answer) {
  return Load(options, write_request, read_answer).run();
}

}  // namespace meent::bench
