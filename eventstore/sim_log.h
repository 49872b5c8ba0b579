#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "eventstore/log.h"

namespace meent::eventstore {

/// What a broker may do with one append. Every case but `lands` is one that Kafka shows.
enum class SimFate : std::uint8_t {
  lands,                  ///< in order, at once
  lands_twice,            ///< a retry whose first try had landed
  lands_late,             ///< returns, but is in the log only after SimBroker::land_late
  is_lost,                ///< returns, never lands: read-back is what tells
  throws_and_lands,       ///< unknown outcome; it is there
  throws_and_lands_late,  ///< unknown outcome; there after SimBroker::land_late
  throws_and_is_lost,     ///< unknown outcome; it never comes
};

/// One log in memory, shared by any number of readers and writers. Offsets have gaps, as Kafka's.
/// Threads: any.
class SimBroker {
 public:
  /// Fates of the coming appends, in order; afterwards every append lands.
  void plan(std::vector<SimFate> fates);
  /// All delayed envelopes land now, behind what is there.
  void land_late();
  /// The coming `count` reads throw.
  void fail_reads(std::size_t count);
  /// Bytes of somebody else, or a record of our own making, at the end.
  void put(std::string bytes);
  /// Envelopes from this offset on are gone, as after an unclean election.
  void cut(std::uint64_t from);
  [[nodiscard]] std::vector<LogEntry> entries() const;

 private:
  friend class SimLog;
  void append(std::span<const std::string> envelopes);
  std::optional<LogEntry> next(std::uint64_t from, std::chrono::milliseconds wait);
  void land(const std::string& bytes);

  mutable std::mutex mutex_;
  std::condition_variable landed_;
  std::vector<LogEntry> entries_;
  std::vector<std::string> late_;
  std::deque<SimFate> fates_;
  std::size_t failing_reads_ = 0;
  std::uint64_t next_offset_ = 0;
};

/// One reader and writer of a SimBroker, which outlives it.
class SimLog final : public Log {
 public:
  explicit SimLog(SimBroker& broker) : broker_(broker) {}
  void append(std::span<const std::string> envelopes) override;
  std::optional<LogEntry> next(std::chrono::milliseconds wait) override;
  void seek(std::uint64_t offset) override { cursor_ = offset; }
  [[nodiscard]] Durability durability() const override { return Durability::when_read; }

 private:
  SimBroker& broker_;
  std::uint64_t cursor_ = 0;
};

}  // namespace meent::eventstore
