#include "eventstore/memory_store.h"

#include <algorithm>

namespace meent::eventstore {

/// Writes at once: nobody else reads meanwhile.
class MemoryBatch final : public StoreBatch {
 public:
  explicit MemoryBatch(MemoryStore& store) : store_(store) {}

  void put_envelope(std::uint64_t offset, const EntryPlace& entry, std::optional<VoidReason>,
                    std::string_view bytes) override {
    store_.next_offset_ = offset + 1;
    store_.places_[entry.partition] = {
        .next_offset = entry.offset + 1,
        .last = SeenEntry{.offset = entry.offset, .envelope_hash = hash_of(bytes)}};
  }
  std::uint64_t next_offset() const override { return store_.next_offset_; }
  void put_record(std::uint64_t offset, const RecordHeader& header, const Hash& hash,
                  domain::Timestamp recorded_at) override {
    auto& platform = store_.platforms_[header.platform];
    platform.tip = {.position = header.last_position(), .hash = hash, .recorded_at = recorded_at};
    platform.records.push_back({.offset = offset,
                                .base_position = header.base_position,
                                .event_count = header.event_count,
                                .hash = hash});
  }
  void put_partition(std::uint32_t number, const PartitionState& partition) override {
    store_.partitions_[number] = partition;
  }
  void put_checkpoint(const CheckpointMark& mark) override {
    store_.checkpoints_[{mark.consumer, mark.platform}] = mark;
  }
  void put_state(domain::PlatformId platform, std::string_view key,
                 std::string_view value) override {
    store_.platforms_[platform].state.insert_or_assign(std::string(key), std::string(value));
  }
  void erase_state(domain::PlatformId platform, std::string_view key) override {
    auto& state = store_.platforms_[platform].state;
    const auto found = state.find(key);
    if (found != state.end()) state.erase(found);
  }
  void put_command(domain::PlatformId platform, domain::CommandId id,
                   const RememberedCommand& command) override {
    store_.platforms_[platform].commands.insert_or_assign(id, command);
  }
  void erase_command(domain::PlatformId platform, domain::CommandId id) override {
    store_.platforms_[platform].commands.erase(id);
  }

 private:
  MemoryStore& store_;
};

class MemoryReader final : public StateReader {
 public:
  MemoryReader(const MemoryStore& store, domain::PlatformId id) : store_(store), id_(id) {}

  std::optional<std::string> get(std::string_view key) const override {
    const auto& state = store_.find(id_).state;
    const auto found = state.find(key);
    return found == state.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::pair<std::string, std::string>> scan(std::string_view prefix,
                                                        std::string_view after,
                                                        std::size_t limit) const override {
    const auto& state = store_.find(id_).state;
    auto at = after < prefix ? state.lower_bound(prefix) : state.upper_bound(after);
    std::vector<std::pair<std::string, std::string>> rows;
    for (; at != state.end() && at->first.starts_with(prefix) && rows.size() < limit; ++at) {
      rows.emplace_back(at->first, at->second);
    }
    return rows;
  }

 private:
  const MemoryStore& store_;
  domain::PlatformId id_;
};

const MemoryStore::Platform& MemoryStore::find(domain::PlatformId platform) const {
  static const Platform nothing;
  const auto found = platforms_.find(platform);
  return found == platforms_.end() ? nothing : found->second;
}

PlatformTip MemoryStore::tip(domain::PlatformId platform) const {
  auto tip = find(platform).tip;
  if (tip.position == 0) tip.hash = first_prev_hash(platform);
  return tip;
}

std::vector<domain::PlatformId> MemoryStore::platforms(domain::PlatformId after,
                                                       std::size_t limit) const {
  std::vector<domain::PlatformId> ids;
  for (auto at = platforms_.upper_bound(after); at != platforms_.end() && ids.size() < limit;
       ++at) {
    ids.push_back(at->first);
  }
  return ids;
}

std::unique_ptr<StateReader> MemoryStore::state(domain::PlatformId platform, bool) const {
  return std::make_unique<MemoryReader>(*this, platform);
}

std::optional<RememberedCommand> MemoryStore::command(domain::PlatformId platform,
                                                      domain::CommandId id) const {
  const auto& all = find(platform).commands;
  const auto found = all.find(id);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::pair<domain::CommandId, RememberedCommand>> MemoryStore::commands(
    domain::PlatformId platform, domain::CommandId after, std::size_t limit) const {
  const auto& all = find(platform).commands;
  std::vector<std::pair<domain::CommandId, RememberedCommand>> rows;
  for (auto at = all.upper_bound(after); at != all.end() && rows.size() < limit; ++at) {
    rows.emplace_back(*at);
  }
  return rows;
}

std::optional<CheckpointMark> MemoryStore::checkpoint(std::string_view consumer,
                                                      domain::PlatformId platform) const {
  const auto found = checkpoints_.find({std::string(consumer), platform});
  return found == checkpoints_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<IndexedRecord> MemoryStore::records(domain::PlatformId platform, std::uint64_t after,
                                                std::size_t limit) const {
  const auto& all = find(platform).records;
  const auto from = std::ranges::upper_bound(all, after, {}, &IndexedRecord::base_position);
  const auto count = std::min(limit, static_cast<std::size_t>(all.end() - from));
  return {from, from + static_cast<std::ptrdiff_t>(count)};
}

std::unique_ptr<StoreBatch> MemoryStore::begin() {
  return std::make_unique<MemoryBatch>(*this);
}

}  // namespace meent::eventstore
