#include "eventstore/log_writer.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace meent::eventstore {

namespace {

// Far fewer events than command ids are remembered for, so that batching never shows.
constexpr std::size_t most_bytes_a_batch = 8 << 20;
constexpr int most_claims = 16;
constexpr std::chrono::milliseconds at_once{0};
constexpr std::chrono::seconds sync_interval{1};

template <class Id>
Id drawn() {
  domain::IdBytes bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return Id(bytes);
}

}  // namespace

std::size_t LogWriter::HashOfHash::operator()(const Hash& hash) const {
  std::size_t out = 0;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

LogWriter::LogWriter(Log& log, Store& store, Keys& keys, const SequencerOptions& options)
    : log_(log), store_(store), keys_(keys), options_(options), applier_(Applier::make(store)) {
  if (sodium_init() < 0) throw StorageError("libsodium cannot start.", false);
  writer_ = drawn<WriterId>();
}

domain::LogId LogWriter::log_id() const {
  const auto partition = store_.partition();
  return partition.genesis ? partition.genesis->log_id : domain::LogId();
}

void LogWriter::take_over() {
  log_.seek(store_.next_offset());
  while (true) {
    const auto entries = read(at_once);
    if (entries.empty()) break;
    apply(entries);
  }
  if (!store_.partition().genesis) {
    log_.append(std::vector{encode_envelope(
        {.epoch = 0,
         .writer = {},
         .body = Genesis{.log_id = drawn<domain::LogId>(), .partition = 0, .partitions = 1}})});
    const auto end = Clock::now() + options_.longest_read_back;
    while (!store_.partition().genesis) {
      apply(read(options_.longest_read_back));
      if (Clock::now() > end) throw StorageError("The log's first envelope did not appear.", true);
    }
  }
  claim();
}

void LogWriter::claim() {
  for (int i = 0; i < most_claims; ++i) {
    epoch_ = store_.partition().epoch + 1;
    log_.append(std::vector{
        encode_envelope({.epoch = epoch_, .writer = writer_, .body = Claim{.url = options_.url}})});
    const auto end = Clock::now() + options_.longest_read_back;
    while (store_.partition().epoch < epoch_ && Clock::now() < end) {
      apply(read(options_.longest_read_back));
    }
    // An epoch that was reached by another's claim is a lost race: try the next.
    if (store_.partition().claimant == writer_) return;
  }
  throw StorageError("The partition could not be claimed: other writers keep claiming it.", true);
}

void LogWriter::append(std::vector<std::unique_ptr<OpenGroup>> groups) {
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
  keys_.sync();
  write(envelopes_);
}

void LogWriter::write(const std::vector<std::string>& envelopes) {
  ++write_count;
  written_at_ = Clock::now();
  try {
    log_.append(envelopes);
  } catch (const StorageError&) {
    // Whether it is there is settled by what comes back (LOG.md §3), never guessed.
    if (!must_poll()) throw;
    written_at_ = Clock::now() - options_.longest_read_back;
  }
}

std::vector<LogEntry> LogWriter::read(std::chrono::milliseconds wait) {
  std::vector<LogEntry> entries;
  for (std::size_t bytes = 0; bytes < most_bytes_a_batch;) {
    auto entry = log_.next(entries.empty() ? wait : at_once);
    if (!entry) break;
    bytes += entry->envelope.size();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

std::vector<AppliedEntry> LogWriter::apply(const std::vector<LogEntry>& entries) {
  if (entries.empty()) return {};
  const auto now = Clock::now();
  const bool sync = !must_poll() || now - synced_at_ >= sync_interval;
  if (sync) synced_at_ = now;
  auto applied = applier_->apply(entries, sync);
  if (!applied.empty()) {
    if (const auto* stop = std::get_if<Stop>(&applied.back().verdict)) {
      throw StorageError("The log cannot be followed beyond offset " +
                             std::to_string(applied.back().offset) + ": " + name_of(stop->reason) +
                             '.',
                         false);
    }
  }
  return applied;
}

std::vector<GroupEnd> LogWriter::follow(std::chrono::milliseconds wait) {
  std::vector<GroupEnd> ends;
  std::vector<LogEntry> entries;
  try {
    entries = read(wait);
  } catch (const StorageError&) {
    if (!must_poll()) throw;  // a broker may be back soon; a disk will not
  }
  for (const auto& entry : apply(entries)) settle(entry, ends);
  if (is_fenced_) give_up_on_all(ends);
  if (in_flight_.empty()) {
    is_uncertain_ = false;
    if (!ends.empty()) ends.back().is_last = true;
  } else if (Clock::now() - written_at_ >= options_.longest_read_back) {
    retry(ends);
  }
  return ends;
}

void LogWriter::settle(const AppliedEntry& entry, std::vector<GroupEnd>& ends) {
  if (!entry.envelope) return;
  const bool is_applied = std::holds_alternative<Apply>(entry.verdict);
  if (std::holds_alternative<Claim>(entry.envelope->body)) {
    if (is_applied && entry.envelope->writer != writer_) is_fenced_ = true;
    return;
  }
  if (!entry.record_hash) return;
  auto mine = in_flight_.extract(*entry.record_hash);
  if (mine.empty()) {
    if (!is_applied) return;
    auto other = std::make_unique<OpenGroup>();
    const auto& record = std::get<Group>(entry.envelope->body).record;
    other->platform = decode_record_header(record).value().platform;
    ends.push_back({.group = std::move(other), .fate = Fate::foreign});
    return;
  }
  const auto fate = !is_applied ? Fate::lost : (entry.changed_state ? Fate::applied : Fate::stuck);
  ends.push_back({.group = std::move(mine.mapped()), .fate = fate});
}

void LogWriter::give_up_on_all(std::vector<GroupEnd>& ends) {
  for (auto& [hash, group] : in_flight_) {
    ends.push_back({.group = std::move(group), .fate = Fate::lost});
  }
  in_flight_.clear();
}

void LogWriter::retry(std::vector<GroupEnd>& ends) {
  for (auto& [hash, group] : in_flight_) {
    if (is_uncertain_) break;  // told before
    auto told = std::make_unique<OpenGroup>();
    told->platform = group->platform;
    told->answers = std::exchange(group->answers, {});
    ends.push_back({.group = std::move(told), .fate = Fate::uncertain});
  }
  is_uncertain_ = true;
  // The same bytes again: whichever copy comes first counts, the other is a duplicate.
  write(envelopes_);
}

}  // namespace meent::eventstore
