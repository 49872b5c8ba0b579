#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "eventstore/applier.h"
#include "projections/view.h"

namespace meent::projections {

/// Where a platform's first group in a batch joins its chain.
struct ChainJoint {
  domain::PlatformId platform;
  std::uint64_t base_position = 0;
  eventstore::Hash prev_hash{};
};

struct ReadBatch {
  std::uint64_t from = 0;
  EventBatch events;
  std::vector<ChainJoint> joints;
};

/// Platforms with a record that this program cannot decode. Their views stand still there, visibly;
/// nothing is skipped unseen. One list for all readers. Threads: any.
class StoppedPlatforms {
 public:
  void stop(std::uint64_t offset, const eventstore::RecordHeader& header, std::string why);
  /// What lies in this envelope, or later, is not to be given.
  [[nodiscard]] bool is_stopped(domain::PlatformId platform, std::uint64_t offset) const;
  [[nodiscard]] std::vector<eventstore::StoppedPlatform> list() const;

 private:
  struct Stopped {
    std::uint64_t offset = 0;
    eventstore::StoppedPlatform platform;
  };
  mutable std::mutex mutex_;
  std::map<domain::PlatformId, Stopped> stopped_;
};

/// Envelopes to batches of decoded events. Threads: any.
class LogReader {
 public:
  LogReader(const eventstore::Store& store, StoppedPlatforms& stopped)
      : store_(store), stopped_(stopped) {}
  using Wants = std::function<bool(std::string_view type)>;

  /// Envelopes from offset `from` on and below `until`, until `most_events` are together.
  /// Throws eventstore::StorageError when the store cannot be read.
  ReadBatch read(std::uint64_t from, std::uint64_t until, std::size_t most_events,
                 const Wants& wants);

 private:
  void take(const eventstore::StoredEnvelope& stored, const Wants& wants, ReadBatch& batch);

  const eventstore::Store& store_;
  StoppedPlatforms& stopped_;
};

/// Nothing when the checkpoint is a place in the store's history: every mark on its platform's
/// chain, and every platform's next record in an envelope that is still to come (and the marked one
/// in an earlier envelope, unless `marks_may_be_ahead`). Else what is wrong.
std::optional<std::string> fault_in(const Checkpoint& checkpoint, const eventstore::Store& store,
                                    bool marks_may_be_ahead);

}  // namespace meent::projections
