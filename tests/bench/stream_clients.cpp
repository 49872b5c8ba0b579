#include "tests/bench/stream_clients.h"

#include "tests/bench/connecting.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace meent::bench {
namespace {

struct Client {
  Descriptor socket;
  std::string head;  // until it is complete
  std::atomic<std::uint64_t> event_count = 0;
  std::atomic<bool> is_following = false;
  std::size_t matched = 0;  // bytes of the mark, so far
  bool is_line_start = true;
};

}  // namespace

struct StreamClients::Impl {
  const Options options;
  Descriptor poll{::epoll_create1(EPOLL_CLOEXEC)};
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<char> buffer = std::vector<char>(64 * 1024);
  std::atomic<std::size_t> refused_count = 0;
  std::atomic<std::size_t> closed_count = 0;
  std::atomic<std::uint64_t> received_bytes = 0;
  std::jthread thread;

  explicit Impl(Options all) : options(std::move(all)) {
    const std::string request = "GET " + options.path + " HTTP/1.1\r\nHost: " + options.address +
                                "\r\nAccept: text/event-stream\r\n" + options.headers + "\r\n";
    for (std::size_t i = 0; i < options.client_count; ++i) {
      clients.push_back(std::make_unique<Client>());
      Client& client = *clients.back();
      client.socket = connect_to(options.address, options.port);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
      ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, client.socket.get(), &event);
      ::send(client.socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
    }
    thread = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) receive();
    });
  }

  void receive() {
    std::array<epoll_event, 512> events;
    const int count = ::epoll_wait(poll.get(), events.data(), events.size(), 50);
    for (int i = 0; i < count; ++i)
      read(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
  }

  void read(Client& client) {
    const ssize_t got = ::recv(client.socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      client.socket = Descriptor();
      client.is_following = false;
      ++closed_count;
      return;
    }
    std::string_view text(buffer.data(), static_cast<std::size_t>(got));
    received_bytes += text.size();
    if (!client.is_following) {
      client.head += text;
      const std::size_t end = client.head.find("\r\n\r\n");
      if (end == std::string::npos) return;
      if (client.head.compare(9, 3, "200") != 0) {
        ++refused_count;
        client.head.clear();
        return;
      }
      client.is_following = true;
      const std::string rest = client.head.substr(end + 4);
      std::string().swap(client.head);
      return count_events(client, rest);
    }
    count_events(client, text);
  }

  /// A line that begins with the mark, wherever the pieces are cut.
  void count_events(Client& client, std::string_view text) {
    if (&client == clients.front().get() && options.on_first_client) options.on_first_client(text);
    const std::string_view mark = options.event_mark;
    while (!text.empty()) {
      if (!client.is_line_start) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
        client.is_line_start = true;
        client.matched = 0;
        continue;
      }
      if (text.front() == mark[client.matched]) {
        text.remove_prefix(1);
        if (++client.matched < mark.size()) continue;
        client.event_count.fetch_add(1, std::memory_order_relaxed);
        client.is_line_start = false;
      } else {
        client.is_line_start = false;  // another line; its end is looked for from here
      }
    }
  }
};

StreamClients::StreamClients(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
StreamClients::~StreamClients() = default;

void StreamClients::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->thread.join();
  for (const auto& client : impl_->clients) client->socket = Descriptor();
}

StreamClients::Counts StreamClients::counts() const {
  Counts counts{.refused_count = impl_->refused_count,
                .closed_count = impl_->closed_count,
                .received_bytes = impl_->received_bytes,
                .fewest_events = ~std::uint64_t{0}};
  for (const auto& client : impl_->clients) {
    const std::uint64_t events = client->event_count.load(std::memory_order_relaxed);
    counts.following_count += client->is_following ? 1 : 0;
    counts.event_count += events;
    counts.fewest_events = std::min(counts.fewest_events, events);
    counts.most_events = std::max(counts.most_events, events);
  }
  return counts;
}

namespace {

template <typename Condition>
bool within(std::chrono::milliseconds limit, Condition holds) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace

bool StreamClients::wait_until_following(std::chrono::milliseconds limit) const {
  return within(limit, [&] { return counts().following_count == impl_->clients.size(); });
}

bool StreamClients::wait_for_events(std::uint64_t each, std::chrono::milliseconds limit) const {
  return within(limit, [&] { return counts().fewest_events >= each; });
}

}  // namespace meent::bench
