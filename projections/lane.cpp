#include "projections/lane.h"

#include <algorithm>
#include <limits>

namespace meent::projections {
namespace {

constexpr std::chrono::milliseconds idle_wait{50};
constexpr std::chrono::milliseconds waiters_wait{10};
constexpr std::chrono::seconds space_wait{1};
/// A built view goes to its live lane when it is this near: the lane takes the rest in its stride.
constexpr std::uint64_t near_envelopes = 64;

/// Why the batch does not follow what the view has, if it does not.
std::optional<std::string> gap_between(const Member& member, const ReadBatch& batch) {
  for (const auto& joint : batch.joints) {
    const auto mark = member.at.platforms.find(joint.platform);
    const bool begins = mark == member.at.platforms.end();
    if (member.passes_over_repeats && !begins && joint.base_position <= mark->second.position) {
      continue;
    }
    const ChainMark before =
        begins ? ChainMark{0, eventstore::first_prev_hash(joint.platform)} : mark->second;
    if (before.position + 1 != joint.base_position || before.hash != joint.prev_hash) {
      return "position " + std::to_string(joint.base_position) + " of platform " +
             joint.platform.text() + " does not follow position " +
             std::to_string(before.position) + " of the view";
    }
  }
  return std::nullopt;
}

void advance(Member& member, const Checkpoint& reached) {
  member.at.next_offset = reached.next_offset;
  for (const auto& [platform, mark] : reached.platforms) {
    auto& before = member.at.platforms[platform];
    if (mark.position > before.position) before = mark;
  }
}

}  // namespace

Lane::Lane(const eventstore::Store& store, const RunnerOptions& options, Purpose purpose,
           StoppedPlatforms& stopped, LaneEvents& events)
    : store_(store),
      options_(options),
      purpose_(purpose),
      events_(events),
      reader_(store, stopped) {}

void Lane::adopt(Member member) {
  const std::scoped_lock lock(mutex_);
  inbox_.push_back(std::move(member));
  adopted_.notify_one();
}

void Lane::hurry() {
  const std::scoped_lock lock(mutex_);
  is_hurried_ = true;
  adopted_.notify_one();
}

void Lane::run() {
  thread_ = std::jthread([this](std::stop_token stopping) { loop(std::move(stopping)); });
}

void Lane::stop() {
  thread_.request_stop();
  adopted_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::chrono::milliseconds Lane::silent() const {
  const Clock::duration since = Clock::now().time_since_epoch() - Clock::duration(last_sign_);
  return last_sign_ == 0 ? std::chrono::milliseconds(0)
                         : std::chrono::duration_cast<std::chrono::milliseconds>(since);
}

void Lane::loop(std::stop_token stopping) {
  while (!stopping.stop_requested()) {
    const auto began = Clock::now();
    last_sign_ = began.time_since_epoch().count();
    take_adopted();
    if (purpose_ == Purpose::building && members_.empty()) break;
    bool worked = false;
    try {
      worked = has_space() && turn();
      purpose_ == Purpose::live ? promote() : hand_over();
    } catch (const std::exception& error) {
      fail_all(error.what());
    }
    if (!worked || Clock::now() - ticked_at_ > waiters_wait) {
      events_.tick();
      ticked_at_ = Clock::now();
    }
    if (!worked) {
      wait_for_work();
    } else if (purpose_ == Purpose::live && !batch_was_full_) {
      rest(began, stopping);
    }
  }
  has_ended_ = true;
}

/// Writes to one row coalesce meanwhile: longer while nobody waits for them.
void Lane::rest(Clock::time_point began, const std::stop_token& stopping) {
  std::this_thread::sleep_until(began + options_.turn);
  if (events_.has_waiters()) return;
  std::unique_lock lock(mutex_);
  adopted_.wait_until(lock, stopping, began + options_.calm_turn,
                      [this] { return is_hurried_ || !inbox_.empty(); });
  is_hurried_ = false;
}

void Lane::take_adopted() {
  const std::scoped_lock lock(mutex_);
  for (auto& member : inbox_) {
    if (purpose_ == Purpose::live) member.ready_at = store_.next_offset();
    if (purpose_ == Purpose::building && !member.serves) member.open->view().hold_back(true);
    members_.push_back(std::move(member));
  }
  inbox_.clear();
}

void Lane::wait_for_work() {
  const auto wait = events_.has_waiters() ? waiters_wait : idle_wait;
  if (members_.empty() || is_short_of_space_) {
    std::unique_lock lock(mutex_);
    adopted_.wait_for(lock, wait, [this] { return !inbox_.empty(); });
    return;
  }
  const auto last = std::ranges::min_element(
      members_, {}, [](const Member& member) { return member.at.next_offset; });
  store_.wait_beyond(last->at.next_offset, wait);
}

bool Lane::turn() {
  const auto batch = next_batch();
  if (!batch) return false;
  batch_was_full_ = batch->events.events.size() >= options_.most_events;
  apply_to_members(*batch);
  events_.turned(batch->events.reached.platforms);
  return true;
}

std::optional<ReadBatch> Lane::next_batch() {
  if (members_.empty()) return std::nullopt;
  auto from = std::numeric_limits<std::uint64_t>::max();
  auto until = from;
  for (const auto& member : members_) from = std::min(from, member.at.next_offset);
  if (from >= store_.next_offset()) return std::nullopt;
  bool wants_all = false;
  std::vector<LogReader::Wants> wants;
  for (const auto& member : members_) {
    if (member.at.next_offset != from) {
      until = std::min(until, member.at.next_offset);
    } else if (member.wants) {
      wants.push_back(member.wants);
    } else {
      wants_all = true;
    }
  }
  LogReader::Wants wanted;
  if (!wants_all) {
    wanted = [wants = std::move(wants)](std::string_view type) {
      return std::ranges::any_of(wants, [type](const auto& one) { return one(type); });
    };
  }
  auto batch = read(from, until, std::move(wanted));
  if (batch.events.reached.next_offset == from) return std::nullopt;
  return batch;
}

ReadBatch Lane::read(std::uint64_t from, std::uint64_t until, LogReader::Wants wants) {
  if (purpose_ == Purpose::live) return reader_.read(from, until, options_.most_events, wants);
  const auto most = options_.most_events_building;
  auto ahead = std::exchange(ahead_, std::nullopt);
  const bool fits =
      ahead && ahead->from == from && ahead->until == until && ahead->wanting == members_.size();
  auto batch = fits ? ahead->batch.get() : reader_.read(from, until, most, wants);
  const auto next = batch.events.reached.next_offset;
  if (next < std::min(until, store_.next_offset())) {
    ahead_ = ReadAhead{next, until, members_.size(),
                       std::async(std::launch::async, [this, next, until, most, wants] {
                         return reader_.read(next, until, most, wants);
                       })};
  }
  return batch;
}

std::vector<std::string> Lane::apply(const std::vector<Member*>& members, const EventBatch& batch) {
  const auto one = [&batch](Member* member) -> std::string {
    try {
      member->open->view().apply(batch);
      return {};
    } catch (const std::exception& error) {
      return *error.what() == 0 ? "it does not say why" : error.what();
    }
  };
  std::vector<std::string> faults(members.size());
  if (purpose_ == Purpose::live) {
    std::ranges::transform(members, faults.begin(), one);
    return faults;
  }
  std::vector<std::future<std::string>> working;
  working.reserve(members.size());
  for (auto* member : members) working.push_back(std::async(std::launch::async, one, member));
  std::ranges::transform(working, faults.begin(), [](auto& work) { return work.get(); });
  return faults;
}

void Lane::apply_to_members(const ReadBatch& batch) {
  std::vector<Member> kept;
  std::vector<std::pair<Member, std::string>> off_chain, failed;
  std::vector<Member*> moving;
  for (auto& member : members_) {
    if (member.at.next_offset == batch.from && !gap_between(member, batch)) {
      moving.push_back(&member);
    }
  }
  const auto faults = apply(moving, batch.events);
  for (auto& member : members_) {
    const auto moved = std::ranges::find(moving, &member);
    if (moved != moving.end()) {
      const auto& fault = faults[static_cast<std::size_t>(moved - moving.begin())];
      if (!fault.empty()) {
        failed.emplace_back(std::move(member), fault);
        continue;
      }
      advance(member, batch.events.reached);
      events_.applied(member, batch.events.events.size());
    } else if (member.at.next_offset == batch.from) {
      const auto gap = gap_between(member, batch).value_or("");
      off_chain.emplace_back(std::move(member), gap);
      continue;
    }
    kept.push_back(std::move(member));
  }
  members_ = std::move(kept);
  for (auto& [member, why] : off_chain) events_.off_chain(std::move(member), why);
  for (auto& [member, why] : failed) events_.failed(std::move(member), why);
}

/// What was held back is written, side by side; then the members go to their live lane.
void Lane::hand_over() {
  const auto tip = store_.next_offset();
  std::vector<Member> ready;
  for (auto at = members_.begin(); at != members_.end();) {
    if (at->at.next_offset + near_envelopes < tip) {
      ++at;
      continue;
    }
    ready.push_back(std::move(*at));
    at = members_.erase(at);
  }
  std::vector<std::future<void>> writing;
  writing.reserve(ready.size());
  for (auto& member : ready) {
    writing.push_back(
        std::async(std::launch::async, [&member] { member.open->view().hold_back(false); }));
  }
  for (std::size_t i = 0; i < ready.size(); ++i) {
    try {
      writing[i].get();
      events_.near_tip(std::move(ready[i]));
    } catch (const std::exception& error) {
      events_.failed(std::move(ready[i]), error.what());
    }
  }
}

/// Those that were being built and are not behind any more serve from now on.
void Lane::promote() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& built = members_[i];
    const bool is_behind =
        built.at.next_offset < built.ready_at ||
        std::ranges::any_of(
            members_,
            [&](const Member& other) {
              return other.entry == built.entry && other.at.next_offset > built.at.next_offset;
            });
    if (built.serves || is_behind) continue;
    built.serves = true;
    events_.serves_now(built);
    const auto* serving = built.open.get();
    const auto entry = built.entry;
    std::erase_if(members_, [&](const Member& other) {
      return other.entry == entry && other.open.get() != serving;
    });
    i = static_cast<std::size_t>(-1);  // the list has changed: from the front again
  }
}

void Lane::fail_all(const std::string& why) {
  auto failed = std::move(members_);
  members_.clear();
  for (auto& member : failed) events_.failed(std::move(member), why);
}

bool Lane::has_space() {
  const auto now = Clock::now();
  if (now - space_looked_at_ >= space_wait) {
    space_looked_at_ = now;
    is_short_of_space_ = store_.free_bytes() < options_.least_free_bytes;
  }
  return !is_short_of_space_;
}

}  // namespace meent::projections
