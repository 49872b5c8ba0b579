#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace meent::bench {

/// Durations in buckets no wider than 1/32 of their value, from 1 ns to minutes.
class Histogram {
 public:
  void record(std::chrono::nanoseconds duration);
  void merge(const Histogram& other);
  std::uint64_t count() const { return count_; }
  /// The duration that `share` (0..1) of all stay within; zero if there are none.
  std::chrono::nanoseconds percentile(double share) const;
  std::chrono::nanoseconds longest() const { return std::chrono::nanoseconds(longest_); }

 private:
  static constexpr unsigned fine_bits = 5;
  std::array<std::uint64_t, (64 - fine_bits) << fine_bits> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t longest_ = 0;
};

}  // namespace meent::bench
