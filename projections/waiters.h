#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "projections/runner.h"

namespace meent::projections {

/// Those who wait until a view has come far enough: bounded, no thread each.
/// Threads: any. `done` is called outside the lock.
class Waiters {
 public:
  using Clock = std::chrono::steady_clock;
  struct Waiter {
    std::string view;  ///< empty: every view
    std::uint64_t position = 0;
    Clock::time_point until;
    std::function<void(WaitOutcome)> done;
  };
  /// How far the views are: reached, stopped, or nothing yet.
  using Judge = std::function<std::optional<WaitOutcome>(
      std::string_view view, domain::PlatformId platform, std::uint64_t position)>;

  Waiters(std::size_t most, Judge judge) : most_(most), judge_(std::move(judge)) {}

  /// Answers at once when it can.
  void add(domain::PlatformId platform, Waiter waiter);
  /// After these platforms moved.
  void settle(const std::map<domain::PlatformId, ChainMark>& moved);
  /// After a view stopped, began to serve, or some time passed.
  void settle_all();
  /// Everybody, now and later, is told `stopped`.
  void stop();
  [[nodiscard]] bool empty() const;

 private:
  using ByPosition = std::multimap<std::uint64_t, Waiter>;
  struct Answer {
    std::function<void(WaitOutcome)> done;
    WaitOutcome outcome;
  };
  void settle_one(domain::PlatformId platform, ByPosition& waiting, Clock::time_point now,
                  std::vector<Answer>& answers);
  static void give(std::vector<Answer>& answers);

  const std::size_t most_;
  const Judge judge_;
  mutable std::mutex mutex_;
  std::map<domain::PlatformId, ByPosition> waiting_;
  std::size_t count_ = 0;
  bool stopped_ = false;
};

}  // namespace meent::projections
