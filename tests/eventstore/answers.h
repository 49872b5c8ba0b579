#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "eventstore/sequencer.h"

namespace meent::eventstore {

/// Collects outcomes of many submissions.
class Answers {
 public:
  std::function<void(Outcome)> slot() {
    const std::lock_guard lock(mutex_);
    const auto index = outcomes_.size();
    outcomes_.emplace_back();
    return [this, index](Outcome outcome) {
      const std::lock_guard inner(mutex_);
      outcomes_[index] = std::move(outcome);
      ++count_;
      changed_.notify_all();
    };
  }
  /// All of them, once all are there.
  std::vector<Outcome> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return count_ == outcomes_.size(); });
    std::vector<Outcome> all;
    for (auto& outcome : outcomes_) all.push_back(outcome.value());
    return all;
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::optional<Outcome>> outcomes_;
  std::size_t count_ = 0;
};

}  // namespace meent::eventstore
