#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/state.h"
#include "eventstore/admit.h"
#include "eventstore/files.h"
#include "eventstore/log.h"
#include "eventstore/record.h"

/// What a node has of the log: envelopes, index, state, command ids, next offset, in one RocksDB
/// database (`log/`), with the kept tip beside it (`tip`). Its offsets number what this node has
/// stored of all partitions, in the order it read them: a locator on this node only. In the
/// embedded log they are the log's own.
namespace meent::eventstore {

struct StoreOptions {
  std::filesystem::path folder;  ///< the node's data folder; holds log/, tip, keys/, views/
  bool read_only = false;        ///< beside a running server: no lock, no claim, no flush
  /// Written to files when this much is in memory; also what a start reads again at most, roughly.
  std::size_t most_buffered_bytes = 48ULL << 20;
};

struct PlatformTip {
  std::uint64_t position = 0;
  Hash hash{};
  domain::Timestamp recorded_at;
  bool operator==(const PlatformTip&) const = default;
};

/// A record and where it lies.
struct StoredRecord {
  std::uint64_t offset = 0;
  Hash hash{};
  std::string bytes;
};

/// One row of a platform's index.
struct IndexedRecord {
  std::uint64_t offset = 0;
  std::uint64_t base_position = 0;
  std::uint32_t event_count = 0;
  Hash hash{};
  bool operator==(const IndexedRecord&) const = default;
};

/// Where an entry lies in the log.
struct EntryPlace {
  std::uint32_t partition = 0;
  std::uint64_t offset = 0;
  bool operator==(const EntryPlace&) const = default;
};

/// What happened to one stored envelope.
struct StoredEnvelope {
  std::uint64_t offset = 0;
  EntryPlace entry{};
  std::optional<VoidReason> void_reason;  ///< nothing: applied
  std::string bytes;
};

/// What a command id was answered with before.
struct RememberedCommand {
  Hash request_mac{};
  std::uint64_t first_position = 0;
  std::uint32_t event_count = 0;
  domain::Timestamp recorded_at;
  bool operator==(const RememberedCommand&) const = default;
};

class StoreBatch;  // eventstore/store_batch.h

/// One platform's state with lists. Key order is byte order.
class StateReader : public domain::State {
 public:
  /// Up to `limit` (key, value) pairs whose key starts with `prefix` and is greater than `after`.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> scan(
      std::string_view prefix, std::string_view after, std::size_t limit) const = 0;
};

/// Threads: reading from any thread; `Applier` is the one writer.
class Store {
 public:
  /// Throws StartRefused (locked by whom, behind the kept tip, a hole, a broken chain: nothing is
  /// touched) or StorageError.
  static std::unique_ptr<Store> open(const StoreOptions& options, Files& files);
  virtual ~Store() = default;

  [[nodiscard]] virtual std::uint64_t next_offset() const = 0;
  [[nodiscard]] virtual PartitionState partition(std::uint32_t number = 0) const = 0;
  /// How far this partition of the log has been taken over: the offset after its last entry.
  [[nodiscard]] virtual std::uint64_t log_offset(std::uint32_t partition) const = 0;
  /// The same, with the entry before it.
  [[nodiscard]] virtual LogPlace log_place(std::uint32_t partition = 0) const = 0;
  [[nodiscard]] virtual PlatformTip tip(domain::PlatformId platform) const = 0;
  /// Platforms with at least one record, in id order, after `after`.
  [[nodiscard]] virtual std::vector<domain::PlatformId> platforms(domain::PlatformId after,
                                                                  std::size_t limit) const = 0;

  /// The latest state, or (`as_snapshot`) one that does not move.
  [[nodiscard]] virtual std::unique_ptr<StateReader> state(domain::PlatformId platform,
                                                           bool as_snapshot = false) const = 0;
  [[nodiscard]] virtual std::optional<RememberedCommand> command(domain::PlatformId platform,
                                                                 domain::CommandId id) const = 0;
  /// Remembered commands in id order, after `after`.
  [[nodiscard]] virtual std::vector<std::pair<domain::CommandId, RememberedCommand>> commands(
      domain::PlatformId platform, domain::CommandId after, std::size_t limit) const = 0;
  /// The consumer's latest applied checkpoint.
  [[nodiscard]] virtual std::optional<CheckpointMark> checkpoint(
      std::string_view consumer, domain::PlatformId platform) const = 0;

  /// The record that holds this position.
  [[nodiscard]] virtual std::optional<StoredRecord> record_at(domain::PlatformId platform,
                                                              std::uint64_t position) const = 0;
  /// Only its hash; cheaper.
  [[nodiscard]] virtual std::optional<Hash> hash_at(domain::PlatformId platform,
                                                    std::uint64_t position) const = 0;
  /// Index rows whose base position is greater than `after`, in order.
  [[nodiscard]] virtual std::vector<IndexedRecord> records(domain::PlatformId platform,
                                                           std::uint64_t after,
                                                           std::size_t limit) const = 0;
  /// Calls `visit` for stored envelopes from `from` on, in order, until it returns false or none
  /// is left. Returns the offset after the last visited one.
  virtual std::uint64_t read(std::uint64_t from,
                             const std::function<bool(const StoredEnvelope&)>& visit) const = 0;

  /// Waits until next_offset() > offset, or `wait` has passed. True when it is.
  virtual bool wait_beyond(std::uint64_t offset, std::chrono::milliseconds wait) const = 0;

  /// Bytes left on the file system of the data folder.
  [[nodiscard]] virtual std::uint64_t free_bytes() const = 0;

  // The write side: Applier only, one thread.
  [[nodiscard]] virtual std::unique_ptr<StoreBatch> begin() = 0;
  /// With `sync` the batch and then the kept tip are durable when it returns; readers see it from
  /// then on. Throws StorageError, outcome unknown: from then on every write throws, and the
  /// process must end.
  virtual void write(std::unique_ptr<StoreBatch> batch, bool sync) = 0;
};

}  // namespace meent::eventstore
