#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "eventstore/lane.h"
#include "eventstore/log_follower.h"

/// One partition's claims and groups into the log, and their fate as they come back. Private to
/// the sequencer. Threads: the log thread only.
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
  bool is_last = false;  ///< nothing of the partition is in flight any more
};

class PartitionWriter {
 public:
  PartitionWriter(Log& log, Store& store, Keys& keys, const SequencerOptions& options,
                  std::uint32_t number);

  [[nodiscard]] PartitionRole role() const { return role_; }
  /// Why the partition is stopped.
  [[nodiscard]] const std::string& stopped_why() const { return stopped_why_; }

  /// Writes the log's first envelope, unless there is one.
  void begin_log(SteadyTime now);
  /// Asks for the partition, as a writer that never was before and answers at `url`. `role` tells
  /// what became of it.
  void claim(std::string url, SteadyTime now);
  /// Hands the groups over as one write; several of one platform follow each other. Throws
  /// StorageError when the process must end.
  void append(std::vector<std::unique_ptr<OpenGroup>> groups, SteadyTime now);
  /// Records made for another log. Their fate is seen in the store only.
  void append_records(const std::vector<std::string>& records);
  /// A consumer's checkpoint. Its fate is seen in the store only.
  void append_checkpoint(const CheckpointMark& mark);

  /// Tells what an entry of this partition means for what is in flight.
  void settle(const AppliedEntry& entry, std::vector<GroupEnd>& ends);
  /// After a read: gives up what a newer claim has settled, and appends again, as uncertain, what
  /// has not come back for `longest_read_back`.
  void follow_up(SteadyTime now, std::vector<GroupEnd>& ends);

  /// Drops what is in flight, answers and all, without answering.
  void forget() {
    in_flight_.clear();
    lost_.clear();
  }
  [[nodiscard]] bool has_in_flight() const { return !in_flight_.empty() || !lost_.empty(); }
  /// The claim that `role` owning rests on.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  std::uint64_t write_count = 0;

 private:
  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const;
  };

  void write(const std::vector<std::string>& envelopes, SteadyTime now);
  void settle_claim(const AppliedEntry& entry);
  void retry(SteadyTime now, std::vector<GroupEnd>& ends);

  Log& log_;
  Store& store_;
  Keys& keys_;
  const SequencerOptions& options_;
  std::uint32_t number_;
  PartitionRole role_ = PartitionRole::following;
  std::string stopped_why_;
  WriterId writer_;  ///< of the claim that was made last
  std::uint64_t epoch_ = 0;
  bool is_uncertain_ = false;
  SteadyTime written_at_{};
  std::unordered_map<Hash, std::unique_ptr<OpenGroup>, HashOfHash> in_flight_;
  std::vector<std::unique_ptr<OpenGroup>> lost_;  ///< never written
  std::vector<std::string> envelopes_;            ///< of what is in flight, in order
};

}  // namespace meent::eventstore
