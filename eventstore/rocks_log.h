#pragma once
#include <deque>

#include "eventstore/log.h"
#include "eventstore/store.h"

namespace meent::eventstore {

/// The embedded log (LOG.md §4): the store is the log, and the applier's synced batch the append.
/// `append` only gives envelopes their offsets; `next` hands them out to be applied. What is not
/// applied was never in the log. One writer: whoever has the store.
class RocksLog final : public Log {
 public:
  explicit RocksLog(const Store& store) : store_(store) {}
  [[nodiscard]] std::uint32_t partitions() const override { return 1; }
  void append(std::uint32_t partition, std::span<const std::string> envelopes) override;
  std::optional<LogEntry> next(std::chrono::milliseconds wait) override;
  void wake() override {}  // what is appended comes back at once
  void seek(std::uint32_t partition, const LogPlace& place) override;
  [[nodiscard]] Durability durability() const override { return Durability::when_applied; }

 private:
  void drop_applied();
  std::optional<LogEntry> stored_entry();

  const Store& store_;
  std::deque<LogEntry> staged_;  ///< appended and not yet applied, in order
  std::deque<LogEntry> read_;    ///< read from the store ahead of `cursor_`
  std::uint64_t cursor_ = 0;
};

}  // namespace meent::eventstore
