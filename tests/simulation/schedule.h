#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "domain/ids.h"
#include "eventstore/log.h"

namespace meent::simulation {

using eventstore::SteadyTime;
using Millis = std::chrono::milliseconds;

/// Virtual time and what happens in it, in order of time and then of asking. Threads: one.
class Schedule {
 public:
  [[nodiscard]] SteadyTime now() const { return now_; }
  [[nodiscard]] Millis passed() const {
    return std::chrono::duration_cast<Millis>(now_ - beginning());
  }
  /// What a clock that is right shows.
  [[nodiscard]] domain::Timestamp wall() const { return {first_wall_ms + passed().count()}; }
  void after(Millis delay, std::function<void()> act) {
    coming_.push({.at = now_ + delay, .order = ++asked_, .act = std::move(act)});
  }
  void run_for(Millis time) {
    const auto end = now_ + time;
    while (!coming_.empty() && coming_.top().at <= end) {
      auto act = std::move(const_cast<Event&>(coming_.top()).act);
      now_ = coming_.top().at;
      coming_.pop();
      act();
    }
    now_ = end;
  }

 private:
  static constexpr std::int64_t first_wall_ms = 1'800'000'000'000;
  static SteadyTime beginning() { return SteadyTime() + std::chrono::hours(1); }
  struct Event {
    SteadyTime at;
    std::uint64_t order = 0;
    std::function<void()> act;
    bool operator<(const Event& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);
    }
  };
  SteadyTime now_ = beginning();
  std::uint64_t asked_ = 0;
  std::priority_queue<Event> coming_;
};

}  // namespace meent::simulation
