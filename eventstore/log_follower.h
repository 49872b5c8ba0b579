#pragma once
#include <chrono>
#include <memory>
#include <vector>

#include "eventstore/applier.h"
#include "eventstore/log.h"
#include "eventstore/store.h"

/// Reads all partitions of the log and applies what came. Private to the sequencer.
/// Threads: the log thread only, but for `stopped`.
namespace meent::eventstore {

class LogFollower {
 public:
  /// Begins where the store has got to. `known_level`: a log above it is not followed. Throws
  /// StorageError.
  LogFollower(Log& log, Store& store, std::uint32_t known_level);

  /// Reads and applies what came, waiting up to `wait` for the first entry; nothing when the log
  /// cannot be read just now. Throws LogChanged, and StorageError when the process must end: the
  /// log is at a level that is not known here, too.
  std::vector<AppliedEntry> follow(std::chrono::milliseconds wait, SteadyTime now);
  /// When the log was last seen to have nothing more. The epoch: never yet.
  [[nodiscard]] SteadyTime caught_up_at() const { return caught_up_at_; }
  [[nodiscard]] std::vector<StoppedPlatform> stopped() const { return applier_->stopped(); }
  /// Others' envelopes can come at any time, so `follow` must be called even when idle.
  [[nodiscard]] bool must_poll() const { return log_.durability() == Log::Durability::when_read; }

 private:
  std::vector<LogEntry> read(std::chrono::milliseconds wait);
  void see_level(const std::vector<AppliedEntry>& applied) const;

  Log& log_;
  Store& store_;
  const std::uint32_t known_level_;
  std::unique_ptr<Applier> applier_;
  SteadyTime synced_at_{};
  SteadyTime caught_up_at_{};
  bool is_at_end_ = false;  ///< the last read ended because there was no more
};

}  // namespace meent::eventstore
