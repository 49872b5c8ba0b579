#pragma once
#include <memory>
#include <mutex>
#include <utility>

namespace meent::projections {

/// The instance of a view that serves now. A rebuilt one takes its place between two groups;
/// whoever still reads the old one holds it until done.
/// Threads: any.
template <class V>
class Slot {
 public:
  /// Nothing while the view is being built for the first time, or could not be opened.
  [[nodiscard]] std::shared_ptr<V> get() const {
    const std::scoped_lock lock(mutex_);
    return current_;
  }
  void set(std::shared_ptr<V> next) {
    std::unique_lock lock(mutex_);
    current_.swap(next);
    lock.unlock();  // the last reader of the old one closes it, outside the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<V> current_;
};

}  // namespace meent::projections
