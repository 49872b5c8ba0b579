#include "eventstore/store.h"

#include <rocksdb/env.h>
#include <unistd.h>

#include <condition_variable>
#include <map>
#include <shared_mutex>
#include <thread>

#include "eventstore/bytes.h"
#include "eventstore/store_batch.h"
#include "eventstore/store_check.h"

namespace meent::eventstore {
namespace {

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}
rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

/// The folder's lock; says who has it.
class FolderLock {
 public:
  FolderLock(const std::filesystem::path& folder, Files& files)
      : env_(*files.rocksdb_env()), holder_path_(folder / "pid") {
    const auto status = env_.LockFile((folder / "lock").string(), &lock_);
    if (!status.ok()) {
      throw StartRefused(folder.string() + " is in use by " + holder(files) +
                         ". Stop it first, or reach it with --server. (" + status.ToString() + ")");
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() { env_.UnlockFile(lock_).PermitUncheckedError(); }

  void say_who(Files& files) {
    auto text = std::to_string(::getpid());
    text.resize(pid_bytes, ' ');
    files.open_slots(holder_path_)->write_at(0, text);
  }

 private:
  static constexpr std::size_t pid_bytes = 20;

  [[nodiscard]] std::string holder(Files& files) const {
    if (!files.exists(holder_path_)) return "another process";
    const auto pid = files.open_slots(holder_path_)->read_at(0, pid_bytes);
    return "process " + pid.substr(0, pid.find(' '));
  }

  rocksdb::Env& env_;
  rocksdb::FileLock* lock_ = nullptr;
  std::filesystem::path holder_path_;
};

/// What readers see; replaced when a write is durable.
struct Published {
  Progress progress;
  std::map<std::uint32_t, PartitionState> partitions;
  std::map<std::uint32_t, PartitionPlace> places;
  std::map<domain::PlatformId, PlatformTip> tips;
};

/// Rows of `meta` whose key is this name, with or without a number behind it.
void read_numbered(const Database& database, std::string_view name,
                   const std::function<void(std::uint32_t, std::string_view)>& visit) {
  const auto rows = database.iterate(Family::meta);
  for (rows->Seek(slice(name)); rows->Valid() && rows->key().starts_with(slice(name));
       rows->Next()) {
    std::uint32_t number = 0;
    for (const char byte : view(rows->key()).substr(name.size())) {
      number = (number << 8) | static_cast<unsigned char>(byte);
    }
    visit(number, view(rows->value()));
  }
  check(rows->status(), "read the partitions");
}

Published read_published(const Database& database) {
  Published out;
  if (const auto row = database.get(Family::meta, progress_key))
    out.progress = decode_progress(*row);
  read_numbered(database, partition_key(0), [&](std::uint32_t number, std::string_view row) {
    out.partitions.emplace(number, decode_partition(row));
  });
  read_numbered(database, place_name, [&](std::uint32_t number, std::string_view row) {
    out.places.emplace(number, decode_place(row));
  });
  const auto rows = database.iterate(Family::meta);
  for (rows->Seek(std::string(1, tip_prefix));
       rows->Valid() && rows->key().size() == 17 && rows->key()[0] == tip_prefix; rows->Next()) {
    domain::IdBytes id{};
    std::memcpy(id.data(), rows->key().data() + 1, id.size());
    out.tips.emplace_hint(out.tips.end(), domain::PlatformId(id), decode_tip(view(rows->value())));
  }
  check(rows->status(), "read the platforms' tips");
  return out;
}

class RocksState final : public StateReader {
 public:
  RocksState(const Database& database, domain::PlatformId platform, bool as_snapshot)
      : database_(database),
        platform_(platform),
        snapshot_(as_snapshot ? database.db().GetSnapshot() : nullptr) {}
  RocksState(const RocksState&) = delete;
  RocksState& operator=(const RocksState&) = delete;
  ~RocksState() override {
    if (snapshot_ != nullptr) database_.db().ReleaseSnapshot(snapshot_);
  }

  std::optional<std::string> get(std::string_view key) const override {
    return database_.get(Family::state, state_row_key(platform_, key), snapshot_);
  }

  std::vector<std::pair<std::string, std::string>> scan(std::string_view prefix,
                                                        std::string_view after,
                                                        std::size_t limit) const override {
    std::vector<std::pair<std::string, std::string>> out;
    const auto wanted = state_row_key(platform_, prefix);
    const auto last_seen = state_row_key(platform_, after);
    const auto rows = database_.iterate(Family::state, snapshot_);
    rows->Seek(std::max(wanted, last_seen));
    if (rows->Valid() && !after.empty() && rows->key() == last_seen) rows->Next();
    for (; out.size() < limit && rows->Valid() && rows->key().starts_with(wanted); rows->Next()) {
      out.emplace_back(rows->key().ToString().substr(16), rows->value().ToString());
    }
    check(rows->status(), "read state");
    return out;
  }

 private:
  const Database& database_;
  domain::PlatformId platform_;
  const rocksdb::Snapshot* snapshot_;
};

class RocksBatch final : public StoreBatch {
 public:
  /// `has_places`: the store's offsets are not the log's.
  RocksBatch(const Database& database, const Progress& progress, bool has_places)
      : database_(database), progress_(progress), has_places_(has_places) {}

  std::uint64_t next_offset() const override { return progress_.next_offset; }

  void put_envelope(std::uint64_t offset, const EntryPlace& entry,
                    std::optional<VoidReason> void_reason, std::string_view bytes) override {
    if (offset < progress_.next_offset) std::abort();
    const auto key = envelope_key(offset);
    EnvelopeMark written{.ordinal = progress_.envelope_count, .void_reason = void_reason};
    if (entry != EntryPlace{.partition = 0, .offset = offset}) written.entry = entry;
    if (written.entry || has_places_) {
      // What came before the first that is elsewhere was all of partition 0, at the same offsets.
      const auto before = progress_.next_offset;
      if (!has_places_ && before > 0) places_[0] = {before - 1, before - 1};
      has_places_ = true;
      places_[entry.partition] = {.entry_offset = entry.offset, .offset = offset};
    }
    const auto mark = encode_envelope_mark(written);
    const rocksdb::Slice key_part(key);
    const std::array<rocksdb::Slice, 2> value_parts = {mark, slice(bytes)};
    put_ok(batch_.Put(family(Family::envelopes), rocksdb::SliceParts(&key_part, 1),
                      rocksdb::SliceParts(value_parts.data(), 2)));
    progress_ = {offset + 1, progress_.envelope_count + 1};
    last_envelope_.assign(bytes);
  }

  void put_record(std::uint64_t offset, const RecordHeader& header, const Hash& hash,
                  domain::Timestamp recorded_at) override {
    put(Family::index, index_key(header.platform, header.base_position),
        encode_indexed({offset, header.base_position, header.event_count, hash}));
    tips_[header.platform] = {header.last_position(), hash, recorded_at};
  }

  void put_partition(std::uint32_t number, const PartitionState& partition) override {
    partitions_[number] = partition;
  }

  void put_checkpoint(const CheckpointMark& mark) override {
    put(Family::meta, checkpoint_key(mark.consumer, mark.platform), encode_checkpoint(mark));
  }

  void put_state(domain::PlatformId platform, std::string_view key,
                 std::string_view value) override {
    put(Family::state, state_row_key(platform, key), value);
  }
  void erase_state(domain::PlatformId platform, std::string_view key) override {
    put_ok(batch_.Delete(family(Family::state), state_row_key(platform, key)));
  }
  void put_command(domain::PlatformId platform, domain::CommandId id,
                   const RememberedCommand& command) override {
    put(Family::ids, command_key(platform, id), encode_command(command));
  }
  void erase_command(domain::PlatformId platform, domain::CommandId id) override {
    put_ok(batch_.Delete(family(Family::ids), command_key(platform, id)));
  }

  /// Adds what the whole batch changes once. Nothing may be put afterwards.
  rocksdb::WriteBatch& finish() {
    put(Family::meta, progress_key, encode_progress(progress_));
    for (const auto& [number, partition] : partitions_) {
      put(Family::meta, partition_key(number), encode_partition(partition));
    }
    for (const auto& [number, place] : places_) {
      put(Family::meta, place_key(number), encode_place(place));
    }
    for (const auto& [platform, tip] : tips_) put(Family::meta, tip_key(platform), encode_tip(tip));
    return batch_;
  }
  [[nodiscard]] const Progress& progress() const { return progress_; }
  [[nodiscard]] const std::string& last_envelope() const { return last_envelope_; }
  void publish(Published& published) const {
    published.progress = progress_;
    for (const auto& [number, partition] : partitions_) published.partitions[number] = partition;
    for (const auto& [number, place] : places_) published.places[number] = place;
    for (const auto& [platform, tip] : tips_) published.tips[platform] = tip;
  }

 private:
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family family) const {
    return database_.family(family);
  }
  void put(Family in, std::string_view key, std::string_view value) {
    put_ok(batch_.Put(family(in), slice(key), slice(value)));
  }
  static void put_ok(const rocksdb::Status& status) { check(status, "fill a write batch"); }

  const Database& database_;
  rocksdb::WriteBatch batch_;
  Progress progress_;
  bool has_places_;
  std::map<std::uint32_t, PartitionState> partitions_;
  std::map<std::uint32_t, PartitionPlace> places_;
  std::map<domain::PlatformId, PlatformTip> tips_;
  std::string last_envelope_;
};

class RocksStore final : public Store {
 public:
  /// For writing.
  RocksStore(std::filesystem::path folder, Files& files, std::unique_ptr<FolderLock> lock,
             Database database, std::shared_ptr<Failure> failure)
      : folder_(std::move(folder)),
        files_(files),
        lock_(std::move(lock)),
        failure_(std::move(failure)),
        database_(std::move(database)),
        published_(read_published(database_)) {
    const auto reached = reached_tip();
    tip_file_.emplace(folder_ / "tip", files, reached);
    // Recovery may have found more than was acknowledged; it counts from here on.
    tip_file_->write(reached);
  }
  /// For reading.
  RocksStore(std::filesystem::path folder, Files& files, Database database)
      : folder_(std::move(folder)),
        files_(files),
        database_(std::move(database)),
        published_(read_published(database_)) {}

  std::uint64_t next_offset() const override {
    const std::shared_lock lock(mutex_);
    return published_.progress.next_offset;
  }
  PartitionState partition(std::uint32_t number) const override {
    const std::shared_lock lock(mutex_);
    const auto found = published_.partitions.find(number);
    return found == published_.partitions.end() ? PartitionState{} : found->second;
  }
  std::uint64_t log_offset(std::uint32_t partition) const override {
    const auto place = place_of(partition);
    return place ? place->entry_offset + 1 : 0;
  }
  LogPlace log_place(std::uint32_t partition) const override {
    const auto place = place_of(partition);
    if (!place) return {};
    const auto row = database_.get(Family::envelopes, envelope_key(place->offset));
    if (!row) throw_damaged_row("last envelope of partition " + std::to_string(partition));
    return {.next_offset = place->entry_offset + 1,
            .last = SeenEntry{.offset = place->entry_offset,
                              .envelope_hash = hash_of(decode_envelope_row(*row).bytes)}};
  }
  PlatformTip tip(domain::PlatformId platform) const override {
    {
      const std::shared_lock lock(mutex_);
      const auto found = published_.tips.find(platform);
      if (found != published_.tips.end()) return found->second;
    }
    return {.position = 0, .hash = first_prev_hash(platform), .recorded_at = {}};
  }
  std::vector<domain::PlatformId> platforms(domain::PlatformId after,
                                            std::size_t limit) const override {
    const std::shared_lock lock(mutex_);
    std::vector<domain::PlatformId> out;
    auto at = published_.tips.upper_bound(after);
    for (; at != published_.tips.end() && out.size() < limit; ++at) out.push_back(at->first);
    return out;
  }

  std::unique_ptr<StateReader> state(domain::PlatformId platform, bool as_snapshot) const override {
    return std::make_unique<RocksState>(database_, platform, as_snapshot);
  }

  std::optional<RememberedCommand> command(domain::PlatformId platform,
                                           domain::CommandId id) const override {
    const auto row = database_.get(Family::ids, command_key(platform, id));
    if (!row) return std::nullopt;
    return decode_command(*row);
  }

  std::vector<std::pair<domain::CommandId, RememberedCommand>> commands(
      domain::PlatformId platform, domain::CommandId after, std::size_t limit) const override {
    std::vector<std::pair<domain::CommandId, RememberedCommand>> out;
    const auto last_seen = command_key(platform, after);
    const auto prefix = last_seen.substr(0, 16);
    const auto rows = database_.iterate(Family::ids, nullptr, false);
    rows->Seek(last_seen);
    if (rows->Valid() && rows->key() == last_seen) rows->Next();
    for (; out.size() < limit && rows->Valid() && rows->key().starts_with(prefix); rows->Next()) {
      ByteReader key(view(rows->key()).substr(16));
      out.emplace_back(key.id<domain::CommandId>(), decode_command(view(rows->value())));
    }
    check(rows->status(), "read command ids");
    return out;
  }

  std::optional<CheckpointMark> checkpoint(std::string_view consumer,
                                           domain::PlatformId platform) const override {
    const auto row = database_.get(Family::meta, checkpoint_key(consumer, platform));
    if (!row) return std::nullopt;
    return decode_checkpoint(consumer, platform, *row);
  }

  std::optional<StoredRecord> record_at(domain::PlatformId platform,
                                        std::uint64_t position) const override {
    const auto found = indexed(platform, position);
    if (!found) return std::nullopt;
    const auto row = database_.get(Family::envelopes, envelope_key(found->offset));
    if (!row) throw_damaged_row("envelope");
    auto envelope = decode_envelope(decode_envelope_row(*row).bytes);
    auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
    if (group == nullptr) throw_damaged_row("envelope " + std::to_string(found->offset));
    return StoredRecord{found->offset, found->hash, std::move(group->record)};
  }

  std::optional<Hash> hash_at(domain::PlatformId platform, std::uint64_t position) const override {
    const auto end = tip(platform);
    if (position == end.position && position > 0) return end.hash;
    const auto found = indexed(platform, position);
    if (!found) return std::nullopt;
    return found->hash;
  }

  std::vector<IndexedRecord> records(domain::PlatformId platform, std::uint64_t after,
                                     std::size_t limit) const override {
    std::vector<IndexedRecord> out;
    const auto start = index_key(platform, after + 1);
    const auto rows = database_.iterate(Family::index);
    for (rows->Seek(start);
         out.size() < limit && rows->Valid() && rows->key().starts_with(start.substr(0, 16));
         rows->Next()) {
      out.push_back(decode_indexed(view(rows->key()), view(rows->value())));
    }
    check(rows->status(), "read the index");
    return out;
  }

  std::uint64_t read(std::uint64_t from,
                     const std::function<bool(const StoredEnvelope&)>& visit) const override {
    const auto end = next_offset();
    if (from >= end) return from;
    const auto rows = database_.iterate(Family::envelopes, nullptr, false);
    std::optional<std::uint64_t> ordinal;
    for (rows->Seek(envelope_key(from)); rows->Valid(); rows->Next()) {
      const auto offset = key_number(view(rows->key()));
      if (offset >= end) break;
      const auto [mark, bytes] = decode_envelope_row(view(rows->value()));
      if (ordinal && mark.ordinal != *ordinal + 1) {
        throw StorageError("the log has a hole before offset " + std::to_string(offset), false);
      }
      ordinal = mark.ordinal;
      from = offset + 1;
      const auto entry = mark.entry.value_or(EntryPlace{.partition = 0, .offset = offset});
      if (!visit({offset, entry, mark.void_reason, std::string(bytes)})) break;
    }
    check(rows->status(), "read the log");
    return from;
  }

  bool wait_beyond(std::uint64_t offset, std::chrono::milliseconds wait) const override {
    std::unique_lock lock(wait_mutex_);
    return moved_.wait_for(lock, wait, [&] { return next_offset() > offset; });
  }

  std::uint64_t free_bytes() const override { return files_.free_bytes(folder_); }

  std::unique_ptr<StoreBatch> begin() override {
    const std::shared_lock lock(mutex_);
    return std::make_unique<RocksBatch>(database_, published_.progress, !published_.places.empty());
  }

  void write(std::unique_ptr<StoreBatch> any_batch, bool sync) override {
    auto& batch = static_cast<RocksBatch&>(*any_batch);
    if (!tip_file_) throw StorageError("the store was opened for reading only", false);
    if (failure_->is_set()) {
      throw StorageError("the log's database has failed: " + failure_->why(), true);
    }
    try {
      rocksdb::WriteOptions options;
      options.sync = sync;
      check(database_.db().Write(options, &batch.finish()), "write to the log", true);
      if (sync && !batch.last_envelope().empty()) {
        tip_file_->write({batch.progress().next_offset, hash_of(batch.last_envelope()),
                          batch.progress().next_offset - 1});
      }
    } catch (const StorageError& error) {
      failure_->set(error.what());
      throw;
    }
    {
      const std::unique_lock lock(mutex_);
      batch.publish(published_);
    }
    {
      const std::lock_guard lock(wait_mutex_);
    }
    moved_.notify_all();
  }

 private:
  /// Nothing: no entry of it was read yet.
  [[nodiscard]] std::optional<PartitionPlace> place_of(std::uint32_t partition) const {
    const std::shared_lock lock(mutex_);
    const auto found = published_.places.find(partition);
    if (found != published_.places.end()) return found->second;
    const auto next = published_.progress.next_offset;
    if (partition != 0 || !published_.places.empty() || next == 0) return std::nullopt;
    return PartitionPlace{.entry_offset = next - 1, .offset = next - 1};
  }

  [[nodiscard]] std::optional<IndexedRecord> indexed(domain::PlatformId platform,
                                                     std::uint64_t position) const {
    const auto wanted = index_key(platform, position);
    const auto rows = database_.iterate(Family::index);
    rows->SeekForPrev(wanted);
    check(rows->status(), "read the index");
    if (!rows->Valid() || !rows->key().starts_with(wanted.substr(0, 16))) return std::nullopt;
    const auto found = decode_indexed(view(rows->key()), view(rows->value()));
    if (position - found.base_position >= found.event_count) return std::nullopt;
    return found;
  }

  [[nodiscard]] KeptTip reached_tip() const {
    const auto next = published_.progress.next_offset;
    if (next == 0) return {};
    const auto row = database_.get(Family::envelopes, envelope_key(next - 1));
    if (!row) throw_damaged_row("last envelope");
    return {next, hash_of(decode_envelope_row(*row).bytes), next - 1};
  }

  std::filesystem::path folder_;
  Files& files_;
  std::unique_ptr<FolderLock> lock_;  ///< nothing: for reading
  std::shared_ptr<Failure> failure_;
  Database database_;
  std::optional<TipFile> tip_file_;  ///< nothing: for reading
  mutable std::shared_mutex mutex_;
  Published published_;
  mutable std::mutex wait_mutex_;
  mutable std::condition_variable moved_;
};

/// A running server may flush and delete files between two of our looks; then we look again.
constexpr int most_looks = 15;

std::unique_ptr<Store> open_for_reading(const std::filesystem::path& folder, Files& files) {
  const auto log = folder / "log";
  if (Database::look(log, files) != Database::Found::whole) {
    throw StartRefused("there is no log in " + folder.string());
  }
  for (int looks = 1;; ++looks) {
    // The tip first: what it says was in the database before.
    const auto tip = read_tip(folder / "tip", files);
    try {
      auto database = Database::open_read_only(log, files);
      check_store(database, tip, folder);
      return std::make_unique<RocksStore>(folder, files, std::move(database));
    } catch (const StartRefused&) {
      if (looks == most_looks) throw;
    } catch (const StorageError& error) {
      if (looks == most_looks) throw StartRefused(error.what());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 * looks));
  }
}

/// Refuses or returns without having changed anything.
void check_before_opening(const std::filesystem::path& folder, Files& files) {
  const auto log = folder / "log";
  const auto tip = read_tip(folder / "tip", files);
  try {
    const auto found = Database::look(log, files);
    if (found == Database::Found::whole) {
      check_store(Database::open_read_only(log, files), tip, folder);
    } else if (tip.tip.next_offset > 0) {
      throw StartRefused(log.string() + " is " +
                         (found == Database::Found::absent ? "missing" : "incomplete") +
                         ", but history was acknowledged (" + (folder / "tip").string() +
                         "). Put it back, or a backup of it; nothing was changed.");
    }
  } catch (const StorageError& error) {
    throw StartRefused(log.string() + " cannot be read: " + error.what() +
                       ". Nothing was changed. Look at the disk first; then put back the files as "
                       "they were or a backup of log/.");
  }
}

}  // namespace

std::unique_ptr<Store> Store::open(const StoreOptions& options, Files& files) {
  const auto& folder = options.folder;
  if (options.read_only) return open_for_reading(folder, files);
  files.make_folder(folder);
  auto lock = std::make_unique<FolderLock>(folder, files);
  lock->say_who(files);
  check_before_opening(folder, files);
  files.make_folder(folder / "log");
  auto failure = std::make_shared<Failure>();
  auto database = Database::open(folder / "log", files, failure, options.most_buffered_bytes);
  return std::make_unique<RocksStore>(folder, files, std::move(lock), std::move(database),
                                      std::move(failure));
}

}  // namespace meent::eventstore
