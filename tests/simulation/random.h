#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// All chance of a run, from its seed.
namespace meent::simulation {

/// xoshiro256**: the same numbers on every machine. Threads: one.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  /// 0..count-1; `count` is at least 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  /// low..high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// True `parts` times in a thousand.
  bool happens(std::size_t parts) { return below(1000) < parts; }
  void fill(std::span<std::uint8_t> out);
  template <class T>
  T& pick(std::vector<T>& from) {
    return from[below(from.size())];
  }
  /// A 128-bit id.
  template <class Id>
  Id id() {
    std::array<std::uint8_t, 16> bytes{};
    fill(bytes);
    return Id(bytes);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

/// libsodium draws from `random` until the next call, so that keys and nonces repeat with the seed.
/// Called first before libsodium is used.
void use_for_sodium(Random& random);

}  // namespace meent::simulation
