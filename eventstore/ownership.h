#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/sequencer.h"

/// Which partitions this node should ask for, and when. It decides only when someone tries: who may
/// write is settled in the log (LOG.md §2, §5). Pure: no clock, no thread.
namespace meent::eventstore {

/// What a node tells the others a few times a second.
struct Beat {
  std::string node;                         ///< drawn at its start: 32 digits
  std::string url;                          ///< where it answers
  std::vector<std::uint64_t> next_offsets;  ///< in the log, by partition
  bool is_ready = false;                    ///< has read the log to its end
  bool is_leaving = false;                  ///< stops soon; its partitions may be taken
  domain::Timestamp at{};                   ///< by its own clock
  std::uint32_t level = 0;                  ///< the newest format level it knows
  bool operator==(const Beat&) const = default;
};
std::string encode_beat(const Beat& beat);
/// Nothing: not a beat of a version that is known here.
std::optional<Beat> decode_beat(std::string_view bytes);

struct OwnershipOptions {
  std::chrono::milliseconds dead_after{1000};  ///< without a beat
  /// An owner that does not get on while others do for so long is dead, however it beats.
  std::chrono::milliseconds stuck_after{2000};
  std::chrono::milliseconds claim_again_after{500};
  std::chrono::milliseconds largest_clock_difference{5000};  ///< to the topic's clock
  std::chrono::milliseconds largest_clock_jump{60'000};
};

class Ownership {
 public:
  Ownership(std::string node, OwnershipOptions options = {});

  /// A beat came back from the topic, one's own too. `appended_at`: by the topic's clock, 0: none.
  void hear(const Beat& beat, domain::Timestamp appended_at, SteadyTime now);
  /// What this node's wall clock says now; a jump is noticed.
  void see_clock(domain::Timestamp wall, SteadyTime now);
  /// The partitions to ask for now. Each is given again only after `claim_again_after`.
  std::vector<std::uint32_t> wanted(const std::vector<PartitionStatus>& partitions, SteadyTime now);

  /// Since when the partition has no owner: when the last one was last heard or, when none ever
  /// was, when others could first be. Nothing: one is heard; or that is not known yet; or the
  /// partition is stopped here.
  [[nodiscard]] std::optional<SteadyTime> ownerless_since(const PartitionStatus& partition,
                                                          SteadyTime now) const;

  struct Peer {
    Beat beat;
    bool is_live = false;
  };
  /// Everyone heard of in the last minute, by url.
  [[nodiscard]] std::vector<Peer> peers(SteadyTime now) const;
  /// The clock is as the topic's, as far as is known. Who is not right does not own.
  [[nodiscard]] bool is_clock_right(SteadyTime now) const;

 private:
  struct Heard {
    Beat beat;
    SteadyTime at;
    std::vector<SteadyTime> moved_at;  ///< by partition: when its offset last changed
  };
  [[nodiscard]] bool is_live(const Heard& heard, SteadyTime now) const;
  [[nodiscard]] bool can_own(const Heard& heard, SteadyTime now) const;
  [[nodiscard]] bool is_stuck(const Heard& heard, const PartitionStatus& partition,
                              SteadyTime now) const;
  [[nodiscard]] const Heard* owner_of(const PartitionStatus& partition) const;

  std::string node_;
  OwnershipOptions options_;
  std::map<std::string, Heard> heard_;  ///< by node
  std::map<std::uint32_t, SteadyTime> asked_at_;
  std::optional<std::int64_t> clock_difference_ms_;
  std::optional<std::pair<domain::Timestamp, SteadyTime>> clock_seen_;
  std::optional<SteadyTime> jumped_at_;
  std::optional<SteadyTime> first_at_;  ///< since when others can be heard
};

}  // namespace meent::eventstore
