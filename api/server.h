#pragma once

#include "api/http.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace meent::api {

/// The HTTP/1.1 server: keep-alive, pipelining (answers in order, several requests of one
/// connection may be in flight), chunked bodies, streams. One event loop and one thread per core; a
/// connection lives on one. What goes wrong below the router (limits, broken requests) is answered
/// with a problem like any other.
class Server {
 public:
  struct Options {
    std::string address = "127.0.0.1";           // or a name, or "::" for every address
    std::uint16_t port = 0;                      // 0: any free one, see port()
    unsigned thread_count = 0;                   // 0: one per core
    std::size_t connection_limit = 12'000;       // further ones are answered 503 and closed
    std::size_t header_limit_bytes = 16 * 1024;  // 431
    std::size_t target_limit_bytes = 8 * 1024;   // 414
    std::size_t body_limit_bytes = 1024 * 1024;  // 413
    std::size_t pipeline_limit = 64;  // requests in flight per connection; more wait unread
    std::size_t stream_send_buffer_bytes = 64 * 1024;      // the system's buffer for one stream
    std::chrono::milliseconds request_time_limit{15'000};  // first byte to last byte: 408
    std::chrono::milliseconds idle_time_limit{75'000};     // between requests: closed
    std::chrono::milliseconds write_time_limit{30'000};    // without progress: closed
  };
  struct Counts {
    std::uint64_t connections_open = 0;
    std::uint64_t streams_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0;  // over the limit
    std::uint64_t requests = 0;
    std::uint64_t protocol_errors = 0;  // answered below the router
    std::uint64_t bytes_sent = 0;
  };
  /// Fills in path parameters, hence not const; runs on the connection's thread.
  using Dispatch = std::function<void(Request&, Respond)>;

  /// Binds and listens, and serves from then on. Throws std::system_error with the address in its
  /// text.
  Server(Options options, Dispatch dispatch);
  /// Stops without patience.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  /// Accepts nothing more, ends streams with their farewell, lets requests in flight finish for at
  /// most `patience`, then closes everything. Blocks. A `Respond` called later is ignored.
  /// Idempotent.
  void stop(std::chrono::milliseconds patience);
  Counts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meent::api
