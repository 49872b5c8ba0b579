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
  for (const auto& bytes : late_) land(bytes);
  late_.clear();
}

void SimBroker::fail_reads(std::size_t count) {
  const std::lock_guard lock(mutex_);
  failing_reads_ = count;
}

void SimBroker::put(std::string bytes) {
  const std::lock_guard lock(mutex_);
  land(bytes);
}

void SimBroker::cut(std::uint64_t from) {
  const std::lock_guard lock(mutex_);
  const auto gone = std::ranges::lower_bound(entries_, from, {}, &LogEntry::offset);
  entries_.erase(gone, entries_.end());
  next_offset_ = from;
}

std::vector<LogEntry> SimBroker::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

void SimBroker::append(std::span<const std::string> envelopes) {
  const std::lock_guard lock(mutex_);
  auto fate = SimFate::lands;
  if (!fates_.empty()) {
    fate = fates_.front();
    fates_.pop_front();
  }
  for (const auto& bytes : envelopes) {
    switch (fate) {
      case SimFate::lands:
      case SimFate::throws_and_lands: land(bytes); break;
      case SimFate::lands_twice:
        land(bytes);
        land(bytes);
        break;
      case SimFate::lands_late:
      case SimFate::throws_and_lands_late: late_.push_back(bytes); break;
      case SimFate::is_lost:
      case SimFate::throws_and_is_lost: break;
    }
  }
  if (fate >= SimFate::throws_and_lands) {
    throw StorageError("the simulated broker did not answer", true);
  }
}

std::optional<LogEntry> SimBroker::next(std::uint64_t from, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (failing_reads_ > 0) {
    --failing_reads_;
    throw StorageError("the simulated broker cannot be read", false);
  }
  const auto find = [&] { return std::ranges::lower_bound(entries_, from, {}, &LogEntry::offset); };
  landed_.wait_for(lock, wait, [&] { return find() != entries_.end(); });
  const auto found = find();
  if (found == entries_.end()) return std::nullopt;
  return *found;
}

void SimBroker::land(const std::string& bytes) {
  if (next_offset_ % offsets_between_gaps == offsets_between_gaps - 1) ++next_offset_;
  entries_.push_back({next_offset_++, bytes});
  landed_.notify_all();
}

void SimLog::append(std::span<const std::string> envelopes) {
  broker_.append(envelopes);
}

std::optional<LogEntry> SimLog::next(std::chrono::milliseconds wait) {
  auto entry = broker_.next(cursor_, wait);
  if (entry) cursor_ = entry->offset + 1;
  return entry;
}

}  // namespace meent::eventstore
