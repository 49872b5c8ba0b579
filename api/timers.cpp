#include "api/timers.h"

#include <stop_token>

namespace meent::api {

Timers::Timers() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

Timers::~Timers() {
  thread_.request_stop();
  thread_.join();
}

Timers::Id Timers::after(std::chrono::milliseconds delay,
                         std::move_only_function<void()> function) {
  const auto due = Clock::now() + delay;
  bool is_first = false;
  Id id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = next_id_++;
    const auto [place, added] = waiting_.emplace(std::pair(due, id), std::move(function));
    due_.emplace(id, due);
    is_first = added && place == waiting_.begin();
  }
  if (is_first) changed_.notify_one();
  return id;
}

bool Timers::cancel(Id id) {
  std::move_only_function<void()> let_go;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = due_.find(id);
  if (found == due_.end()) return false;
  const auto place = waiting_.find(std::pair(found->second, id));
  let_go = std::move(place->second);
  waiting_.erase(place);
  due_.erase(found);
  return true;
}

std::size_t Timers::waiting_count() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void Timers::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (waiting_.empty()) {
      changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
      continue;
    }
    const auto due = waiting_.begin()->first.first;
    if (Clock::now() < due) {
      changed_.wait_until(lock, stop, due,
                          [&] { return waiting_.empty() || waiting_.begin()->first.first < due; });
      continue;
    }
    auto node = waiting_.extract(waiting_.begin());
    due_.erase(node.key().second);
    lock.unlock();
    node.mapped()();
    node.mapped() = nullptr;
    lock.lock();
  }
}

}  // namespace meent::api
