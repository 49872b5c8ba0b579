#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/codec.h"
#include "eventstore/envelope.h"

/// Who else is told: what follows the log and has effects outside.
namespace meent::consumers {

/// One record of one platform.
struct FollowedRecord {
  eventstore::RecordHeader header;
  eventstore::Hash hash{};
  std::vector<eventstore::StoredEvent> events;
};

/// Gets the records of every platform of its partitions, each platform's in order from its first
/// on. Threads: the follower's, but for `last_error` and `done_count`, which any may call.
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// A record whose effects were done before, under an earlier start: only to be remembered.
  virtual void remember(const FollowedRecord& record) = 0;
  /// Whether `take` may be called: what is not done yet is bounded.
  [[nodiscard]] virtual bool has_room() const = 0;
  /// Begins the effects of a record.
  virtual void take(const FollowedRecord& record) = 0;
  /// Goes on with effects, waiting at most `wait` while some are not done.
  virtual void work(std::chrono::milliseconds wait) = 0;
  /// How far platforms have come since the last call: everything up to there is done.
  virtual std::vector<eventstore::CheckpointMark> take_settled() = 0;
  [[nodiscard]] virtual bool is_idle() const = 0;  ///< all that was taken is done

  /// The last failure of an effect that is tried again; empty once it has succeeded.
  [[nodiscard]] virtual std::string last_error() const = 0;
  /// Effects done since the start, repeats included.
  [[nodiscard]] virtual std::uint64_t done_count() const = 0;
};

}  // namespace meent::consumers
