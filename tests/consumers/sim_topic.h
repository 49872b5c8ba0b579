#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "consumers/outbox.h"

/// A topic in memory that fails when it is told to. Reports come from a thread of its own, as a
/// broker's do. Threads: any.
namespace meent::consumers {

class SimTopic {
 public:
  struct Stored {
    std::string key, value;
  };

  /// A new connection to it; connecting throws while the topic is refused.
  std::unique_ptr<MessageSink> connect();

  /// Messages wait, as while no broker answers.
  void go_away();
  void come_back();
  /// So many times, from the next message on, a connection is lost: all that is outstanding on it
  /// fails, the first half of it after it was stored.
  void fail_next(int count);
  void refuse(bool refuses);

  [[nodiscard]] std::vector<Stored> stored() const;
  [[nodiscard]] int connection_count() const;
  [[nodiscard]] std::size_t most_outstanding() const;
  /// Waits at most ten seconds until so many are stored.
  [[nodiscard]] bool wait_for(std::size_t count) const;

 private:
  class Sink;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Stored> stored_;
  bool is_away_ = false;
  bool is_refused_ = false;
  int failures_left_ = 0;
  int connection_count_ = 0;
  std::size_t most_outstanding_ = 0;
};

}  // namespace meent::consumers
