#include "tests/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace meent::bench {

void Histogram::record(std::chrono::nanoseconds duration) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  const unsigned width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > fine_bits + 1 ? width - fine_bits - 1 : 0;
  const std::uint64_t index = (std::uint64_t{shift} << fine_bits) + (value >> shift);
  ++buckets_[std::min<std::uint64_t>(index, buckets_.size() - 1)];
  ++count_;
  longest_ = std::max(longest_, duration.count());
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  longest_ = std::max(longest_, other.longest_);
}

std::chrono::nanoseconds Histogram::percentile(double share) const {
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::uint64_t index = 0; index < buckets_.size(); ++index) {
    seen += buckets_[index];
    if (seen < wanted) continue;
    // The upper edge of the bucket: a percentile is never flattered.
    const std::uint64_t fine = std::uint64_t{1} << fine_bits;
    const std::uint64_t shift = index < 2 * fine ? 0 : (index >> fine_bits) - 1;
    const std::uint64_t mantissa = index - (shift << fine_bits);
    const std::uint64_t edge = ((mantissa + 1) << shift) - 1;
    return std::chrono::nanoseconds(std::min(static_cast<std::int64_t>(edge), longest_));
  }
  return {};
}

}  // namespace meent::bench
