#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>

#include "eventstore/envelope.h"

/// Who may write is settled by this one frozen pure rule, which every reader runs (LOG.md §2,
/// docs/log-format.md). It looks at envelope and record header only.
namespace meent::eventstore {

struct PartitionState {
  std::optional<Genesis> genesis;
  std::uint64_t epoch = 0;
  WriterId claimant;
  std::string url{};  ///< of the claim that counts; no part of the rule
  bool operator==(const PartitionState&) const = default;
};

struct ChainPoint {
  std::uint64_t position = 0;  ///< last applied; 0: nothing yet
  Hash hash{};                 ///< of the record that ends there; first_prev_hash at 0
};

enum class VoidReason : std::uint8_t {
  lost_race,  ///< a claim whose epoch is not new
  zombie,     ///< an older epoch, or not the claimant
  duplicate,  ///< base is not next, or prev is not the tip
  foreign,    ///< not our magic
  damaged,    ///< our magic, checksum wrong
  misplaced,  ///< genesis that is not the first envelope, or a platform's in another partition
};
inline constexpr std::size_t void_reason_count = 6;
enum class StopReason : std::uint8_t {
  epoch_ahead,      ///< the log was cut under us
  unknown_version,  ///< a newer writer's envelope or record
  no_genesis,       ///< the first of ours is not genesis
};

struct Apply {};
struct Void {
  VoidReason reason;
};
struct Stop {
  StopReason reason;
};
using Verdict = std::variant<Apply, Void, Stop>;

/// The one partition that a platform's records may lie in, of this many: the first eight bytes of
/// its id, as a number, modulo the count. The directory is in partition 0.
std::uint32_t partition_of(domain::PlatformId platform, std::uint32_t partitions);

/// `tip`: the chain point of the group's platform, whichever platform that is; unused for others.
Verdict admit(const PartitionState& partition, const ChainPoint& tip,
              const std::expected<Envelope, EnvelopeError>& envelope);

const char* name_of(VoidReason reason);
const char* name_of(StopReason reason);

}  // namespace meent::eventstore
