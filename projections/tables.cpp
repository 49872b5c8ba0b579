#include "projections/tables.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "eventstore/files.h"

namespace meent::projections {
namespace {

using rocksdb::Slice;

constexpr char version_key[] = "!v";
constexpr char offset_key[] = "!o";
constexpr char mark_table = '#';

// Few shards: what is larger than a shard would be read again each time it is asked for.
constexpr std::size_t cache_bytes = 12U << 20;
constexpr int cache_shard_bits = 1;
constexpr std::size_t write_buffer_bytes = 8U << 20;

Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string_view view(const Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

struct MarkRow {
  std::uint64_t position = 0;
  eventstore::Hash hash{};
  template <class A>
  void fields(A& a) {
    a(position, hash);
  }
};

void check(const rocksdb::Status& status, const char* doing) {
  if (status.ok()) return;
  throw eventstore::StorageError(std::string("a view: ") + doing + ": " + status.ToString(), false);
}

/// Small on purpose: the views together stay far below the memory a node may take.
rocksdb::Options database_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(cache_bytes, cache_shard_bits);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // In parts, so that looking one row up costs the same however many there are.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.block_size = 4 * 1024;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.format_version = 5;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = write_buffer_bytes;
  options.max_write_buffer_number = 3;
  // Most rows that a page asks for were written long ago: seen without searching what is in memory.
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.05;
  options.max_open_files = 200;
  options.compression = rocksdb::kNoCompression;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1U << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_bgerror_resume_count = 0;
  options.allow_concurrent_memtable_write = false;  // one writer
  return options;
}

class RowCursor final : public TableSnapshot::Cursor {
 public:
  explicit RowCursor(std::unique_ptr<rocksdb::Iterator> rows) : rows_(std::move(rows)) {}
  void seek(std::string_view prefix, std::string_view key, bool backwards) override {
    prefix_ = prefix;
    backwards_ = backwards;
    if (backwards_) {
      rows_->SeekForPrev(slice(key));
    } else {
      rows_->Seek(slice(key));
    }
    check(rows_->status(), "reading");
  }
  [[nodiscard]] bool valid() const override {
    return rows_->Valid() && rows_->key().starts_with(slice(prefix_));
  }
  [[nodiscard]] TableRow row() const override { return {view(rows_->key()), view(rows_->value())}; }
  void next() override {
    if (backwards_) {
      rows_->Prev();
    } else {
      rows_->Next();
    }
    check(rows_->status(), "reading");
  }

 private:
  std::unique_ptr<rocksdb::Iterator> rows_;
  std::string prefix_;
  bool backwards_ = false;
};

class DatabaseSnapshot final : public TableSnapshot {
 public:
  explicit DatabaseSnapshot(rocksdb::DB& database) : database_(database), snapshot_(&database) {
    options_.snapshot = snapshot_.snapshot();
  }
  [[nodiscard]] std::optional<std::string> get(std::string_view key) const override {
    rocksdb::PinnableSlice value;
    const auto status =
        database_.Get(options_, database_.DefaultColumnFamily(), slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    check(status, "reading");
    return value.ToString();
  }
  [[nodiscard]] std::vector<std::optional<std::string>> get_many(
      const std::vector<std::string>& keys) const override {
    const std::vector<Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    database_.MultiGet(options_, database_.DefaultColumnFamily(), keys.size(), slices.data(),
                       values.data(), statuses.data());
    std::vector<std::optional<std::string>> out(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      check(statuses[i], "reading");
      out[i] = values[i].ToString();
    }
    return out;
  }
  [[nodiscard]] std::uint64_t position(domain::PlatformId platform) const override {
    const auto mark = row<MarkRow>(key_of(mark_table, platform));
    return mark ? mark->position : 0;
  }
  [[nodiscard]] std::unique_ptr<Cursor> cursor() const override {
    return std::make_unique<RowCursor>(
        std::unique_ptr<rocksdb::Iterator>(database_.NewIterator(options_)));
  }

 private:
  rocksdb::DB& database_;
  rocksdb::ManagedSnapshot snapshot_;
  rocksdb::ReadOptions options_;
};

class Database final : public Tables {
 public:
  explicit Database(std::unique_ptr<rocksdb::DB> database) : database_(std::move(database)) {
    if (const auto bytes = get(offset_key)) reached_.next_offset = unpack_row<Offset>(*bytes).next;
    const DatabaseSnapshot now(*database_);
    const auto rows = now.cursor();
    for (rows->seek(std::string_view(&mark_table, 1)); rows->valid(); rows->next()) {
      domain::IdBytes id{};
      const auto key = rows->row().key;
      if (key.size() != id.size() + 1) throw ViewFault("a view's checkpoint is damaged");
      std::copy(key.begin() + 1, key.end(), reinterpret_cast<char*>(id.data()));
      const auto mark = unpack_row<MarkRow>(rows->row().value);
      reached_.platforms[domain::PlatformId(id)] = {mark.position, mark.hash};
    }
  }

  [[nodiscard]] Checkpoint checkpoint() const override {
    const std::shared_lock lock(mutex_);
    return reached_;
  }
  [[nodiscard]] std::uint64_t position(domain::PlatformId platform) const override {
    const std::shared_lock lock(mutex_);
    const auto mark = reached_.platforms.find(platform);
    return mark == reached_.platforms.end() ? 0 : mark->second.position;
  }
  [[nodiscard]] std::unique_ptr<TableSnapshot> snapshot() const override {
    return std::make_unique<DatabaseSnapshot>(*database_);
  }
  [[nodiscard]] std::optional<std::string> get(std::string_view key) const override {
    rocksdb::PinnableSlice value;
    const auto status = database_->Get(rocksdb::ReadOptions(), database_->DefaultColumnFamily(),
                                       slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    check(status, "reading");
    return value.ToString();
  }
  [[nodiscard]] std::vector<std::string> keys(std::string_view prefix,
                                              std::size_t limit) const override {
    RowCursor rows(
        std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(rocksdb::ReadOptions())));
    std::vector<std::string> out;
    rows.Cursor::seek(prefix);
    for (; rows.valid() && out.size() < limit; rows.next()) out.emplace_back(rows.row().key);
    return out;
  }

  void write(const ChangeSet& changes, const Checkpoint& reached) override {
    rocksdb::WriteBatch batch(changes.bytes());
    for (const auto* change : changes.sorted()) {  // neighbours go in cheaply
      check(change->value ? batch.Put(slice(change->key), slice(*change->value))
                          : batch.Delete(slice(change->key)),
            "writing");
    }
    check(batch.Put(offset_key, domain::pack(Offset{reached.next_offset})), "writing");
    for (const auto& [platform, mark] : reached.platforms) {
      check(
          batch.Put(key_of(mark_table, platform), domain::pack(MarkRow{mark.position, mark.hash})),
          "writing");
    }
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    check(database_->Write(options, &batch), "writing");
    const std::unique_lock lock(mutex_);
    reached_.next_offset = reached.next_offset;
    for (const auto& [platform, mark] : reached.platforms) reached_.platforms[platform] = mark;
  }

  void dump(const std::function<void(std::string_view line)>& line) const override {
    const std::unique_ptr<rocksdb::Iterator> rows(database_->NewIterator(rocksdb::ReadOptions()));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      line(rows->key().ToString(true) + " " + rows->value().ToString(true));
    }
    check(rows->status(), "reading");
  }

 private:
  struct Offset {
    std::uint64_t next = 0;
    template <class A>
    void fields(A& a) {
      a(next);
    }
  };

  std::unique_ptr<rocksdb::DB> database_;
  mutable std::shared_mutex mutex_;
  Checkpoint reached_;
};

std::unique_ptr<rocksdb::DB> open_database(const std::filesystem::path& directory) {
  rocksdb::DB* opened = nullptr;
  const auto options = database_options();
  auto status = rocksdb::DB::Open(options, directory.string(), &opened);
  if (status.IsCorruption()) {  // disposable: empty is better than broken
    check(rocksdb::DestroyDB(directory.string(), options), "emptying");
    status = rocksdb::DB::Open(options, directory.string(), &opened);
  }
  check(status, "opening");
  return std::unique_ptr<rocksdb::DB>(opened);
}

bool is_empty(rocksdb::DB& database) {
  const std::unique_ptr<rocksdb::Iterator> rows(database.NewIterator(rocksdb::ReadOptions()));
  rows->SeekToFirst();
  check(rows->status(), "reading");
  return !rows->Valid();
}

}  // namespace

void append_to(std::string& key, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift);
}

std::uint64_t number_in(std::string_view key, std::size_t at) {
  std::uint64_t number = 0;
  for (const char byte : key.substr(at, 8)) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

std::unique_ptr<Tables> Tables::open(const std::filesystem::path& directory,
                                     std::uint32_t version) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw eventstore::StorageError(
        "a view: cannot make " + directory.string() + ": " + error.message(), false);
  }
  auto database = open_database(directory);
  const auto written_by = std::to_string(version);
  std::string found;
  const auto status = database->Get(rocksdb::ReadOptions(), version_key, &found);
  if (!status.IsNotFound()) check(status, "reading");
  if (found != written_by) {
    if (!is_empty(*database)) {
      database.reset();
      check(rocksdb::DestroyDB(directory.string(), database_options()), "emptying");
      database = open_database(directory);
    }
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    check(database->Put(options, version_key, written_by), "writing");
  }
  return std::make_unique<Database>(std::move(database));
}

std::optional<std::string> TableChanges::get(std::string_view key) const {
  const auto* change = find(key);
  if (change == nullptr) return tables_.get(key);
  return change->value ? std::optional<std::string>(*change->value) : std::nullopt;
}

void fail_unknown(std::string_view what, const std::string& id,
                  const domain::EventContext& context) {
  throw ViewFault("event " + std::to_string(context.position) + " of platform " +
                  context.platform.text() + " names an unknown " + std::string(what) + " " + id);
}

}  // namespace meent::projections
