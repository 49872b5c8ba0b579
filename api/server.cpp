#include "api/server.h"

#include "api/connection.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

namespace meent::api {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int backlog_count = 4096;
constexpr auto accept_pause = std::chrono::milliseconds(50);
constexpr rlim_t other_descriptor_count = 1000;  // files of the log and the views

/// The usual soft limit of 1,024 descriptors would end well before the limit on connections.
void allow_descriptors(std::size_t connection_limit) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = connection_limit + other_descriptor_count;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
    spdlog::warn("only {} open files are allowed: fewer than {} connections can be served",
                 limit.rlim_cur, connection_limit);
}

}  // namespace

struct Server::Impl {
  const Options options;
  const Dispatch dispatch;
  std::vector<std::shared_ptr<Loop>> loops;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::unique_ptr<boost::asio::steady_timer> pause;
  std::size_t next_loop = 0;
  std::atomic<std::uint64_t> refused_count = 0;
  std::uint16_t port = 0;
  bool is_stopped = false;

  Impl(Options server_options, Dispatch server_dispatch)
      : options(std::move(server_options)), dispatch(std::move(server_dispatch)) {
    const unsigned count = options.thread_count != 0
                               ? options.thread_count
                               : std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) loops.push_back(std::make_shared<Loop>(options, dispatch));
    allow_descriptors(options.connection_limit);
    listen();
    accept();
    for (const auto& loop : loops) loop->start();
  }

  void listen() {
    const std::string name = options.address + ":" + std::to_string(options.port);
    const auto check = [&](const ErrorCode& error, const char* what) {
      if (error)
        throw std::system_error(static_cast<std::error_code>(error),
                                "cannot " + std::string(what) + " " + name);
    };
    ErrorCode error;
    tcp::resolver resolver(loops[0]->context);
    const auto found = resolver.resolve(options.address, std::to_string(options.port),
                                        tcp::resolver::passive, error);
    check(error, "find the address");
    const auto is_v4 = [](const auto& entry) { return entry.endpoint().address().is_v4(); };
    const auto v4 = std::find_if(found.begin(), found.end(), is_v4);
    const tcp::endpoint endpoint = v4 == found.end() ? found.begin()->endpoint() : v4->endpoint();
    acceptor = std::make_unique<tcp::acceptor>(loops[0]->context);
    pause = std::make_unique<boost::asio::steady_timer>(loops[0]->context);
    acceptor->open(endpoint.protocol(), error);
    check(error, "open a socket for");
    acceptor->set_option(tcp::acceptor::reuse_address(true), error);
    check(error, "reuse");
    if (endpoint.address().is_v6()) acceptor->set_option(boost::asio::ip::v6_only(false), error);
    acceptor->bind(endpoint, error);
    check(error, "bind to");
    acceptor->listen(backlog_count, error);
    check(error, "listen on");
    port = acceptor->local_endpoint().port();
  }

  std::uint64_t open_count() const {
    std::uint64_t count = 0;
    for (const auto& loop : loops) count += loop->open_count;
    return count;
  }

  void accept() {
    const std::shared_ptr<Loop>& loop = loops[next_loop++ % loops.size()];
    acceptor->async_accept(loop->context, [this, loop](const ErrorCode& error, Socket socket) {
      if (error == boost::asio::error::operation_aborted || !acceptor->is_open()) return;
      if (error) {
        // Out of descriptors, mostly: those waiting are taken when others have gone.
        spdlog::warn("cannot accept a connection: {}", error.message());
        pause->expires_after(accept_pause);
        pause->async_wait([this](const ErrorCode& cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      take(*loop, std::move(socket));
      accept();
    });
  }

  void take(Loop& loop, Socket socket) {
    ErrorCode error;
    const tcp::endpoint remote = socket.remote_endpoint(error);
    if (error) return;  // gone already
    socket.set_option(tcp::no_delay(true), error);
    socket.native_non_blocking(true, error);
    if (error) return;
    if (open_count() >= options.connection_limit) return refuse(std::move(socket));
    loop.adopt(std::move(socket), remote.address());
  }

  /// As far as one write goes: nobody waits for a client who is not served.
  void refuse(Socket socket) {
    ++refused_count;
    const Problem problem{.type = &problems::not_ready,
                          .detail = "Too many connections.",
                          .retry_after = std::chrono::seconds(1)};
    const Response response = problem_below_router(problem, {});
    std::string text = "HTTP/1.1 503 Not ready\r\nConnection: close\r\nContent-Length: ";
    text += std::to_string(response.body.size()) + "\r\n";
    text.append(response.headers.wire()).append("\r\n").append(response.body.view());
    ErrorCode ignored;
    socket.write_some(boost::asio::buffer(text), ignored);
    socket.shutdown(Socket::shutdown_send, ignored);
  }

  void stop(std::chrono::milliseconds patience) {
    if (std::exchange(is_stopped, true)) return;
    boost::asio::post(loops[0]->context, [this] {
      ErrorCode ignored;
      acceptor->close(ignored);
      pause->cancel();
    });
    for (const auto& loop : loops) loop->begin_stop();
    const auto until = Clock::now() + patience;
    while (open_count() > 0 && Clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    for (const auto& loop : loops) loop->finish_stop();
  }
};

Server::Server(Options options, Dispatch dispatch)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(dispatch))) {}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

std::uint16_t Server::port() const {
  return impl_->port;
}

void Server::stop(std::chrono::milliseconds patience) {
  impl_->stop(patience);
}

Server::Counts Server::counts() const {
  Counts counts;
  for (const auto& loop : impl_->loops) {
    counts.connections_open += loop->open_count;
    counts.streams_open += loop->stream_count;
    counts.connections_accepted += loop->accepted_count;
    counts.requests += loop->request_count;
    counts.protocol_errors += loop->protocol_error_count;
    counts.bytes_sent += loop->sent_bytes;
  }
  counts.connections_refused = impl_->refused_count;
  return counts;
}

}  // namespace meent::api
