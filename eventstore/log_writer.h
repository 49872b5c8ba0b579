#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "eventstore/lane.h"

/// Groups into the log and back: appends them, reads them back, applies them. Private to the
/// sequencer. Threads: the log thread only.
namespace meent::eventstore {

/// What became of a group.
enum class Fate : std::uint8_t {
  applied,
  uncertain,  ///< not known yet; `applied` or `lost` follows
  lost,       ///< settled: it is not in the log and never will be
  stuck,      ///< it is in the log, and its platform is stopped
  foreign,    ///< no group of ours: the platform's history moved on without us
};
struct GroupEnd {
  std::unique_ptr<OpenGroup> group;
  Fate fate = Fate::applied;
  bool is_last = false;  ///< nothing is in flight any more
};

class LogWriter {
 public:
  LogWriter(Log& log, Store& store, Keys& keys, const SequencerOptions& options);

  /// Reads the log to its end, writes genesis when it is empty, and claims the partition.
  /// Throws StartRefused or StorageError.
  void take_over();
  /// Hands the groups over as one write; several of one platform follow each other. Throws
  /// StorageError when the process must end.
  void append(std::vector<std::unique_ptr<OpenGroup>> groups);
  /// Reads and applies what came, waiting up to `wait` for the first entry. Returns the groups
  /// whose fate is known now; after `longest_read_back` gives the rest as uncertain copies without
  /// commits and appends them again. Throws StorageError when the process must end.
  std::vector<GroupEnd> follow(std::chrono::milliseconds wait);

  /// Drops what is in flight, answers and all, without answering.
  void forget() { in_flight_.clear(); }
  [[nodiscard]] bool has_in_flight() const { return !in_flight_.empty(); }
  /// Another writer has claimed the partition.
  [[nodiscard]] bool is_fenced() const { return is_fenced_; }
  /// Others' envelopes can come at any time, so `follow` must be called even when idle.
  [[nodiscard]] bool must_poll() const { return log_.durability() == Log::Durability::when_read; }
  [[nodiscard]] std::vector<StoppedPlatform> stopped() const { return applier_->stopped(); }
  [[nodiscard]] domain::LogId log_id() const;
  std::uint64_t write_count = 0;

 private:
  using Clock = std::chrono::steady_clock;
  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const;
  };

  void claim();
  void write(const std::vector<std::string>& envelopes);
  std::vector<AppliedEntry> apply(const std::vector<LogEntry>& entries);
  std::vector<LogEntry> read(std::chrono::milliseconds wait);
  void settle(const AppliedEntry& entry, std::vector<GroupEnd>& ends);
  void give_up_on_all(std::vector<GroupEnd>& ends);
  void retry(std::vector<GroupEnd>& ends);

  Log& log_;
  Store& store_;
  Keys& keys_;
  const SequencerOptions& options_;
  std::unique_ptr<Applier> applier_;
  WriterId writer_;
  std::uint64_t epoch_ = 0;
  bool is_fenced_ = false;
  bool is_uncertain_ = false;
  Clock::time_point written_at_;
  Clock::time_point synced_at_ = Clock::now();
  std::unordered_map<Hash, std::unique_ptr<OpenGroup>, HashOfHash> in_flight_;
  std::vector<std::string> envelopes_;  ///< of what is in flight, in order
};

}  // namespace meent::eventstore
