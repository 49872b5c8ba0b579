#include "eventstore/rocks_log.h"

#include <algorithm>

namespace meent::eventstore {
namespace {

constexpr std::size_t most_read_bytes = 1 << 20;

}  // namespace

void RocksLog::append(std::uint32_t, std::span<const std::string> envelopes) {
  drop_applied();
  auto offset = staged_.empty() ? store_.next_offset() : staged_.back().offset + 1;
  for (const auto& envelope : envelopes) {
    staged_.push_back({.partition = 0, .offset = offset++, .envelope = envelope});
  }
}

std::optional<LogEntry> RocksLog::next(std::chrono::milliseconds wait) {
  drop_applied();
  if (cursor_ < store_.next_offset()) {
    if (auto entry = stored_entry()) return entry;
  }
  const auto found = std::ranges::lower_bound(staged_, cursor_, {}, &LogEntry::offset);
  if (found != staged_.end()) {
    cursor_ = found->offset + 1;
    return *found;
  }
  store_.wait_beyond(cursor_, wait);
  return std::nullopt;
}

void RocksLog::seek(std::uint32_t, const LogPlace& place) {
  cursor_ = place.next_offset;
  read_.clear();
}

void RocksLog::drop_applied() {
  const auto applied = store_.next_offset();
  while (!staged_.empty() && staged_.front().offset < applied) staged_.pop_front();
}

std::optional<LogEntry> RocksLog::stored_entry() {
  if (read_.empty()) {
    std::size_t bytes = 0;
    store_.read(cursor_, [&](const StoredEnvelope& stored) {
      bytes += stored.bytes.size();
      read_.push_back({.partition = 0, .offset = stored.offset, .envelope = stored.bytes});
      return bytes < most_read_bytes;
    });
  }
  if (read_.empty()) return std::nullopt;
  auto entry = std::move(read_.front());
  read_.pop_front();
  cursor_ = entry.offset + 1;
  return entry;
}

}  // namespace meent::eventstore
