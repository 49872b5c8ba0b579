#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "eventstore/ownership.h"
#include "eventstore/topic.h"

/// This node among the others: beats, hears, and asks the sequencer to claim what it should own.
namespace meent::eventstore {

struct MembershipOptions {
  std::string node{};  ///< drawn for this run
  std::string url{};   ///< where this node answers
  std::chrono::milliseconds beat_every{200};
  OwnershipOptions ownership{};
  std::uint32_t level = newest_level;  ///< the newest that is known here
};

/// Threads: `step` from one; all others from any.
class Membership {
 public:
  Membership(std::unique_ptr<Topic> beats, Sequencer& sequencer, MembershipOptions options);

  /// Hears what came, waiting up to `wait` for the first beat; beats and claims when it is time.
  void step(SteadyTime now, domain::Timestamp wall, std::chrono::milliseconds wait);
  /// The other nodes may take what this one has, from the next beat on.
  void leave();
  /// Nobody is left to take over, or all is taken over.
  [[nodiscard]] bool has_left(SteadyTime now) const;

  /// By url, this node too.
  [[nodiscard]] std::vector<Ownership::Peer> peers(SteadyTime now) const;
  [[nodiscard]] bool is_clock_right(SteadyTime now) const;
  /// For how long, in all, each partition had no owner that was heard here, since this node joined.
  /// By partition.
  [[nodiscard]] std::vector<std::chrono::milliseconds> without_owner() const;
  [[nodiscard]] const std::string& url() const { return options_.url; }

 private:
  void beat(SteadyTime now, domain::Timestamp wall, const std::vector<PartitionStatus>& partitions);
  void count_ownerless(SteadyTime now, const std::vector<PartitionStatus>& partitions);

  std::unique_ptr<Topic> beats_;
  Sequencer& sequencer_;
  const MembershipOptions options_;
  SteadyTime beaten_at_{};
  bool is_deaf_ = false;      ///< the last reading of beats failed
  mutable std::mutex mutex_;  ///< what follows
  Ownership ownership_;
  struct Ownerless {
    SteadyTime counted_until{};
    SteadyTime::duration time{};
  };
  std::vector<Ownerless> ownerless_;  ///< by partition
  bool is_leaving_ = false;
  bool has_told_ = false;  ///< that it leaves
};

}  // namespace meent::eventstore
