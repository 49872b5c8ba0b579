#include "eventstore/admit.h"

#include "domain/platform.h"
#include "domain/result.h"

namespace meent::eventstore {
namespace {

Verdict admit_claim(const PartitionState& partition, std::uint64_t epoch) {
  if (epoch <= partition.epoch) return Void{VoidReason::lost_race};
  if (epoch > partition.epoch + 1) return Stop{StopReason::epoch_ahead};
  return Apply{};
}

/// Whether the owner wrote it, for what only the owner may write.
Verdict admit_owner(const PartitionState& partition, const Envelope& envelope) {
  if (envelope.epoch > partition.epoch) return Stop{StopReason::epoch_ahead};
  if (envelope.epoch < partition.epoch || envelope.writer != partition.claimant) {
    return Void{VoidReason::zombie};
  }
  return Apply{};
}

/// Whether it stands in its platform's own partition.
Verdict admit_place(const Genesis& genesis, domain::PlatformId platform) {
  if (partition_of(platform, genesis.partitions) == genesis.partition) return Apply{};
  return Void{VoidReason::misplaced};
}

Verdict admit_record(const Genesis& genesis, const ChainPoint& tip, const std::string& record) {
  if (has_unknown_version(record)) return Stop{StopReason::unknown_version};
  const auto header = decode_record_header(record);
  if (!header) return Void{VoidReason::damaged};
  if (const auto place = admit_place(genesis, header->platform);
      !std::holds_alternative<Apply>(place)) {
    return place;
  }
  if (header->base_position != tip.position + 1 || header->prev_hash != tip.hash) {
    return Void{VoidReason::duplicate};
  }
  return Apply{};
}

}  // namespace

std::uint32_t partition_of(domain::PlatformId platform, std::uint32_t partitions) {
  if (platform == domain::directory_id() || partitions <= 1) return 0;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = (number << 8) | platform.value()[i];
  return static_cast<std::uint32_t>(number % partitions);
}

Verdict admit(const PartitionState& partition, const ChainPoint& tip,
              const std::expected<Envelope, EnvelopeError>& envelope) {
  if (!envelope) {
    switch (envelope.error()) {
      case EnvelopeError::foreign: return Void{VoidReason::foreign};
      case EnvelopeError::damaged: return Void{VoidReason::damaged};
      case EnvelopeError::unknown_version: return Stop{StopReason::unknown_version};
    }
  }
  const bool is_genesis = std::holds_alternative<Genesis>(envelope->body);
  if (!partition.genesis) {
    return is_genesis ? Verdict(Apply{}) : Verdict(Stop{StopReason::no_genesis});
  }
  return std::visit(domain::overloaded{
                        [](const Genesis&) -> Verdict { return Void{VoidReason::misplaced}; },
                        [&](const Claim&) { return admit_claim(partition, envelope->epoch); },
                        [&](const Group& group) {
                          const auto owner = admit_owner(partition, *envelope);
                          if (!std::holds_alternative<Apply>(owner)) return owner;
                          return admit_record(*partition.genesis, tip, group.record);
                        },
                        [&](const CheckpointMark& mark) {
                          const auto owner = admit_owner(partition, *envelope);
                          if (!std::holds_alternative<Apply>(owner)) return owner;
                          return admit_place(*partition.genesis, mark.platform);
                        },
                    },
                    envelope->body);
}

const char* name_of(VoidReason reason) {
  switch (reason) {
    case VoidReason::lost_race: return "lost-race";
    case VoidReason::zombie: return "zombie";
    case VoidReason::duplicate: return "duplicate";
    case VoidReason::foreign: return "foreign";
    case VoidReason::damaged: return "damaged";
    case VoidReason::misplaced: return "misplaced";
  }
  return "unknown";
}

const char* name_of(StopReason reason) {
  switch (reason) {
    case StopReason::epoch_ahead: return "epoch-ahead";
    case StopReason::unknown_version: return "unknown-version";
    case StopReason::no_genesis: return "no-genesis";
  }
  return "unknown";
}

}  // namespace meent::eventstore
