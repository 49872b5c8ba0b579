#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "eventstore/partition_writer.h"

/// One partition's deciding: its platforms' lanes and the groups that wait for the log. Private to
/// the sequencer. Threads: the deciding thread only.
namespace meent::eventstore {

class Desk {
 public:
  using Stopped = std::function<std::vector<StoppedPlatform>()>;
  /// `stopped`: platforms whose state stands still here.
  Desk(const Store& store, const Keys& keys, std::uint32_t number, Stopped stopped);

  /// From another claim of ours on, every lane starts from what is applied.
  void begin(std::uint64_t epoch, std::vector<Answer>& immediate);
  /// One command. `immediate` gets the answers that rest on nothing but what is applied. Throws
  /// StorageError when the process must end.
  void decide(Pending& pending, domain::Timestamp now, std::vector<Answer>& immediate);
  /// A group's fate. Returns commands that waited for it, to be decided again.
  std::vector<Pending> finish(GroupEnd& end, bool is_owner, std::vector<Answer>& immediate);
  /// Some groups of each lane that waits, for one write.
  std::vector<std::unique_ptr<OpenGroup>> take_groups(std::vector<Answer>& immediate);

  [[nodiscard]] bool has_groups() const { return !ready_.empty(); }
  [[nodiscard]] bool is_idle() const;
  /// From a group's uncertain end until the log has settled all; meanwhile nothing is decided.
  [[nodiscard]] bool is_settling() const { return is_settling_; }
  [[nodiscard]] std::size_t entry_count() const;
  void drop_settled();
  /// Forgets everything without answering.
  void abandon();

 private:
  Lane& lane_of(domain::PlatformId id);
  void stop_if_stopped(Lane& lane) const;
  void queue(Lane& lane);
  void discard_all(const Unavailable& instead, std::vector<Answer>& immediate);

  const Store& store_;
  const Keys& keys_;
  std::uint32_t number_;
  Stopped stopped_;
  std::uint64_t epoch_ = 0;
  std::unordered_map<domain::PlatformId, std::unique_ptr<Lane>> lanes_;
  std::deque<Lane*> ready_;  ///< lanes with a group to hand over
  bool is_settling_ = false;
};

/// Answers that every part of the sequencer gives.
Unavailable unavailable(Unavailable::Why why, std::string detail);
const Unavailable& outcome_unknown();
const Unavailable& moved();
/// The answer that waited for a group, as its fate leaves it.
void give_outcome(Answer& answer, const GroupEnd& end, const PartitionWriter& writer);

}  // namespace meent::eventstore
