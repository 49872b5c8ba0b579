#include "tests/simulation/disk.h"

#include <algorithm>

#include "domain/result.h"
#include "eventstore/applier.h"
#include "tests/simulation/mistakes.h"

namespace meent::simulation {

using namespace eventstore;

namespace {

constexpr const char* keys_folder = "/node/keys";
constexpr const char* key_file = "/node/keys/slots";
constexpr std::size_t most_key_bytes = 16U << 20;
constexpr std::size_t events_a_turn = 500;

}  // namespace

// The store --------------------------------------------------------------------------------------

class DiskBatch final : public StoreBatch {
 public:
  DiskBatch(DiskStore& store, std::unique_ptr<StoreBatch> inner)
      : store_(store), inner_(std::move(inner)) {}

  void put_envelope(std::uint64_t offset, const EntryPlace& entry,
                    std::optional<VoidReason> void_reason, std::string_view bytes) override {
    store_.envelopes_.push_back({.offset = offset,
                                 .entry = entry,
                                 .void_reason = void_reason,
                                 .bytes = std::string(bytes)});
    store_.places_ahead_.erase(entry.partition);
    inner_->put_envelope(offset, entry, void_reason, bytes);
  }
  std::uint64_t next_offset() const override { return inner_->next_offset(); }
  void put_record(std::uint64_t offset, const RecordHeader& header, const Hash& hash,
                  domain::Timestamp recorded_at) override {
    store_.index_[header.platform].push_back({.offset = offset,
                                              .base_position = header.base_position,
                                              .event_count = header.event_count,
                                              .hash = hash});
    inner_->put_record(offset, header, hash, recorded_at);
  }
  void put_partition(std::uint32_t number, const PartitionState& partition) override {
    inner_->put_partition(number, partition);
  }
  void put_checkpoint(const CheckpointMark& mark) override { inner_->put_checkpoint(mark); }
  void put_state(domain::PlatformId platform, std::string_view key,
                 std::string_view value) override {
    inner_->put_state(platform, key, value);
  }
  void erase_state(domain::PlatformId platform, std::string_view key) override {
    inner_->erase_state(platform, key);
  }
  void put_command(domain::PlatformId platform, domain::CommandId id,
                   const RememberedCommand& command) override {
    inner_->put_command(platform, id, command);
  }
  void erase_command(domain::PlatformId platform, domain::CommandId id) override {
    inner_->erase_command(platform, id);
  }

 private:
  DiskStore& store_;
  std::unique_ptr<StoreBatch> inner_;
};

LogPlace DiskStore::log_place(std::uint32_t partition) const {
  const auto ahead = places_ahead_.find(partition);
  return ahead != places_ahead_.end() ? ahead->second : inner_.log_place(partition);
}

const IndexedRecord* DiskStore::row_of(domain::PlatformId platform, std::uint64_t position) const {
  const auto found = index_.find(platform);
  if (found == index_.end() || position == 0) return nullptr;
  const auto& rows = found->second;
  const auto after = std::ranges::upper_bound(rows, position, {}, &IndexedRecord::base_position);
  if (after == rows.begin()) return nullptr;
  const auto& row = *std::prev(after);
  return position < row.base_position + row.event_count ? &row : nullptr;
}

std::optional<StoredRecord> DiskStore::record_at(domain::PlatformId platform,
                                                 std::uint64_t position) const {
  const auto* row = row_of(platform, position);
  if (row == nullptr) return std::nullopt;
  const auto envelope = decode_envelope(envelopes_[row->offset].bytes);
  return StoredRecord{.offset = row->offset,
                      .hash = row->hash,
                      .bytes = std::get<Group>(envelope.value().body).record};
}

std::optional<Hash> DiskStore::hash_at(domain::PlatformId platform, std::uint64_t position) const {
  const auto* row = row_of(platform, position);
  return row == nullptr ? std::nullopt : std::optional(row->hash);
}

std::uint64_t DiskStore::read(std::uint64_t from,
                              const std::function<bool(const StoredEnvelope&)>& visit) const {
  while (from < envelopes_.size()) {
    if (!visit(envelopes_[from++])) break;
  }
  return from;
}

std::unique_ptr<StoreBatch> DiskStore::begin() {
  return std::make_unique<DiskBatch>(*this, inner_.begin());
}

void DiskStore::write(std::unique_ptr<StoreBatch> batch, bool sync) {
  batch = nullptr;
  batch_ends_.push_back(envelopes_.size());
  if (sync) synced_ = envelopes_.size();
}

std::unique_ptr<DiskStore> DiskStore::first(std::size_t count) const {
  auto out = std::make_unique<DiskStore>();
  std::vector<LogEntry> entries;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back({.partition = envelopes_[i].entry.partition,
                       .offset = envelopes_[i].entry.offset,
                       .envelope = envelopes_[i].bytes});
  }
  if (!entries.empty()) Applier::make(*out)->apply(entries, true);
  out->places_ahead_ = places_ahead_;
  return out;
}

std::unique_ptr<DiskStore> DiskStore::after_power_loss(Random& random) const {
  std::vector<std::size_t> ends{synced_};
  for (const auto end : batch_ends_) {
    if (end > synced_) ends.push_back(end);
  }
  auto out = first(random.pick(ends));
  if (is_planted(Mistake::offset_ahead)) {
    for (std::uint32_t number = 0; number < 16; ++number) {
      if (out->log_offset(number) < log_offset(number)) {
        out->places_ahead_[number] = log_place(number);
      }
    }
  }
  return out;
}

// The view ---------------------------------------------------------------------------------------

bool DiskView::open(const DiskStore& store) {
  const bool is_off = projections::fault_in(checkpoint_, store, false).has_value();
  if (is_off) *this = DiskView();
  stopped_ = std::make_shared<projections::StoppedPlatforms>();
  return is_off;
}

void DiskView::follow(const DiskStore& store) {
  projections::LogReader reader(store, *stopped_);
  while (checkpoint_.next_offset < store.next_offset()) {
    auto batch = reader.read(checkpoint_.next_offset, store.next_offset(), events_a_turn, {});
    for (const auto& [event, context] : batch.events.events) {
      ++rows_.events[context.platform];
      if (const auto* support = std::get_if<domain::SupportEvent>(&event)) {
        std::visit(
            domain::overloaded{
                [&](const domain::SupportGiven& given) {
                  rows_.stances[{context.platform, given.contribution, given.person}] =
                      given.stance;
                },
                [&](const domain::SupportWithdrawn& withdrawn) {
                  rows_.stances.erase({context.platform, withdrawn.contribution, withdrawn.person});
                },
            },
            *support);
      } else if (const auto* discuss = std::get_if<domain::DiscussEvent>(&event)) {
        const auto* placed = std::get_if<domain::CommentPlaced>(discuss);
        if (placed != nullptr) ++rows_.comments[{context.platform, placed->contribution}];
      }
    }
    checkpoint_.next_offset = batch.events.reached.next_offset;
    for (const auto& [id, mark] : batch.events.reached.platforms) checkpoint_.platforms[id] = mark;
  }
}

std::uint64_t DiskView::position(domain::PlatformId platform) const {
  const auto found = checkpoint_.platforms.find(platform);
  return found == checkpoint_.platforms.end() ? 0 : found->second.position;
}

std::optional<domain::Stance> DiskView::stance(domain::PlatformId platform,
                                               domain::ContributionId contribution,
                                               domain::PersonId person) const {
  const auto found = rows_.stances.find({platform, contribution, person});
  return found == rows_.stances.end() ? std::nullopt : std::optional(found->second);
}

// The whole --------------------------------------------------------------------------------------

std::unique_ptr<Keys> Disk::open_keys() const {
  return Keys::open(keys_folder, *files);
}

std::string Disk::key_bytes() const {
  if (!files->exists(key_file)) return {};
  return files->open_slots(key_file)->read_at(0, most_key_bytes);
}

void Disk::put_key_bytes(const std::string& bytes) {
  files = std::make_unique<FaultFiles>();
  if (bytes.empty()) return;
  files->make_folder(keys_folder);
  auto file = files->open_slots(key_file);
  file->write_at(0, bytes);
  file->sync();
}

void Disk::lose_power(Random& random) {
  store = store->after_power_loss(random);
  files->disk().lose_power(PowerLoss::drops_unsynced, random.next());
}

std::unique_ptr<Disk> Disk::copy() const {
  auto out = std::make_unique<Disk>();
  out->store = store->copy();
  out->put_key_bytes(key_bytes());
  out->view = view;
  return out;
}

}  // namespace meent::simulation
