#include "eventstore/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <vector>

namespace meent::eventstore {
namespace {

constexpr std::array<const char*, family_count> names = {"default", "envelopes", "index", "state",
                                                         "ids"};

/// Ends writing at the first background error: RocksDB must not mend and go on by itself.
class FailStop final : public rocksdb::EventListener {
 public:
  explicit FailStop(std::shared_ptr<Failure> failure) : failure_(std::move(failure)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    failure_->set(status->ToString());
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  std::shared_ptr<Failure> failure_;
};

rocksdb::DBOptions database_options(Files& files) {
  rocksdb::DBOptions options;
  options.env = files.rocksdb_env();
  options.max_bgerror_resume_count = 0;
  options.avoid_flush_during_recovery = false;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // All families are flushed together, so that the files alone are one state of the log;
  // store_check rests on it.
  options.atomic_flush = true;
  options.paranoid_checks = true;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

// Few shards: what is larger than a shard would be read again each time it is asked for.
constexpr std::size_t cache_bytes = 32ULL << 20;
constexpr int cache_shard_bits = 2;

std::vector<rocksdb::ColumnFamilyDescriptor> family_options() {
  const auto cache = rocksdb::NewLRUCache(cache_bytes, cache_shard_bits);
  std::vector<rocksdb::ColumnFamilyDescriptor> out;
  for (std::size_t i = 0; i < family_count; ++i) {
    rocksdb::ColumnFamilyOptions options;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    // In parts, so that looking one record up costs the same however many there are.
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    options.write_buffer_size = 32ULL << 20;
    options.compression = rocksdb::kLZ4Compression;
    const auto family = static_cast<Family>(i);
    if (family == Family::state || family == Family::ids) {
      // Most commands are new and many records do not exist yet: answered without reading a block.
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
      options.memtable_whole_key_filtering = true;
      options.memtable_prefix_bloom_size_ratio = 0.05;
    }
    if (family == Family::ids) options.compression = rocksdb::kNoCompression;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    out.emplace_back(names[i], options);
  }
  return out;
}

}  // namespace

void check(const rocksdb::Status& status, const std::string& doing, bool outcome_is_unknown) {
  if (!status.ok()) {
    throw StorageError("cannot " + doing + ": " + status.ToString(), outcome_is_unknown);
  }
}

Database::Found Database::look(const std::filesystem::path& path, Files& files) {
  if (!files.exists(path / "CURRENT")) return Found::absent;
  std::vector<std::string> found;
  check(rocksdb::DB::ListColumnFamilies(database_options(files), path.string(), &found),
        "read which families are in " + path.string());
  const auto has = [&](const char* name) { return std::ranges::find(found, name) != found.end(); };
  return std::ranges::all_of(names, has) ? Found::whole : Found::unfinished;
}

Database Database::open_read_only(const std::filesystem::path& path, Files& files) {
  Database out;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  check(rocksdb::DB::OpenForReadOnly(database_options(files), path.string(), family_options(),
                                     &handles, &db),
        "read " + path.string());
  out.db_.reset(db);
  std::ranges::copy(handles, out.handles_.begin());
  return out;
}

Database Database::open(const std::filesystem::path& path, Files& files,
                        std::shared_ptr<Failure> failure, std::size_t most_buffered_bytes) {
  auto options = database_options(files);
  options.db_write_buffer_size = most_buffered_bytes;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.listeners.push_back(std::make_shared<FailStop>(std::move(failure)));
  Database out;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  check(rocksdb::DB::Open(options, path.string(), family_options(), &handles, &db),
        "open " + path.string());
  out.db_.reset(db);
  std::ranges::copy(handles, out.handles_.begin());
  check(db->Flush(rocksdb::FlushOptions(), handles), "flush what recovery found", true);
  return out;
}

Database::~Database() {
  if (!db_) return;
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

std::optional<std::string> Database::get(Family family, std::string_view key,
                                         const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const auto status = db_->Get(options, this->family(family), {key.data(), key.size()}, &value);
  if (status.IsNotFound()) return std::nullopt;
  check(status, "read from the log's database");
  return value;
}

std::unique_ptr<rocksdb::Iterator> Database::iterate(Family family,
                                                     const rocksdb::Snapshot* snapshot,
                                                     bool fill_cache) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.fill_cache = fill_cache;
  if (!fill_cache) options.readahead_size = 256 << 10;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, this->family(family)));
}

}  // namespace meent::eventstore
