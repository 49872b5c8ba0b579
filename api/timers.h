#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace meent::api {

/// Bounded waits: runs a function after a while, on one thread of its own. Functions must be short
/// and must not throw. Destroying it drops what has not run.
class Timers {
 public:
  using Id = std::uint64_t;

  Timers();
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  Id after(std::chrono::milliseconds delay, std::move_only_function<void()> function);
  /// True: it will not run. False: it has run, is running, or was cancelled before.
  bool cancel(Id id);
  std::size_t waiting_count() const;

 private:
  using Clock = std::chrono::steady_clock;
  void run(const std::stop_token& stop);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::pair<Clock::time_point, Id>, std::move_only_function<void()>> waiting_;
  std::map<Id, Clock::time_point> due_;
  Id next_id_ = 1;
  std::jthread thread_;
};

}  // namespace meent::api
