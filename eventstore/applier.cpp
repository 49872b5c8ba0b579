#include "eventstore/applier.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "eventstore/own_tables.h"
#include "eventstore/store_batch.h"

namespace meent::eventstore {

std::uint64_t import_progress(const domain::State& state, domain::SourceDigest source) {
  const auto record = domain::find<ImportRecord>(state, source);
  return record ? record->row_count : 0;
}

bool Remembrance::has_passed(const RememberedCommand& command, std::uint64_t position,
                             domain::Timestamp recorded_at) const {
  return position >= command.first_position + positions &&
         recorded_at.ms >= command.recorded_at.ms + ms;
}

namespace {

/// Old records whose ids are forgotten with one new record: more than one, so that it catches up.
constexpr int forgotten_records = 4;
constexpr std::size_t most_platforms_a_read = 1000;

/// One platform while a batch is made: reads see what the batch writes. Kept between batches.
class PlatformWork final : public domain::MutableState {
 public:
  PlatformWork(Store& store, domain::PlatformId id)
      : id_(id), reader_(store.state(id)), tip_(store.tip(id)) {
    is_stopped_ = domain::find<StopRecord>(*reader_, {}).has_value();
  }

  std::optional<std::string> get(std::string_view key) const override {
    const auto found = changes_.find(std::string(key));
    return found != changes_.end() ? found->second : reader_->get(key);
  }
  void put(std::string key, std::string value) override {
    changes_.insert_or_assign(std::move(key), std::move(value));
  }
  void erase(std::string key) override { changes_.insert_or_assign(std::move(key), std::nullopt); }

  /// Moves what was written into the batch, in key order: the store takes that much faster.
  void flush(StoreBatch& batch) {
    std::vector<const Changes::value_type*> changes;
    changes.reserve(changes_.size());
    for (const auto& change : changes_) changes.push_back(&change);
    std::ranges::sort(changes, {},
                      [](const auto* change) { return std::string_view(change->first); });
    for (const auto* change : changes) {
      if (change->second) {
        batch.put_state(id_, change->first, *change->second);
      } else {
        batch.erase_state(id_, change->first);
      }
    }
    std::vector<const Commands::value_type*> commands;
    commands.reserve(commands_.size());
    for (const auto& command : commands_) commands.push_back(&command);
    std::ranges::sort(commands, {}, [](const auto* command) { return command->first; });
    for (const auto* command : commands) batch.put_command(id_, command->first, command->second);
    changes_.clear();
    commands_.clear();
  }

  domain::PlatformId id_;
  std::unique_ptr<StateReader> reader_;
  PlatformTip tip_;
  bool is_stopped_ = false;
  using Commands = std::unordered_map<domain::CommandId, RememberedCommand>;
  Commands commands_;  ///< of this batch

 private:
  using Changes = std::unordered_map<std::string, std::optional<std::string>>;
  Changes changes_;
};

using Events = std::vector<domain::Event>;

std::expected<Events, DecodeError> decode_events(const Record& record) {
  Events events;
  events.reserve(record.header.event_count);
  for (const auto& commit : record.commits) {
    for (const auto& raw : commit.events) {
      auto event = decode_event(raw);
      if (!event) return std::unexpected(std::move(event.error()));
      events.push_back(std::move(*event));
    }
  }
  return events;
}

class StoreApplier final : public Applier {
 public:
  StoreApplier(Store& store, Remembrance remembrance) : store_(store), remembrance_(remembrance) {
    domain::PlatformId after;
    while (true) {
      const auto ids = store_.platforms(after, most_platforms_a_read);
      if (ids.empty()) break;
      for (const auto id : ids) try_again(id);
      after = ids.back();
    }
  }

  std::vector<AppliedEntry> apply(std::span<const LogEntry> entries, bool sync) override {
    std::vector<AppliedEntry> applied;
    applied.reserve(entries.size());
    batch_ = store_.begin();
    for (const auto& entry : entries) {
      if (stopped_partitions_.contains(entry.partition)) continue;
      applied.push_back(apply_one(entry));
      if (std::holds_alternative<Stop>(applied.back().verdict)) {
        stopped_partitions_.insert(entry.partition);
      }
    }
    flush_and_write(sync);
    return applied;
  }

  std::vector<StoppedPlatform> stopped() const override {
    const std::lock_guard lock(stopped_mutex_);
    return stopped_;
  }

 private:
  PlatformWork& work_of(domain::PlatformId id) {
    auto& work = platforms_[id];
    if (!work) work = std::make_unique<PlatformWork>(store_, id);
    return *work;
  }

  void flush_and_write(bool sync) {
    for (auto* work : touched_) work->flush(*batch_);
    touched_.clear();
    store_.write(std::move(batch_), sync);
  }

  PartitionState& partition_of_entry(std::uint32_t number) {
    const auto found = partitions_.find(number);
    if (found != partitions_.end()) return found->second;
    return partitions_.emplace(number, store_.partition(number)).first->second;
  }

  AppliedEntry apply_one(const LogEntry& entry) {
    auto& partition = partition_of_entry(entry.partition);
    auto envelope = decode_envelope(entry.envelope);
    const auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
    const auto header =
        group != nullptr ? decode_record_header(group->record) : std::unexpected(DecodeError{});
    PlatformWork* work = header ? &work_of(header->platform) : nullptr;
    const auto tip =
        work != nullptr ? ChainPoint{work->tip_.position, work->tip_.hash} : ChainPoint{};
    const EntryPlace place{.partition = entry.partition, .offset = entry.offset};
    const auto offset = batch_->next_offset();
    AppliedEntry applied{.entry = place,
                         .verdict = admit(partition, tip, envelope),
                         .envelope = std::nullopt,
                         .record_hash = std::nullopt};
    if (group != nullptr) applied.record_hash = hash_of(group->record);
    if (const auto* reason = std::get_if<Void>(&applied.verdict)) {
      batch_->put_envelope(offset, place, reason->reason, entry.envelope);
    } else if (std::holds_alternative<Apply>(applied.verdict)) {
      batch_->put_envelope(offset, place, std::nullopt, entry.envelope);
      if (group != nullptr) {
        applied.changed_state =
            apply_record(offset, *work, *header, *applied.record_hash, group->record);
      } else {
        apply_other(entry.partition, partition, *envelope);
      }
    }
    if (envelope) applied.envelope = std::move(*envelope);
    return applied;
  }

  void apply_other(std::uint32_t number, PartitionState& partition, const Envelope& envelope) {
    if (const auto* genesis = std::get_if<Genesis>(&envelope.body)) {
      partition.genesis = *genesis;
    } else if (const auto* claim = std::get_if<Claim>(&envelope.body)) {
      partition.url = claim->url;
      partition.epoch = envelope.epoch;
      partition.claimant = envelope.writer;
    } else {
      batch_->put_checkpoint(std::get<CheckpointMark>(envelope.body));
      return;
    }
    batch_->put_partition(number, partition);
  }

  /// The chain goes on even where the state cannot: admission never depends on what events mean.
  bool apply_record(std::uint64_t offset, PlatformWork& work, const RecordHeader& header,
                    const Hash& hash, std::string_view bytes) {
    touched_.insert(&work);
    const auto record = decode_record(bytes);
    if (record) work.tip_.recorded_at = record->commits.back().recorded_at;
    work.tip_.position = header.last_position();
    work.tip_.hash = hash;
    batch_->put_record(offset, header, hash, work.tip_.recorded_at);
    if (work.is_stopped_) return false;
    return fold(work, header.base_position, record);
  }

  void stop(PlatformWork& work, std::uint64_t position, std::string why) {
    work.is_stopped_ = true;
    domain::put(work, {}, StopRecord{.position = position, .why = why});
    const std::lock_guard lock(stopped_mutex_);
    stopped_.push_back({.platform = work.id_, .position = position, .why = std::move(why)});
  }

  /// All of one record or, when something in it cannot be read, nothing: then the platform stops.
  bool fold(PlatformWork& work, std::uint64_t base_position,
            const std::expected<Record, DecodeError>& record) {
    const auto events = record ? decode_events(*record) : std::unexpected(record.error());
    if (!events) {
      stop(work, base_position, events.error().what);
      return false;
    }
    fold_events(work, *record, *events);
    return true;
  }

  /// State, command ids and import progress of one record.
  void fold_events(PlatformWork& work, const Record& record, const Events& events) {
    domain::EventContext context{.platform = work.id_,
                                 .position = record.header.base_position,
                                 .actor = {},
                                 .recorded_at = {},
                                 .occurred_at = {}};
    auto event = events.begin();
    for (const auto& commit : record.commits) {
      context.actor = commit.actor;
      context.recorded_at = commit.recorded_at;
      context.occurred_at = commit.occurred_at;
      const auto first_position = context.position;
      for (std::size_t i = 0; i < commit.events.size(); ++i) {
        domain::evolve(work, *event++, context);
        ++context.position;
      }
      work.commands_.insert_or_assign(
          commit.command_id,
          RememberedCommand{.request_mac = commit.request_mac,
                            .first_position = first_position,
                            .event_count = static_cast<std::uint32_t>(commit.events.size()),
                            .recorded_at = commit.recorded_at});
      if (commit.import_progress) {
        domain::put(work, commit.import_progress->source,
                    ImportRecord{commit.import_progress->row_count});
      }
    }
    forget_commands(work, record.header.last_position(), context.recorded_at);
  }

  void forget_commands(PlatformWork& work, std::uint64_t position, domain::Timestamp now) {
    if (position <= remembrance_.positions) return;
    auto expiry = domain::find<ExpiryRecord>(work, {}).value_or(ExpiryRecord{});
    bool has_moved = false;
    for (int i = 0; i < forgotten_records; ++i) {
      const auto passed = [&](domain::Timestamp then, std::uint64_t last) {
        return remembrance_.has_passed(
            {.request_mac = {}, .first_position = last, .event_count = 1, .recorded_at = then},
            position, now);
      };
      if (!passed(expiry.recorded_at, expiry.next_position)) break;
      const auto stored = store_.record_at(work.id_, expiry.next_position);
      const auto record = stored ? decode_record(stored->bytes) : std::unexpected(DecodeError{});
      // Not to be read (still in this batch, or stopped here once): its ids are kept.
      if (!record) break;
      has_moved = true;
      expiry.recorded_at = record->commits.back().recorded_at;
      if (!passed(expiry.recorded_at, record->header.last_position())) break;
      forget(work, *record);
      expiry = {.next_position = record->header.last_position() + 1, .recorded_at = {}};
    }
    if (has_moved) domain::put(work, {}, expiry);
  }

  void forget(PlatformWork& work, const Record& record) {
    for (const auto& commit : record.commits) {
      if (work.commands_.contains(commit.command_id)) continue;
      const auto stored = store_.command(work.id_, commit.command_id);
      // An id that was used again since is the newer commit's.
      if (stored && stored->first_position <= record.header.last_position()) {
        batch_->erase_command(work.id_, commit.command_id);
      }
    }
  }

  /// Applies a stopped platform's records from where it stopped, as far as they can be.
  void try_again(domain::PlatformId id) {
    const auto stop_record = domain::find<StopRecord>(*store_.state(id), {});
    if (!stop_record) return;
    auto& work = work_of(id);
    work.is_stopped_ = false;
    for (auto position = stop_record->position; position <= work.tip_.position;) {
      const auto stored = store_.record_at(id, position);
      if (!stored)
        throw StorageError(
            "platform " + id.text() + " has no record at position " + std::to_string(position),
            false);
      batch_ = store_.begin();
      touched_.insert(&work);
      domain::erase<StopRecord>(work, {});
      const auto record = decode_record(stored->bytes);
      if (!fold(work, position, record)) return flush_and_write(true);
      position = record->header.last_position() + 1;
      if (position <= work.tip_.position) {
        domain::put(work, {}, StopRecord{.position = position, .why = "not applied yet"});
      }
      flush_and_write(true);
    }
  }

  Store& store_;
  Remembrance remembrance_;
  std::unordered_map<std::uint32_t, PartitionState> partitions_;
  std::unordered_set<std::uint32_t> stopped_partitions_;
  std::unique_ptr<StoreBatch> batch_;
  std::unordered_map<domain::PlatformId, std::unique_ptr<PlatformWork>> platforms_;
  std::unordered_set<PlatformWork*> touched_;
  mutable std::mutex stopped_mutex_;
  std::vector<StoppedPlatform> stopped_;
};

}  // namespace

std::unique_ptr<Applier> Applier::make(Store& store, Remembrance remembrance) {
  return std::make_unique<StoreApplier>(store, remembrance);
}

}  // namespace meent::eventstore
