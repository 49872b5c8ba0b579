#include "tests/simulation/truth.h"

#include <algorithm>

#include "eventstore/codec.h"
#include "tests/simulation/broker.h"

namespace meent::simulation {

using namespace eventstore;

namespace {

/// What a node may not have seen when it judges: how long it may go without the log's end, and how
/// late it may hear of it.
constexpr Millis longest_unseen = Millis(1000) + longest_read_delay + Millis(100);
constexpr TruthVerdict applied{.is = TruthVerdict::Is::applied, .why = std::nullopt};
constexpr TruthVerdict stopped{.is = TruthVerdict::Is::stopped, .why = std::nullopt};
constexpr TruthVerdict voided(VoidReason why) {
  return {.is = TruthVerdict::Is::void_, .why = why};
}

/// The state as it was at one position.
class StateThen final : public domain::State {
 public:
  StateThen(const PlatformTruth& platform, std::uint64_t at) : platform_(platform), at_(at) {}
  std::optional<std::string> get(std::string_view key) const override {
    return platform_.get_at(key, at_);
  }

 private:
  const PlatformTruth& platform_;
  std::uint64_t at_;
};

}  // namespace

// One platform -----------------------------------------------------------------------------------

std::optional<std::string> PlatformTruth::get_at(std::string_view key, std::uint64_t at) const {
  const auto found = changes_.find(key);
  if (found == changes_.end()) return std::nullopt;
  const auto& versions = found->second;
  const auto after = std::ranges::upper_bound(versions, at, {}, &Versions::value_type::first);
  return after == versions.begin() ? std::nullopt : std::prev(after)->second;
}

std::map<std::string, std::string> PlatformTruth::standing() const {
  std::map<std::string, std::string> out;
  for (const auto& [key, versions] : changes_) {
    if (versions.back().second) out.emplace(key, *versions.back().second);
  }
  return out;
}

std::uint64_t PlatformTruth::position_at(SteadyTime time) const {
  const auto after = std::ranges::upper_bound(records, time, {}, &TruthRecord::landed_at);
  return after == records.begin() ? 0 : std::prev(after)->last_position;
}

const TruthRecord* PlatformTruth::record_of(std::uint64_t at) const {
  const auto found = std::ranges::lower_bound(records, at, {}, &TruthRecord::last_position);
  return found == records.end() || at == 0 ? nullptr : &*found;
}

// The log ----------------------------------------------------------------------------------------

void Truth::land(const LogEntry& entry, SteadyTime at) {
  auto& partition = partitions_[entry.partition];
  if (partition.is_stopped) return;
  const auto verdict = judge(partition, entry, at);
  partition.is_stopped = verdict.is == TruthVerdict::Is::stopped;
  partition.verdicts[entry.offset] = verdict;
}

TruthVerdict Truth::judge(Partition& partition, const LogEntry& entry, SteadyTime at) {
  const auto envelope = decode_envelope(entry.envelope);
  if (!envelope) {
    if (envelope.error() == EnvelopeError::unknown_version) return stopped;
    return voided(envelope.error() == EnvelopeError::foreign ? VoidReason::foreign
                                                             : VoidReason::damaged);
  }
  if (const auto* genesis = std::get_if<Genesis>(&envelope->body)) {
    if (partition.genesis) return voided(VoidReason::misplaced);
    partition.genesis = *genesis;
    return applied;
  }
  if (!partition.genesis) return stopped;
  if (std::holds_alternative<Claim>(envelope->body)) {
    if (envelope->epoch > partition.epoch + 1) return stopped;
    if (envelope->epoch != partition.epoch + 1) return voided(VoidReason::lost_race);
    partition.epoch = envelope->epoch;
    partition.claimant = envelope->writer;
    partition.claimed_at = at;
    return applied;
  }
  if (envelope->epoch > partition.epoch) return stopped;
  const bool is_owner =
      envelope->epoch == partition.epoch && envelope->writer == partition.claimant;
  if (!is_owner) return voided(VoidReason::zombie);
  if (const auto* group = std::get_if<Group>(&envelope->body)) {
    return judge_record(partition, group->record, at);
  }
  const auto& mark = std::get<CheckpointMark>(envelope->body);
  const bool is_here =
      partition_of(mark.platform, partition.genesis->partitions) == partition.genesis->partition;
  return is_here ? applied : voided(VoidReason::misplaced);
}

TruthVerdict Truth::judge_record(const Partition& partition, const std::string& bytes,
                                 SteadyTime at) {
  if (has_unknown_version(bytes)) return stopped;
  const auto header = decode_record_header(bytes);
  if (!header) return voided(VoidReason::damaged);
  const auto home = partition_of(header->platform, partition.genesis->partitions);
  if (home != partition.genesis->partition) return voided(VoidReason::misplaced);
  auto& platform = platforms_[header->platform];
  if (platform.position == 0) platform.hash = first_prev_hash(header->platform);
  if (header->base_position != platform.position + 1 || header->prev_hash != platform.hash) {
    return voided(VoidReason::duplicate);
  }
  platform.position = header->last_position();
  platform.hash = hash_of(bytes);
  platform.records.push_back({.base_position = header->base_position,
                              .last_position = header->last_position(),
                              .hash = platform.hash,
                              .landed_at = at});
  const auto record = decode_record(bytes);
  if (!record) {
    if (!platform.undecodable_at) platform.undecodable_at = header->base_position;
  } else {
    apply(platform, *record, at);
  }
  return applied;
}

void Truth::apply(PlatformTruth& platform, const Record& record, SteadyTime) {
  domain::EventContext context{.platform = record.header.platform,
                               .position = record.header.base_position,
                               .actor = {},
                               .recorded_at = {},
                               .occurred_at = {}};
  for (const auto& commit : record.commits) {
    if (commit.recorded_at < platform.recorded_at) fail_("recorded_at went back in a history");
    platform.recorded_at = commit.recorded_at;
    const auto is_new = platform.first_positions.emplace(commit.command_id, context.position);
    if (!is_new.second) {
      fail_("command " + commit.command_id.text() + " is in the history twice, at " +
            std::to_string(is_new.first->second) + " and " + std::to_string(context.position));
    }
    context.actor = commit.actor;
    context.recorded_at = commit.recorded_at;
    context.occurred_at = commit.occurred_at;
    for (const auto& raw : commit.events) {
      const auto event = decode_event(raw);
      if (!event && !platform.undecodable_at) platform.undecodable_at = record.header.base_position;
      platform.writing_at = context.position;
      if (event && !platform.undecodable_at) domain::evolve(platform, *event, context);
      ++context.position;
    }
    platform.commit_ends.push_back(context.position - 1);
  }
}

const PlatformTruth& Truth::platform(domain::PlatformId id) const {
  static const PlatformTruth nothing;
  const auto found = platforms_.find(id);
  return found == platforms_.end() ? nothing : found->second;
}

const TruthVerdict* Truth::verdict(std::uint32_t partition, std::uint64_t offset) const {
  const auto& verdicts = partitions_[partition].verdicts;
  const auto found = verdicts.find(offset);
  return found == verdicts.end() ? nullptr : &found->second;
}

std::size_t Truth::count_of(TruthVerdict::Is is) const {
  std::size_t count = 0;
  for (const auto& partition : partitions_) {
    for (const auto& [offset, verdict] : partition.verdicts) count += verdict.is == is ? 1U : 0U;
  }
  return count;
}

bool Truth::check_acknowledged(domain::PlatformId id, const Accepted& accepted) const {
  const auto* record = platform(id).record_of(accepted.last_position);
  if (record != nullptr && record->hash == accepted.record_hash) return true;
  fail_("acknowledged, but not in the log at position " + std::to_string(accepted.last_position));
  return false;
}

std::uint64_t Truth::check_refused(const Judged& judged, const domain::Rejection& rejection,
                                   std::uint64_t applied_to) const {
  const auto seen =
      platform(judged.submission.platform).position_at(judged.submitted_at - longest_unseen);
  const auto low = std::max({judged.submission.after, judged.tip, seen});
  if (!is_true(judged.submission, rejection, low, applied_to)) {
    fail_("refused (" + std::string(domain::explain(rejection).code) +
          "), which is not true between positions " + std::to_string(low) + " and " +
          std::to_string(applied_to));
  }
  return low;
}

bool Truth::is_true(const Submission& submission, const domain::Rejection& rejection,
                    std::uint64_t low, std::uint64_t high) const {
  const auto& truth = platform(submission.platform);
  const auto holds_at = [&](std::uint64_t position) {
    const StateThen state(truth, position);
    const domain::Context context{.platform = submission.platform,
                                  .actor = submission.actor,
                                  .role = submission.role,
                                  .recorded_at = truth.recorded_at,
                                  .occurred_at = submission.occurred_at};
    const auto decided = domain::decide(state, submission.command, context);
    return !decided && decided.error() == rejection;
  };
  if (holds_at(low)) return true;
  auto end = std::ranges::upper_bound(truth.commit_ends, low);
  for (; end != truth.commit_ends.end() && *end <= high; ++end) {
    if (holds_at(*end)) return true;
  }
  return false;
}

}  // namespace meent::simulation
