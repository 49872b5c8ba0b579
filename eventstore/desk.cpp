#include "eventstore/desk.h"

#include <algorithm>

namespace meent::eventstore {

namespace {

constexpr std::size_t most_bytes_a_write = 16 << 20;
constexpr int most_groups_a_lane = 4;  ///< in one write, where more commands wait than one holds

}  // namespace

Unavailable unavailable(Unavailable::Why why, std::string detail) {
  return {.why = why, .detail = std::move(detail)};
}

const Unavailable& outcome_unknown() {
  static const auto answer =
      unavailable(Unavailable::Why::outcome_unknown,
                  "The log has not confirmed what was written last. Repeat with the same key.");
  return answer;
}

const Unavailable& moved() {
  static const auto answer =
      unavailable(Unavailable::Why::moved,
                  "Another node writes this partition now; nothing was written here. Repeat with "
                  "the same key.");
  return answer;
}

void give_outcome(Answer& answer, const GroupEnd& end, const PartitionWriter& writer) {
  switch (end.fate) {
    case Fate::applied:
      if (auto* accepted = std::get_if<Accepted>(&answer.outcome)) {
        accepted->record_hash = end.group->hash;
      }
      return;
    case Fate::uncertain: answer.outcome = outcome_unknown(); return;
    case Fate::lost:
      answer.outcome = writer.role() == PartitionRole::owning && writer.epoch() == end.group->epoch
                           ? outcome_unknown()
                           : moved();
      return;
    case Fate::foreign: return;
    case Fate::stuck:
      answer.outcome = unavailable(Unavailable::Why::platform_stopped,
                                   "What was written cannot be read here; the platform stopped.");
  }
}

Desk::Desk(const Store& store, const Keys& keys, std::uint32_t number, Stopped stopped)
    : store_(store), keys_(keys), number_(number), stopped_(std::move(stopped)) {}

void Desk::begin(std::uint64_t epoch, std::vector<Answer>& immediate) {
  if (epoch == epoch_) return;
  epoch_ = epoch;
  discard_all(moved(), immediate);
  ready_.clear();
  lanes_.clear();
  is_settling_ = false;
}

void Desk::stop_if_stopped(Lane& lane) const {
  for (const auto& one : stopped_()) {
    if (one.platform == lane.id()) lane.stop(one.why);
  }
}

Lane& Desk::lane_of(domain::PlatformId id) {
  auto& lane = lanes_[id];
  if (!lane) {
    const auto genesis = store_.partition(number_).genesis;
    lane = std::make_unique<Lane>(store_, keys_, id, genesis ? genesis->log_id : domain::LogId());
    stop_if_stopped(*lane);
  }
  return *lane;
}

void Desk::decide(Pending& pending, domain::Timestamp now, std::vector<Answer>& immediate) {
  const auto id = pending.submission.platform;
  if (pending.submission.after > store_.tip(id).position) {
    immediate.push_back({std::move(pending.done), moved()});
    return;
  }
  auto& lane = lane_of(id);
  try {
    lane.decide(pending, now, immediate);
  } catch (const StorageError& error) {
    if (error.outcome_is_unknown()) throw;
    immediate.push_back(
        {std::move(pending.done), unavailable(Unavailable::Why::platform_stopped, error.what())});
  }
  if (lane.is_unknown() && lane.is_idle()) {
    lanes_.erase(id);
  } else {
    queue(lane);
  }
}

void Desk::queue(Lane& lane) {
  if (lane.is_ready || !lane.has_group()) return;
  lane.is_ready = true;
  ready_.push_back(&lane);
}

std::vector<std::unique_ptr<OpenGroup>> Desk::take_groups(std::vector<Answer>& immediate) {
  std::vector<std::unique_ptr<OpenGroup>> groups;
  std::size_t bytes = 0;
  while (!ready_.empty() && bytes < most_bytes_a_write) {
    auto* lane = ready_.front();
    ready_.pop_front();
    lane->is_ready = false;
    if (!lane->has_group()) continue;
    auto group = lane->take_group();
    if (group->commit_count == 0) {
      for (auto& answer : group->answers) immediate.push_back(std::move(answer));
      queue(*lane);
      continue;
    }
    groups.push_back(std::move(group));
    for (int i = 1; i < most_groups_a_lane && lane->has_follower(); ++i) {
      groups.push_back(lane->take_group());
    }
    for (auto at = groups.size(); at > 0 && groups[at - 1]->epoch == 0; --at) {
      groups[at - 1]->epoch = epoch_;
      bytes += groups[at - 1]->commits.size();
    }
  }
  return groups;
}

std::vector<Pending> Desk::finish(GroupEnd& end, bool is_owner, std::vector<Answer>& immediate) {
  std::vector<Pending> again;
  if (end.group->epoch != epoch_) return again;  // its lanes are gone, its answers given
  const auto start_over = [&](const Unavailable& instead) {
    auto& lane = lane_of(end.group->platform);
    lane.discard(instead, immediate);
    stop_if_stopped(lane);
  };
  switch (end.fate) {
    case Fate::applied:
      if (const auto found = lanes_.find(end.group->platform);
          found != lanes_.end() && !is_settling_) {
        again = found->second->settle(*end.group);
        queue(*found->second);
      }
      break;
    case Fate::uncertain:
      is_settling_ = true;
      discard_all(outcome_unknown(), immediate);
      break;
    case Fate::lost: discard_all(is_owner ? outcome_unknown() : moved(), immediate); break;
    case Fate::stuck:
      start_over(unavailable(Unavailable::Why::platform_stopped, "The platform is stopped."));
      break;
    case Fate::foreign: start_over(outcome_unknown()); break;
  }
  if (end.is_last && is_settling_) {
    // After uncertainty every lane starts from what is applied.
    discard_all(outcome_unknown(), immediate);
    is_settling_ = false;
  }
  return again;
}

void Desk::discard_all(const Unavailable& instead, std::vector<Answer>& immediate) {
  for (auto& [id, lane] : lanes_) lane->discard(instead, immediate);
}

void Desk::abandon() {
  ready_.clear();
  lanes_.clear();
}

bool Desk::is_idle() const {
  if (is_settling_) return true;
  return std::ranges::all_of(lanes_, [](const auto& one) { return one.second->is_idle(); });
}

std::size_t Desk::entry_count() const {
  std::size_t count = 0;
  for (const auto& [id, lane] : lanes_) count += lane->entry_count();
  return count;
}

void Desk::drop_settled() {
  for (const auto& [id, lane] : lanes_) lane->drop_settled();
}

}  // namespace meent::eventstore
