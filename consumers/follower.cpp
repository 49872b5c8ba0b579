#include "consumers/follower.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "eventstore/store.h"

namespace meent::consumers {

using namespace eventstore;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t most_bytes_a_read = 4U << 20;
constexpr std::size_t most_named = 100;
constexpr std::size_t platforms_at_once = 500;

/// The consumer cannot go on; the text says why and what to do.
class FollowingStopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::expected<std::vector<StoredEvent>, std::string> events_in(std::string_view bytes) {
  const auto record = decode_record(bytes);
  if (!record) return std::unexpected(record.error().what);
  std::vector<StoredEvent> events;
  events.reserve(record->header.event_count);
  auto position = record->header.base_position;
  for (const auto& commit : record->commits) {
    for (const auto& raw : commit.events) {
      auto event = decode_event(raw);
      if (!event) return std::unexpected(event.error().what);
      events.push_back({*std::move(event),
                        {.platform = record->header.platform,
                         .position = position++,
                         .actor = commit.actor,
                         .recorded_at = commit.recorded_at,
                         .occurred_at = commit.occurred_at}});
    }
  }
  return events;
}

}  // namespace

/// One time of following: from the partitions being owned until that changes.
struct Follower::Turn {
  struct Platform {
    std::uint64_t position = 0;    ///< the last one seen
    std::uint64_t checkpoint = 0;  ///< up to here everything was done before
    bool is_stopped = false;
  };
  std::shared_ptr<Consumer> consumer;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> partitions;  ///< number and epoch
  std::uint64_t next_offset = 0;
  std::map<domain::PlatformId, Platform> platforms;
  /// Done, and not yet known to be in the log.
  std::map<domain::PlatformId, CheckpointMark> unwritten;
  Clock::time_point written_at = Clock::now();
};

Follower::Follower(const Store& store, Sequencer& sequencer, Make make, FollowerOptions options)
    : store_(store), sequencer_(sequencer), make_(std::move(make)), options_(std::move(options)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Follower::~Follower() {
  stop();
}

void Follower::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::pair<std::uint32_t, std::uint64_t>> Follower::owned() const {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> out;
  for (const auto& one : sequencer_.partitions()) {
    if (one.role == PartitionRole::owning) out.emplace_back(one.number, one.epoch);
  }
  return out;
}

void Follower::run(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), ("meent-" + options_.name).substr(0, 15).c_str());
  try {
    while (!stop.stop_requested()) {
      Turn turn;
      turn.partitions = owned();
      if (turn.partitions.empty()) {
        std::this_thread::sleep_for(options_.idle_wait);
        continue;
      }
      turn.consumer = make_();
      {
        const std::lock_guard lock(mutex_);
        consumer_ = turn.consumer;
        done_positions_.clear();
        stopped_platforms_.clear();
      }
      follow(turn, stop);
      if (stop.stop_requested()) say_goodbye(turn);
      const std::lock_guard lock(mutex_);
      earlier_done_count_ += turn.consumer->done_count();
      consumer_.reset();
    }
  } catch (const std::exception& error) {
    spdlog::error("{} stops: {}", options_.name, error.what());
    const std::lock_guard lock(mutex_);
    stopped_why_ = error.what();
    if (consumer_) earlier_done_count_ += consumer_->done_count();
    consumer_.reset();
  }
}

void Follower::follow(Turn& turn, const std::stop_token& stop) {
  auto looked_at = Clock::now();
  while (!stop.stop_requested()) {
    const bool has_read = read(turn);
    turn.consumer->work(has_read ? milliseconds(0) : options_.idle_wait);
    note_settled(turn);
    const auto now = Clock::now();
    if (now - turn.written_at >= options_.checkpoint_interval) write_checkpoints(turn);
    if (!has_read && turn.consumer->is_idle()) {
      store_.wait_beyond(turn.next_offset, options_.idle_wait);
    }
    if (now - looked_at < options_.idle_wait) continue;
    looked_at = now;
    if (owned() != turn.partitions) return;
  }
}

/// True when there was something, or there is more to come as soon as there is room.
bool Follower::read(Turn& turn) {
  std::size_t bytes = 0;
  store_.read(turn.next_offset, [&](const StoredEnvelope& stored) {
    if (!turn.consumer->has_room()) return false;
    take(turn, stored);
    turn.next_offset = stored.offset + 1;
    bytes += stored.bytes.size();
    return bytes < most_bytes_a_read;
  });
  return bytes > 0;
}

std::uint64_t Follower::checkpoint_position(domain::PlatformId platform) const {
  const auto mark = store_.checkpoint(options_.name, platform);
  if (!mark) return 0;
  if (store_.hash_at(platform, mark->position) == mark->hash) return mark->position;
  throw FollowingStopped(
      "the checkpoint of '" + options_.name + "' at position " + std::to_string(mark->position) +
      " of platform " + platform.text() +
      " is not on the platform's chain, so what was done before is not known. Put back the log "
      "that it belongs to, or follow under another name, which begins at the first event.");
}

void Follower::take(Turn& turn, const StoredEnvelope& stored) {
  if (stored.void_reason) return;
  const auto is_ours = [&](const auto& one) { return one.first == stored.entry.partition; };
  if (std::ranges::none_of(turn.partitions, is_ours)) return;
  const auto envelope = decode_envelope(stored.bytes);
  const auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
  if (group == nullptr) return;
  const auto header = decode_record_header(group->record);
  if (!header) return;
  const auto [at, is_new] = turn.platforms.try_emplace(header->platform);
  auto& platform = at->second;
  if (is_new) {
    platform.checkpoint = checkpoint_position(header->platform);
    const std::lock_guard lock(mutex_);
    done_positions_[header->platform] = platform.checkpoint;
  }
  if (platform.is_stopped) return;
  auto events = events_in(group->record);
  if (!events) {
    platform.is_stopped = true;
    const std::lock_guard lock(mutex_);
    stopped_platforms_.push_back({header->platform, header->base_position, events.error()});
    return;
  }
  const FollowedRecord record{
      .header = *header, .hash = hash_of(group->record), .events = std::move(*events)};
  platform.position = header->last_position();
  if (platform.position > platform.checkpoint) return turn.consumer->take(record);
  turn.consumer->remember(record);
}

void Follower::note_settled(Turn& turn) {
  auto marks = turn.consumer->take_settled();
  if (marks.empty()) return;
  const std::lock_guard lock(mutex_);
  for (auto& mark : marks) {
    mark.consumer = options_.name;
    done_positions_[mark.platform] = mark.position;
    turn.unwritten.insert_or_assign(mark.platform, std::move(mark));
  }
}

/// What was written and did not come to count (another took the partition over, the log was away)
/// is written again the next time.
void Follower::write_checkpoints(Turn& turn) {
  turn.written_at = Clock::now();
  std::erase_if(turn.unwritten, [&](const auto& one) {
    return store_.checkpoint(options_.name, one.first) == one.second;
  });
  for (const auto& [platform, mark] : turn.unwritten) sequencer_.checkpoint(mark);
}

void Follower::say_goodbye(Turn& turn) {
  const auto end = Clock::now() + options_.longest_goodbye;
  while (!turn.consumer->is_idle() && Clock::now() < end) turn.consumer->work(milliseconds(20));
  note_settled(turn);
  write_checkpoints(turn);
  for (auto next = store_.next_offset(); !turn.unwritten.empty() && Clock::now() < end;) {
    store_.wait_beyond(next, milliseconds(20));
    next = store_.next_offset();
    std::erase_if(turn.unwritten, [&](const auto& one) {
      return store_.checkpoint(options_.name, one.first) == one.second;
    });
  }
}

FollowerHealth Follower::health() const {
  FollowerHealth health;
  health.name = options_.name;
  std::map<domain::PlatformId, std::uint64_t> done;
  {
    const std::lock_guard lock(mutex_);
    health.stopped_why = stopped_why_;
    health.done_count = earlier_done_count_;
    if (consumer_) {
      health.last_error = consumer_->last_error();
      health.done_count += consumer_->done_count();
    }
    health.stopped_platforms = stopped_platforms_;
    done = done_positions_;
  }
  const auto partitions = sequencer_.partitions();
  const auto is_owned = [&](domain::PlatformId platform) {
    const auto number = partition_of(platform, static_cast<std::uint32_t>(partitions.size()));
    return partitions[number].role == PartitionRole::owning;
  };
  domain::PlatformId after;
  for (auto some = store_.platforms(after, platforms_at_once); !some.empty();
       some = store_.platforms(after, platforms_at_once)) {
    for (const auto platform : some) {
      if (!is_owned(platform)) continue;
      const auto found = done.find(platform);
      std::uint64_t position = 0;
      if (found != done.end()) {
        position = found->second;
      } else if (const auto mark = store_.checkpoint(options_.name, platform)) {
        position = mark->position;
      }
      const auto tip = store_.tip(platform).position;
      if (tip <= position) continue;
      const auto behind = tip - position;
      health.lag_events += behind;
      health.furthest.push_back({platform, behind});
    }
    after = some.back();
  }
  std::ranges::sort(health.furthest, std::greater(), &PlatformLag::events);
  if (health.furthest.size() > most_named) health.furthest.resize(most_named);
  return health;
}

}  // namespace meent::consumers
