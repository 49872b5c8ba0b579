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

/// One log of some partitions in memory, shared by any number of readers and writers. Offsets have
/// gaps, as Kafka's. Threads: any.
class SimBroker {
 public:
  explicit SimBroker(std::uint32_t partitions = 1) : partitions_(partitions) {}
  [[nodiscard]] std::uint32_t partitions() const {
    return static_cast<std::uint32_t>(partitions_.size());
  }
  /// Fates of the coming appends, in order; afterwards every append lands.
  void plan(std::vector<SimFate> fates);
  /// All delayed envelopes land now, behind what is there.
  void land_late();
  /// The coming `count` reads throw.
  void fail_reads(std::size_t count);
  /// Bytes of somebody else, or a record of our own making, at the end.
  void put(std::string bytes, std::uint32_t partition = 0);
  /// Envelopes from this offset on are gone, as after an unclean election.
  void cut(std::uint64_t from, std::uint32_t partition = 0);
  [[nodiscard]] std::vector<LogEntry> entries(std::uint32_t partition = 0) const;

 private:
  friend class SimLog;
  struct Partition {
    std::vector<LogEntry> entries;
    std::uint64_t next_offset = 0;
  };

  void append(std::uint32_t partition, std::span<const std::string> envelopes);
  std::optional<LogEntry> next(const std::vector<std::uint64_t>& from, std::uint32_t first,
                               std::chrono::milliseconds wait, bool& is_woken);
  void wake(bool& is_woken);
  void land(std::uint32_t partition, const std::string& bytes);

  mutable std::mutex mutex_;
  std::condition_variable landed_;
  std::vector<Partition> partitions_;
  std::vector<std::pair<std::uint32_t, std::string>> late_;
  std::deque<SimFate> fates_;
  std::size_t failing_reads_ = 0;
};

/// One reader and writer of a SimBroker, which outlives it.
class SimLog final : public Log {
 public:
  explicit SimLog(SimBroker& broker) : broker_(broker), places_(broker.partitions()) {}
  [[nodiscard]] std::uint32_t partitions() const override { return broker_.partitions(); }
  void append(std::uint32_t partition, std::span<const std::string> envelopes) override;
  std::optional<LogEntry> next(std::chrono::milliseconds wait) override;
  void wake() override { broker_.wake(is_woken_); }
  void seek(std::uint32_t partition, const LogPlace& place) override {
    places_[partition] = place.next_offset;
  }
  [[nodiscard]] Durability durability() const override { return Durability::when_read; }

 private:
  SimBroker& broker_;
  std::vector<std::uint64_t> places_;
  bool is_woken_ = false;    ///< under the broker's mutex
  std::uint32_t first_ = 0;  ///< the partition that is looked at first
};

}  // namespace meent::eventstore
