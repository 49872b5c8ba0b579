#include "api/peer_client.h"

#include <pthread.h>

#include <deque>
#include <map>
#include <thread>
#include <vector>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace meent::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;

namespace {

bool is_of_the_connection(std::string_view name) {
  static constexpr std::array names = {"connection", "content-length", "transfer-encoding", "date",
                                       "keep-alive"};
  return std::ranges::any_of(names,
                             [&](std::string_view one) { return beast::iequals(name, one); });
}

struct HostPort {
  std::string host, port;
};
/// Of "http://host:port"; an IPv6 host in brackets.
std::optional<HostPort> parse_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  url = url.substr(0, url.find('/'));
  const auto colon = url.rfind(':');
  if (colon == std::string_view::npos) return HostPort{std::string(url), "80"};
  auto host = url.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return HostPort{std::string(host), std::string(url.substr(colon + 1))};
}

}  // namespace

struct PeerClient::Impl {
  struct Job {
    PeerRequest request;
    Done done;
  };
  struct Connection {
    explicit Connection(asio::io_context& context) : stream(context) {}
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    std::optional<http::response_parser<http::string_body>> parser;
    bool was_used = false;  // an answer came over it before
  };
  using ConnectionPtr = std::shared_ptr<Connection>;
  struct Peer {
    HostPort address;
    std::size_t connection_count = 0;
    std::vector<ConnectionPtr> idle;
    std::deque<Job> waiting;
  };

  explicit Impl(const Options& options_in) : options(options_in) {}

  void send(const std::string& url, Job job) {
    const auto address = parse_url(url);
    if (!address) return job.done(std::unexpected(url + " is no address of a node"));
    auto& peer = peers[url];
    peer.address = *address;
    if (has_way(peer)) {
      start(peer, std::move(job));
    } else if (peer.waiting.size() < options.waiting_limit) {
      peer.waiting.push_back(std::move(job));
    } else {
      job.done(std::unexpected("too many requests wait for " + url));
    }
  }

  [[nodiscard]] bool has_way(const Peer& peer) const {
    return !peer.idle.empty() || peer.connection_count < options.connection_limit;
  }

  /// Over a kept connection, or a new one; `has_way` must hold.
  void start(Peer& peer, Job job) {
    if (peer.idle.empty()) return connect(peer, std::move(job));
    auto connection = std::move(peer.idle.back());
    peer.idle.pop_back();
    write(peer, std::move(connection), std::move(job));
  }

  void connect(Peer& peer, Job job) {
    ++peer.connection_count;
    auto connection = std::make_shared<Connection>(context);
    connection->stream.expires_after(options.connect_limit);
    resolver.async_resolve(
        peer.address.host, peer.address.port,
        [this, &peer, connection, job = std::move(job)](
            const ErrorCode& error, const asio::ip::tcp::resolver::results_type& found) mutable {
          if (error) return fail(peer, std::move(job), error);
          connection->stream.async_connect(
              found, [this, &peer, connection, job = std::move(job)](
                         const ErrorCode& failed, const asio::ip::tcp::endpoint&) mutable {
                if (failed) return fail(peer, std::move(job), failed);
                connection->stream.socket().set_option(asio::ip::tcp::no_delay(true));
                write(peer, std::move(connection), std::move(job));
              });
        });
  }

  void write(Peer& peer, ConnectionPtr connection, Job job) {
    auto& request = connection->request;
    request = {};
    request.method_string(job.request.method);
    request.target(job.request.target);
    for (std::size_t i = 0; i < job.request.headers.count(); ++i) {
      const auto [name, value] = job.request.headers.at(i);
      if (!is_of_the_connection(name)) {
        request.insert({name.data(), name.size()}, {value.data(), value.size()});
      }
    }
    request.body() = job.request.body;
    request.prepare_payload();
    connection->parser.emplace();
    connection->parser->body_limit(options.body_limit);
    connection->stream.expires_after(options.answer_limit);
    http::async_write(connection->stream, request,
                      [this, &peer, connection, job = std::move(job)](const ErrorCode& error,
                                                                      std::size_t) mutable {
                        if (error) return broke(peer, *connection, std::move(job), error);
                        read(peer, std::move(connection), std::move(job));
                      });
  }

  void read(Peer& peer, ConnectionPtr connection, Job job) {
    http::async_read(connection->stream, connection->buffer, *connection->parser,
                     [this, &peer, connection, job = std::move(job)](const ErrorCode& error,
                                                                     std::size_t) mutable {
                       if (error) return broke(peer, *connection, std::move(job), error);
                       finish(peer, std::move(connection), std::move(job));
                     });
  }

  /// A kept connection that the other side has closed meanwhile says nothing about the request.
  void broke(Peer& peer, const Connection& connection, Job job, const ErrorCode& error) {
    const bool was_closed = error == http::error::end_of_stream || error == asio::error::eof ||
                            error == asio::error::connection_reset ||
                            error == asio::error::broken_pipe;
    const bool has_begun = connection.parser && connection.parser->got_some();
    if (connection.was_used && was_closed && !has_begun) {
      --peer.connection_count;
      return connect(peer, std::move(job));
    }
    fail(peer, std::move(job), error);
  }

  void finish(Peer& peer, ConnectionPtr connection, Job job) {
    auto message = connection->parser->release();
    Response response(message.result_int());
    for (const auto& field : message) {
      const std::string_view name(field.name_string().data(), field.name_string().size());
      if (is_of_the_connection(name)) continue;
      response.headers.add(name, {field.value().data(), field.value().size()});
    }
    response.body = Body(std::move(message.body()));
    connection->was_used = true;
    connection->stream.expires_never();
    if (message.keep_alive()) {
      peer.idle.push_back(std::move(connection));
    } else {
      --peer.connection_count;
    }
    job.done(std::move(response));
    next(peer);
  }

  void fail(Peer& peer, Job job, const ErrorCode& error) {
    --peer.connection_count;
    job.done(std::unexpected(error.message()));
    next(peer);
  }

  void next(Peer& peer) {
    if (peer.waiting.empty() || !has_way(peer)) return;
    auto job = std::move(peer.waiting.front());
    peer.waiting.pop_front();
    start(peer, std::move(job));
  }

  const Options options;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::ip::tcp::resolver resolver{context};
  std::map<std::string, Peer> peers;  // never erased: as many as there are nodes
  std::thread thread;
};

PeerClient::PeerClient() : PeerClient(Options{}) {}

PeerClient::PeerClient(Options options) : impl_(std::make_unique<Impl>(options)) {
  impl_->thread = std::thread([impl = impl_.get()] {
    ::pthread_setname_np(::pthread_self(), "meent-peers");
    impl->context.run();
  });
}

PeerClient::~PeerClient() {
  impl_->context.stop();
  impl_->thread.join();
}

void PeerClient::send(const std::string& url, PeerRequest request, Done done) {
  asio::post(impl_->context, [impl = impl_.get(), url, request = std::move(request),
                              done = std::move(done)]() mutable {
    impl->send(url, {std::move(request), std::move(done)});
  });
}

void PeerClient::after(std::chrono::milliseconds delay, std::move_only_function<void()> function) {
  asio::post(impl_->context, [impl = impl_.get(), delay, function = std::move(function)]() mutable {
    auto timer = std::make_shared<asio::steady_timer>(impl->context, delay);
    timer->async_wait([timer, function = std::move(function)](const ErrorCode& error) mutable {
      if (!error) function();
    });
  });
}

}  // namespace meent::api
