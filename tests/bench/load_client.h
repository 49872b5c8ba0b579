#pragma once

#include "tests/bench/histogram.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace meent::bench {

/// Loads an HTTP/1.1 server with keep-alive connections from one thread (the caller's), on epoll.
struct LoadOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t connection_count = 64;
  std::size_t pipeline_depth = 1;            // requests in flight per connection
  std::chrono::milliseconds duration{3000};  // measured time, after the warm-up
  std::chrono::milliseconds warm_up{500};
  std::uint64_t request_limit = 0;  // 0: none; reached: stops early
  /// 0: closed loop, every connection asks again as soon as it was answered. Otherwise open loop:
  /// so many requests a second at even distances, and a latency counts from when the request should
  /// have left.
  double rate_per_second = 0;
};

/// Appends one whole request (head and body) to `out`. `sequence` counts requests from 0.
using RequestWriter =
    std::function<void(std::size_t connection, std::uint64_t sequence, std::string& out)>;
/// Told of each answer; the body is valid during the call. Optional: without it bodies are only
/// counted.
using AnswerReader = std::function<void(std::size_t connection, std::uint64_t sequence,
                                        unsigned status, std::string_view body)>;

struct LoadResult {
  std::uint64_t answer_count = 0;  // within the measured time, like all that follows
  std::map<unsigned, std::uint64_t> by_status;
  std::uint64_t lost_connection_count = 0;  // each is opened again
  std::uint64_t received_bytes = 0;
  double seconds = 0;
  Histogram latency;

  double per_second() const {
    return seconds > 0 ? static_cast<double>(answer_count) / seconds : 0;
  }
  std::uint64_t count_of(unsigned status) const {
    const auto found = by_status.find(status);
    return found == by_status.end() ? 0 : found->second;
  }
};

/// Throws std::system_error if it cannot connect at all.
LoadResult run_load(const LoadOptions& options, const RequestWriter& write_request,
                    const AnswerReader& read_answer = {});

}  // namespace meent::bench
