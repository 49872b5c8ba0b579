#include "eventstore/partition_writer.h"

#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace meent::eventstore {

namespace {

template <class Id>
Id drawn(const SequencerOptions& options) {
  domain::IdBytes bytes{};
  if (options.random) {
    options.random(bytes);
  } else {
    randombytes_buf(bytes.data(), bytes.size());
  }
  return Id(bytes);
}

}  // namespace

std::size_t PartitionWriter::HashOfHash::operator()(const Hash& hash) const {
  std::size_t out = 0;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

PartitionWriter::PartitionWriter(Log& log, Store& store, Keys& keys,
                                 const SequencerOptions& options, std::uint32_t number)
    : log_(log), store_(store), keys_(keys), options_(options), number_(number) {
  if (sodium_init() < 0) throw StorageError("libsodium cannot start.", false);
}

void PartitionWriter::begin_log(SteadyTime now) {
  if (store_.partition(number_).genesis) return;
  write({encode_envelope({.epoch = 0,
                          .writer = {},
                          .body = Genesis{.log_id = drawn<domain::LogId>(options_),
                                          .partition = number_,
                                          .partitions = log_.partitions()}})},
        now);
}

void PartitionWriter::claim(std::string url, SteadyTime now) {
  if (role_ != PartitionRole::following) return;
  writer_ = drawn<WriterId>(options_);
  epoch_ = store_.partition(number_).epoch + 1;
  role_ = PartitionRole::claiming;
  write(
      {encode_envelope({.epoch = epoch_, .writer = writer_, .body = Claim{.url = std::move(url)}})},
      now);
}

void PartitionWriter::append(std::vector<std::unique_ptr<OpenGroup>> groups, SteadyTime now) {
  // A group that was decided before another took over is never written: its fate is known.
  if (role_ != PartitionRole::owning || groups.front()->epoch != epoch_) {
    for (auto& group : groups) lost_.push_back(std::move(group));
    return;
  }
  envelopes_.clear();
  std::unordered_map<domain::PlatformId, Hash> ends;
  for (auto& group : groups) {
    const auto before = ends.find(group->platform);
    if (before != ends.end()) group->prev_hash = before->second;
    auto record = encode_record({.platform = group->platform,
                                 .base_position = group->base_position,
                                 .event_count = group->event_count,
                                 .prev_hash = group->prev_hash},
                                group->commit_count, group->commits);
    group->hash = hash_of(record);
    ends.insert_or_assign(group->platform, group->hash);
    group->commits = {};
    envelopes_.push_back(encode_envelope(
        {.epoch = epoch_, .writer = writer_, .body = Group{.record = std::move(record)}}));
    in_flight_.emplace(group->hash, std::move(group));
  }
  // A key is durable before the first group that uses it.
  try {
    keys_.sync();
  } catch (const StorageError& error) {
    if (error.outcome_is_unknown() || log_.durability() != Log::Durability::when_read) throw;
    for (auto& [hash, group] : in_flight_) lost_.push_back(std::move(group));
    in_flight_.clear();
    return;
  }
  write(envelopes_, now);
}

void PartitionWriter::append_records(const std::vector<std::string>& records) {
  if (role_ != PartitionRole::owning) return;
  std::vector<std::string> envelopes;
  envelopes.reserve(records.size());
  for (const auto& record : records) {
    envelopes.push_back(
        encode_envelope({.epoch = epoch_, .writer = writer_, .body = Group{.record = record}}));
  }
  ++write_count;
  try {
    log_.append(number_, envelopes);
  } catch (const StorageError&) {
    if (log_.durability() != Log::Durability::when_read) throw;
  }
}

void PartitionWriter::append_checkpoint(const CheckpointMark& mark) {
  if (role_ != PartitionRole::owning) return;
  try {
    log_.append(number_,
                std::vector{encode_envelope({.epoch = epoch_, .writer = writer_, .body = mark})});
  } catch (const StorageError&) {
    if (log_.durability() != Log::Durability::when_read) throw;
  }
}

void PartitionWriter::write(const std::vector<std::string>& envelopes, SteadyTime now) {
  ++write_count;
  written_at_ = now;
  try {
    log_.append(number_, envelopes);
  } catch (const StorageError&) {
    // Whether it is there is settled by what comes back (LOG.md §3), never guessed.
    if (log_.durability() != Log::Durability::when_read) throw;
    written_at_ = now - options_.longest_read_back;
  }
}

void PartitionWriter::settle(const AppliedEntry& entry, std::vector<GroupEnd>& ends) {
  if (const auto* stop = std::get_if<Stop>(&entry.verdict)) {
    role_ = PartitionRole::stopped;
    stopped_why_ = "Partition " + std::to_string(number_) +
                   " of the log cannot be followed beyond offset " +
                   std::to_string(entry.entry.offset) + ": " + name_of(stop->reason) + '.';
    return;
  }
  if (!entry.envelope) return;
  const bool is_applied = std::holds_alternative<Apply>(entry.verdict);
  if (std::holds_alternative<Claim>(entry.envelope->body)) {
    if (is_applied) settle_claim(entry);
    return;
  }
  if (!entry.record_hash) return;
  auto mine = in_flight_.extract(*entry.record_hash);
  if (mine.empty()) {
    if (!is_applied || role_ != PartitionRole::owning) return;
    auto other = std::make_unique<OpenGroup>();
    const auto& record = std::get<Group>(entry.envelope->body).record;
    other->epoch = epoch_;
    other->platform = decode_record_header(record).value().platform;
    ends.push_back({.group = std::move(other), .fate = Fate::foreign});
    return;
  }
  const auto fate = !is_applied ? Fate::lost : (entry.changed_state ? Fate::applied : Fate::stuck);
  ends.push_back({.group = std::move(mine.mapped()), .fate = fate});
}

void PartitionWriter::settle_claim(const AppliedEntry& entry) {
  if (role_ == PartitionRole::stopped) return;
  if (entry.envelope->writer == writer_) {
    // Ours, also when it landed after it was given up: the log says so.
    epoch_ = entry.envelope->epoch;
    role_ = PartitionRole::owning;
  } else {
    role_ = PartitionRole::following;
  }
}

void PartitionWriter::follow_up(SteadyTime now, std::vector<GroupEnd>& ends) {
  for (auto& group : lost_) ends.push_back({.group = std::move(group), .fate = Fate::lost});
  lost_.clear();
  if (role_ != PartitionRole::owning && !in_flight_.empty()) {
    const auto fate = role_ == PartitionRole::stopped ? Fate::uncertain : Fate::lost;
    for (auto& [hash, group] : in_flight_) {
      ends.push_back({.group = std::move(group), .fate = fate});
    }
    in_flight_.clear();
  }
  const bool is_late = now - written_at_ >= options_.longest_read_back;
  if (role_ == PartitionRole::claiming && is_late) role_ = PartitionRole::following;
  if (in_flight_.empty()) {
    is_uncertain_ = false;
    if (!ends.empty()) ends.back().is_last = true;
  } else if (is_late) {
    retry(now, ends);
  }
}

void PartitionWriter::retry(SteadyTime now, std::vector<GroupEnd>& ends) {
  for (auto& [hash, group] : in_flight_) {
    if (is_uncertain_) break;  // told before
    auto told = std::make_unique<OpenGroup>();
    told->platform = group->platform;
    told->epoch = group->epoch;
    told->answers = std::exchange(group->answers, {});
    ends.push_back({.group = std::move(told), .fate = Fate::uncertain});
  }
  is_uncertain_ = true;
  // The same bytes again: whichever copy comes first counts, the other is a duplicate.
  write(envelopes_, now);
}

}  // namespace meent::eventstore
