#include "eventstore/sim_log.h"

#include <algorithm>

namespace meent::eventstore {
namespace {

/// Every fifth offset holds nothing a reader gets.
constexpr std::uint64_t offsets_between_gaps = 5;

}  // namespace

void SimBroker::plan(std::vector<SimFate> fates) {
  const std::lock_guard lock(mutex_);
  fates_.assign(fates.begin(), fates.end());
}

void SimBroker::land_late() {
  const std::lock_guard lock(mutex_);
  for (const auto& [partition, bytes] : late_) land(partition, bytes);
  late_.clear();
}

void SimBroker::fail_reads(std::size_t count) {
  const std::lock_guard lock(mutex_);
  failing_reads_ = count;
}

void SimBroker::put(std::string bytes, std::uint32_t partition) {
  const std::lock_guard lock(mutex_);
  land(partition, bytes);
}

void SimBroker::cut(std::uint64_t from, std::uint32_t partition) {
  const std::lock_guard lock(mutex_);
  auto& [entries, next_offset] = partitions_[partition];
  entries.erase(std::ranges::lower_bound(entries, from, {}, &LogEntry::offset), entries.end());
  next_offset = from;
}

std::vector<LogEntry> SimBroker::entries(std::uint32_t partition) const {
  const std::lock_guard lock(mutex_);
  return partitions_[partition].entries;
}

void SimBroker::append(std::uint32_t partition, std::span<const std::string> envelopes) {
  const std::lock_guard lock(mutex_);
  auto fate = SimFate::lands;
  if (!fates_.empty()) {
    fate = fates_.front();
    fates_.pop_front();
  }
  for (const auto& bytes : envelopes) {
    switch (fate) {
      case SimFate::lands:
      case SimFate::throws_and_lands: land(partition, bytes); break;
      case SimFate::lands_twice:
        land(partition, bytes);
        land(partition, bytes);
        break;
      case SimFate::lands_late:
      case SimFate::throws_and_lands_late: late_.emplace_back(partition, bytes); break;
      case SimFate::is_lost:
      case SimFate::throws_and_is_lost: break;
    }
  }
  if (fate >= SimFate::throws_and_lands) {
    throw StorageError("the simulated broker did not answer", true);
  }
}

std::optional<LogEntry> SimBroker::next(const std::vector<std::uint64_t>& from, std::uint32_t first,
                                        std::chrono::milliseconds wait, bool& is_woken) {
  std::unique_lock lock(mutex_);
  if (failing_reads_ > 0) {
    --failing_reads_;
    throw StorageError("the simulated broker cannot be read", false);
  }
  std::optional<LogEntry> found;
  landed_.wait_for(lock, wait, [&] {
    for (std::uint32_t i = 0; i < partitions() && !found; ++i) {
      const auto number = (first + i) % partitions();
      const auto& entries = partitions_[number].entries;
      const auto at = std::ranges::lower_bound(entries, from[number], {}, &LogEntry::offset);
      if (at != entries.end()) found = *at;
    }
    return found.has_value() || is_woken;
  });
  is_woken = false;
  return found;
}

void SimBroker::wake(bool& is_woken) {
  const std::lock_guard lock(mutex_);
  is_woken = true;
  landed_.notify_all();
}

void SimBroker::land(std::uint32_t partition, const std::string& bytes) {
  auto& [entries, next_offset] = partitions_[partition];
  if (next_offset % offsets_between_gaps == offsets_between_gaps - 1) ++next_offset;
  entries.push_back({.partition = partition, .offset = next_offset++, .envelope = bytes});
  landed_.notify_all();
}

void SimLog::append(std::uint32_t partition, std::span<const std::string> envelopes) {
  broker_.append(partition, envelopes);
}

std::optional<LogEntry> SimLog::next(std::chrono::milliseconds wait) {
  auto entry = broker_.next(places_, first_, wait, is_woken_);
  if (entry) {
    places_[entry->partition] = entry->offset + 1;
    first_ = (entry->partition + 1) % partitions();
  }
  return entry;
}

}  // namespace meent::eventstore
