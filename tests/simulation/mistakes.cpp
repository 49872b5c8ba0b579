#include "tests/simulation/mistakes.h"

#include <array>

namespace meent::simulation {

std::string_view name_of(Mistake mistake) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Mistake::count)> names{
      "none",
      "foreign_stops",
      "damaged_stops",
      "unknown_version_is_void",
      "unknown_record_version_is_void",
      "undecodable_is_skipped",
      "old_claim_applies",
      "claim_ahead_applies",
      "epoch_ahead_is_void",
      "old_epoch_applies",
      "other_writer_applies",
      "off_the_chain_applies",
      "two_first_records",
      "second_genesis_applies",
      "starts_without_genesis",
      "misplaced_applies",
      "answers_before_read_back",
      "own_by_position",
      "rejects_from_overlay",
      "zombie_rejects",
      "judges_before_after",
      "timer_settles",
      "claim_does_not_wait",
      "offset_ahead",
      "checkpoint_off_chain",
      "missing_key_is_erased",
      "accepts_after_leaving",
      "keys_after_records",
      "leaves_the_rest",
  };
  return names.at(static_cast<std::size_t>(mistake));
}

}  // namespace meent::simulation
