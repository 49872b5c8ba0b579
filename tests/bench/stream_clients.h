#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace meent::bench {

/// Thousands of clients that each follow one stream of server-sent events, on one thread of their
/// own.
class StreamClients {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string path = "/";
    std::string headers = {};  // further lines, each with its "\r\n"
    std::size_t client_count = 1000;
    std::string event_mark = "data:";  // each occurrence at the start of a line is one event
    /// Told of every piece of text that the first client receives, on the clients' thread. For
    /// latencies.
    std::function<void(std::string_view text)> on_first_client = {};
  };
  struct Counts {
    std::size_t following_count = 0;  // answered with 200 and still open
    std::size_t refused_count = 0;    // answered otherwise
    std::size_t closed_count = 0;
    std::uint64_t event_count = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t fewest_events = 0;  // of a client
    std::uint64_t most_events = 0;
  };

  /// Connects them all and asks; throws std::system_error.
  explicit StreamClients(Options options);
  ~StreamClients();
  StreamClients(const StreamClients&) = delete;
  StreamClients& operator=(const StreamClients&) = delete;

  Counts counts() const;
  /// False: not all had been answered within that time.
  bool wait_until_following(std::chrono::milliseconds limit) const;
  /// False: some client had fewer events within that time.
  bool wait_for_events(std::uint64_t each, std::chrono::milliseconds limit) const;
  /// Leaves. The counts stay.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meent::bench
