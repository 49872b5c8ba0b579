#pragma once
#include <map>
#include <unordered_map>

#include "eventstore/store.h"
#include "eventstore/store_batch.h"

namespace meent::eventstore {

/// A store whose state, index, tips and command ids are folded in memory, beside a real one that
/// keeps the envelopes. For verify: what it holds comes from envelopes alone. Memory grows with
/// the state's size, not with the history's. Threads: one.
class MemoryStore final : public Store {
 public:
  /// `origin` outlives it and answers for envelopes and records.
  explicit MemoryStore(const Store& origin) : origin_(origin) {}

  std::uint64_t next_offset() const override { return next_offset_; }
  PartitionState partition(std::uint32_t number) const override {
    const auto found = partitions_.find(number);
    return found == partitions_.end() ? PartitionState{} : found->second;
  }
  std::uint64_t log_offset(std::uint32_t partition) const override {
    return log_place(partition).next_offset;
  }
  LogPlace log_place(std::uint32_t partition) const override {
    const auto found = places_.find(partition);
    return found == places_.end() ? LogPlace{} : found->second;
  }
  PlatformTip tip(domain::PlatformId platform) const override;
  std::vector<domain::PlatformId> platforms(domain::PlatformId after,
                                            std::size_t limit) const override;
  std::unique_ptr<StateReader> state(domain::PlatformId platform, bool) const override;
  std::optional<RememberedCommand> command(domain::PlatformId platform,
                                           domain::CommandId id) const override;
  std::vector<std::pair<domain::CommandId, RememberedCommand>> commands(
      domain::PlatformId platform, domain::CommandId after, std::size_t limit) const override;
  std::optional<CheckpointMark> checkpoint(std::string_view consumer,
                                           domain::PlatformId platform) const override;
  std::optional<StoredRecord> record_at(domain::PlatformId platform,
                                        std::uint64_t position) const override {
    return origin_.record_at(platform, position);
  }
  std::optional<Hash> hash_at(domain::PlatformId platform, std::uint64_t position) const override {
    return origin_.hash_at(platform, position);
  }
  std::vector<IndexedRecord> records(domain::PlatformId platform, std::uint64_t after,
                                     std::size_t limit) const override;
  std::uint64_t read(std::uint64_t from,
                     const std::function<bool(const StoredEnvelope&)>& visit) const override {
    return origin_.read(from, visit);
  }
  bool wait_beyond(std::uint64_t offset, std::chrono::milliseconds) const override {
    return next_offset_ > offset;
  }
  std::uint64_t free_bytes() const override { return origin_.free_bytes(); }

  std::unique_ptr<StoreBatch> begin() override;
  void write(std::unique_ptr<StoreBatch>, bool) override {}

  [[nodiscard]] const std::map<std::pair<std::string, domain::PlatformId>, CheckpointMark>&
  checkpoints() const {
    return checkpoints_;
  }

 private:
  friend class MemoryBatch;
  friend class MemoryReader;
  struct Platform {
    PlatformTip tip;
    std::map<std::string, std::string, std::less<>> state;
    std::map<domain::CommandId, RememberedCommand> commands;
    std::vector<IndexedRecord> records;  ///< by position
  };

  const Platform& find(domain::PlatformId platform) const;

  const Store& origin_;
  std::uint64_t next_offset_ = 0;
  std::map<std::uint32_t, PartitionState> partitions_;
  std::map<std::uint32_t, LogPlace> places_;
  std::map<domain::PlatformId, Platform> platforms_;
  std::map<std::pair<std::string, domain::PlatformId>, CheckpointMark> checkpoints_;
};

}  // namespace meent::eventstore
