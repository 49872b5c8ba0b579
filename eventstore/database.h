#pragma once
#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "eventstore/admit.h"
#include "eventstore/files.h"
#include "eventstore/store.h"

/// The store's RocksDB database: its column families, options and rows. Private to this folder.
namespace meent::eventstore {

/// Order of the handles in Database.
enum class Family : std::uint8_t { meta, envelopes, index, state, ids };
inline constexpr std::size_t family_count = 5;

/// Whatever RocksDB reports in the background; after it no write may succeed.
class Failure {
 public:
  void set(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (!failed_) why_ = why;
    failed_ = true;
  }
  [[nodiscard]] bool is_set() const { return failed_; }
  [[nodiscard]] std::string why() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  std::atomic<bool> failed_ = false;
  mutable std::mutex mutex_;
  std::string why_;
};

/// An open database and its handles; closed in the right order.
class Database {
 public:
  /// Whether something that was once a whole database is there, and all families with it.
  enum class Found : std::uint8_t { absent, unfinished, whole };
  static Found look(const std::filesystem::path& path, Files& files);
  /// Changes no file. Throws StorageError.
  static Database open_read_only(const std::filesystem::path& path, Files& files);
  /// Makes it when there is none. What recovery found is flushed when it returns.
  static Database open(const std::filesystem::path& path, Files& files,
                       std::shared_ptr<Failure> failure, std::size_t most_buffered_bytes);

  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) = delete;
  ~Database();

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }
  /// Nothing when there is no such key. Throws StorageError.
  [[nodiscard]] std::optional<std::string> get(Family family, std::string_view key,
                                               const rocksdb::Snapshot* snapshot = nullptr) const;
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate(
      Family family, const rocksdb::Snapshot* snapshot = nullptr, bool fill_cache = true) const;

 private:
  Database() = default;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, family_count> handles_{};
};

/// Throws StorageError unless `status` is good.
void check(const rocksdb::Status& status, const std::string& doing,
           bool outcome_is_unknown = false);

// Rows -----------------------------------------------------------------------------------------

/// meta "next": how far the log has been taken over.
struct Progress {
  std::uint64_t next_offset = 0;
  std::uint64_t envelope_count = 0;  ///< ordinals of stored envelopes are 0..count-1, no hole
  bool operator==(const Progress&) const = default;
};
inline constexpr std::string_view progress_key = "next";
std::string partition_key(std::uint32_t number);
/// meta "place": where a partition's last entry lies in the log, and its envelope here. No row:
/// offsets here are the log's own, and there is one partition.
struct PartitionPlace {
  std::uint64_t entry_offset = 0;  ///< in the log
  std::uint64_t offset = 0;        ///< here
  bool operator==(const PartitionPlace&) const = default;
};
inline constexpr std::string_view place_name = "place";
std::string place_key(std::uint32_t partition);
std::string encode_place(const PartitionPlace& place);
PartitionPlace decode_place(std::string_view row);
inline constexpr char tip_prefix = 't';  ///< meta: tip_prefix, platform

/// What stands before an envelope's bytes in its row.
struct EnvelopeMark {
  std::uint64_t ordinal = 0;
  std::optional<VoidReason> void_reason;
  std::optional<EntryPlace> entry{};  ///< nothing: partition 0, at the same offset as here
};
/// A stored envelope's row, taken apart. `bytes` points into it.
struct EnvelopeRow {
  EnvelopeMark mark;
  std::string_view bytes;
};

/// `at`: the row's place in words, for the error.
[[noreturn]] void throw_damaged_row(const std::string& at);

std::string encode_progress(const Progress& progress);
Progress decode_progress(std::string_view row);
std::string encode_partition(const PartitionState& partition);
PartitionState decode_partition(std::string_view row);
std::string tip_key(domain::PlatformId platform);
std::string encode_tip(const PlatformTip& tip);
PlatformTip decode_tip(std::string_view row);
std::string checkpoint_key(std::string_view consumer, domain::PlatformId platform);
std::string encode_checkpoint(const CheckpointMark& mark);
CheckpointMark decode_checkpoint(std::string_view consumer, domain::PlatformId platform,
                                 std::string_view row);
std::string envelope_key(std::uint64_t offset);
std::string encode_envelope_mark(const EnvelopeMark& mark);
/// Throws StorageError: damaged.
EnvelopeRow decode_envelope_row(std::string_view row);
/// Base position or, for looking up, any position.
std::string index_key(domain::PlatformId platform, std::uint64_t position);
std::string encode_indexed(const IndexedRecord& record);
IndexedRecord decode_indexed(std::string_view key, std::string_view row);
std::string state_row_key(domain::PlatformId platform, std::string_view key);
std::string command_key(domain::PlatformId platform, domain::CommandId id);
std::string encode_command(const RememberedCommand& command);
RememberedCommand decode_command(std::string_view row);

}  // namespace meent::eventstore
