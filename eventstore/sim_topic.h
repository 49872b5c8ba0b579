#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "eventstore/topic.h"

namespace meent::eventstore {

/// One topic in memory, shared by any number of readers and writers. Threads: any.
class SimTopicBroker {
 public:
  /// Publishing confirms nothing and reading gives nothing while it is away; what was published
  /// meanwhile is given up.
  void set_away(bool is_away);
  /// A reader and writer; the broker outlives it.
  std::unique_ptr<Topic> open();

 private:
  friend class SimTopic;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<TopicEntry> entries_;
  bool is_away_ = false;
};

}  // namespace meent::eventstore
