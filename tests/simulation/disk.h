#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "eventstore/fault_files.h"
#include "eventstore/keys.h"
#include "eventstore/memory_store.h"
#include "projections/log_reader.h"
#include "tests/simulation/random.h"

/// What a node has on its disk, in memory: the store with its synced prefix, `keys/`, and a view.
/// Threads: one.
namespace meent::simulation {

/// MemoryStore with the envelopes too. It knows after which batch it was synced last.
class DiskStore final : public eventstore::Store {
 public:
  [[nodiscard]] std::uint64_t next_offset() const override { return inner_.next_offset(); }
  [[nodiscard]] eventstore::PartitionState partition(std::uint32_t number) const override {
    return inner_.partition(number);
  }
  [[nodiscard]] std::uint64_t log_offset(std::uint32_t partition) const override {
    return log_place(partition).next_offset;
  }
  [[nodiscard]] eventstore::LogPlace log_place(std::uint32_t partition) const override;
  [[nodiscard]] eventstore::PlatformTip tip(domain::PlatformId platform) const override {
    return inner_.tip(platform);
  }
  [[nodiscard]] std::vector<domain::PlatformId> platforms(domain::PlatformId after,
                                                          std::size_t limit) const override {
    return inner_.platforms(after, limit);
  }
  [[nodiscard]] std::unique_ptr<eventstore::StateReader> state(domain::PlatformId platform,
                                                               bool as_snapshot) const override {
    return inner_.state(platform, as_snapshot);
  }
  [[nodiscard]] std::optional<eventstore::RememberedCommand> command(
      domain::PlatformId platform, domain::CommandId id) const override {
    return inner_.command(platform, id);
  }
  [[nodiscard]] std::vector<std::pair<domain::CommandId, eventstore::RememberedCommand>> commands(
      domain::PlatformId platform, domain::CommandId after, std::size_t limit) const override {
    return inner_.commands(platform, after, limit);
  }
  [[nodiscard]] std::optional<eventstore::CheckpointMark> checkpoint(
      std::string_view consumer, domain::PlatformId platform) const override {
    return inner_.checkpoint(consumer, platform);
  }
  [[nodiscard]] std::optional<eventstore::StoredRecord> record_at(
      domain::PlatformId platform, std::uint64_t position) const override;
  [[nodiscard]] std::optional<eventstore::Hash> hash_at(domain::PlatformId platform,
                                                        std::uint64_t position) const override;
  [[nodiscard]] std::vector<eventstore::IndexedRecord> records(domain::PlatformId platform,
                                                               std::uint64_t after,
                                                               std::size_t limit) const override {
    return inner_.records(platform, after, limit);
  }
  std::uint64_t read(
      std::uint64_t from,
      const std::function<bool(const eventstore::StoredEnvelope&)>& visit) const override;
  bool wait_beyond(std::uint64_t offset, std::chrono::milliseconds) const override {
    return next_offset() > offset;
  }
  [[nodiscard]] std::uint64_t free_bytes() const override { return 1ULL << 40; }
  std::unique_ptr<eventstore::StoreBatch> begin() override;
  void write(std::unique_ptr<eventstore::StoreBatch> batch, bool sync) override;

  /// What a loss of power leaves: all that was synced and some of the batches after it.
  [[nodiscard]] std::unique_ptr<DiskStore> after_power_loss(Random& random) const;
  [[nodiscard]] std::unique_ptr<DiskStore> copy() const { return first(envelopes_.size()); }

 private:
  friend class DiskBatch;
  [[nodiscard]] std::unique_ptr<DiskStore> first(std::size_t count) const;
  [[nodiscard]] const eventstore::IndexedRecord* row_of(domain::PlatformId platform,
                                                        std::uint64_t position) const;

  eventstore::MemoryStore inner_{*this};
  std::vector<eventstore::StoredEnvelope> envelopes_;  ///< by offset
  std::vector<std::size_t> batch_ends_;                ///< counts of envelopes
  std::size_t synced_ = 0;                             ///< count of envelopes
  std::map<domain::PlatformId, std::vector<eventstore::IndexedRecord>> index_;
  /// Only of a disk with the planted mistake: places beyond what the store holds.
  std::map<std::uint32_t, eventstore::LogPlace> places_ahead_;
};

/// A view as the runner keeps one: it follows the store, its checkpoint is written with its rows,
/// never synced, and it is thrown away when the checkpoint is not on the store's chain.
class DiskView {
 public:
  /// At a node's start. Returns whether it was thrown away.
  bool open(const DiskStore& store);
  void follow(const DiskStore& store);
  [[nodiscard]] std::uint64_t position(domain::PlatformId platform) const;
  [[nodiscard]] std::optional<domain::Stance> stance(domain::PlatformId platform,
                                                     domain::ContributionId contribution,
                                                     domain::PersonId person) const;
  /// Rows alone, for comparing with a rebuild.
  [[nodiscard]] bool has_rows_of(const DiskView& other) const { return rows_ == other.rows_; }

 private:
  struct Rows {
    std::map<std::tuple<domain::PlatformId, domain::ContributionId, domain::PersonId>,
             domain::Stance>
        stances;
    std::map<std::pair<domain::PlatformId, domain::ContributionId>, std::uint64_t> comments;
    std::map<domain::PlatformId, std::uint64_t> events;
    bool operator==(const Rows&) const = default;
  };
  projections::Checkpoint checkpoint_;
  Rows rows_;
  /// One list for a node's life, as the runner has it.
  std::shared_ptr<projections::StoppedPlatforms> stopped_ =
      std::make_shared<projections::StoppedPlatforms>();
};

/// Everything that a node leaves behind.
struct Disk {
  std::unique_ptr<DiskStore> store = std::make_unique<DiskStore>();
  std::unique_ptr<eventstore::FaultFiles> files = std::make_unique<eventstore::FaultFiles>();
  DiskView view;

  [[nodiscard]] std::unique_ptr<eventstore::Keys> open_keys() const;
  /// The bytes of `keys/`.
  [[nodiscard]] std::string key_bytes() const;
  void put_key_bytes(const std::string& bytes);
  void lose_power(Random& random);
  [[nodiscard]] std::unique_ptr<Disk> copy() const;
};

}  // namespace meent::simulation
