#include "eventstore/log_follower.h"

#include <algorithm>

#include "eventstore/level.h"

namespace meent::eventstore {

namespace {

// Far fewer events than command ids are remembered for, so that batching never shows.
constexpr std::size_t most_bytes_a_batch = 8 << 20;
constexpr std::chrono::milliseconds at_once{0};
constexpr std::chrono::seconds sync_interval{1};

}  // namespace

LogFollower::LogFollower(Log& log, Store& store, std::uint32_t known_level)
    : log_(log), store_(store), known_level_(known_level), applier_(Applier::make(store)) {
  require_level(store, known_level);
  for (std::uint32_t number = 0; number < log_.partitions(); ++number) {
    log_.seek(number, store.log_place(number));
  }
}

/// The directory says the level.
void LogFollower::see_level(const std::vector<AppliedEntry>& applied) const {
  const bool may_be_raised = std::ranges::any_of(applied, [](const AppliedEntry& entry) {
    if (!entry.changed_state) return false;
    const auto header = decode_record_header(std::get<Group>(entry.envelope->body).record);
    return header && header->platform == domain::directory_id();
  });
  if (may_be_raised) require_level(store_, known_level_);
}

std::vector<LogEntry> LogFollower::read(std::chrono::milliseconds wait) {
  std::vector<LogEntry> entries;
  is_at_end_ = false;
  for (std::size_t bytes = 0; bytes < most_bytes_a_batch;) {
    auto entry = log_.next(entries.empty() ? wait : at_once);
    if (!entry) {
      is_at_end_ = log_.is_at_end();
      break;
    }
    bytes += entry->envelope.size();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

std::vector<AppliedEntry> LogFollower::follow(std::chrono::milliseconds wait, SteadyTime now) {
  std::vector<LogEntry> entries;
  try {
    entries = read(wait);
  } catch (const StorageError&) {
    if (!must_poll()) throw;  // a broker may be back soon; a disk will not
  }
  std::vector<AppliedEntry> applied;
  if (!entries.empty()) {
    const bool sync = !must_poll() || now - synced_at_ >= sync_interval;
    if (sync) synced_at_ = now;
    applied = applier_->apply(entries, sync);
    see_level(applied);
  }
  if (is_at_end_) caught_up_at_ = now;
  return applied;
}

}  // namespace meent::eventstore
