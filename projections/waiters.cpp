#include "projections/waiters.h"

namespace meent::projections {

void Waiters::add(domain::PlatformId platform, Waiter waiter) {
  std::unique_lock lock(mutex_);
  auto outcome = judge_(waiter.view, platform, waiter.position);
  if (!outcome && stopped_) outcome = WaitOutcome::stopped;
  if (!outcome && count_ >= most_) outcome = WaitOutcome::refused;
  if (!outcome && waiter.until <= Clock::now()) outcome = WaitOutcome::late;
  if (!outcome) {
    const auto position = waiter.position;
    waiting_[platform].emplace(position, std::move(waiter));
    ++count_;
    return;
  }
  lock.unlock();
  waiter.done(*outcome);
}

void Waiters::settle_one(domain::PlatformId platform, ByPosition& waiting, Clock::time_point now,
                         std::vector<Answer>& answers) {
  for (auto at = waiting.begin(); at != waiting.end();) {
    auto outcome = judge_(at->second.view, platform, at->first);
    if (!outcome && at->second.until <= now) outcome = WaitOutcome::late;
    if (!outcome) {
      ++at;
      continue;
    }
    answers.push_back({std::move(at->second.done), *outcome});
    at = waiting.erase(at);
    --count_;
  }
}

void Waiters::settle(const std::map<domain::PlatformId, ChainMark>& moved) {
  std::vector<Answer> answers;
  {
    const std::scoped_lock lock(mutex_);
    if (count_ == 0) return;
    const auto now = Clock::now();
    for (const auto& [platform, mark] : moved) {
      const auto found = waiting_.find(platform);
      if (found == waiting_.end()) continue;
      settle_one(platform, found->second, now, answers);
      if (found->second.empty()) waiting_.erase(found);
    }
  }
  give(answers);
}

void Waiters::settle_all() {
  std::vector<Answer> answers;
  {
    const std::scoped_lock lock(mutex_);
    if (count_ == 0) return;
    const auto now = Clock::now();
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      settle_one(at->first, at->second, now, answers);
      at = at->second.empty() ? waiting_.erase(at) : std::next(at);
    }
  }
  give(answers);
}

void Waiters::stop() {
  std::vector<Answer> answers;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    for (auto& [platform, waiting] : waiting_) {
      for (auto& [position, waiter] : waiting) {
        answers.push_back({std::move(waiter.done), WaitOutcome::stopped});
      }
    }
    waiting_.clear();
    count_ = 0;
  }
  give(answers);
}

bool Waiters::empty() const {
  const std::scoped_lock lock(mutex_);
  return count_ == 0;
}

void Waiters::give(std::vector<Answer>& answers) {
  for (auto& answer : answers) answer.done(answer.outcome);
}

}  // namespace meent::projections
