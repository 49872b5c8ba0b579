#pragma once
#include <cstdint>
#include <string_view>

/// Mistakes that are planted into copies of the production sources (plant.py), for the test that
/// the simulation finds each. The production sources have no such switch.
namespace meent::simulation {

enum class Mistake : std::uint8_t {
  none,
  foreign_stops,
  damaged_stops,
  unknown_version_is_void,
  unknown_record_version_is_void,
  undecodable_is_skipped,
  old_claim_applies,
  claim_ahead_applies,
  epoch_ahead_is_void,
  old_epoch_applies,
  other_writer_applies,
  off_the_chain_applies,
  two_first_records,
  second_genesis_applies,
  starts_without_genesis,
  misplaced_applies,
  answers_before_read_back,
  own_by_position,
  rejects_from_overlay,
  zombie_rejects,
  judges_before_after,
  timer_settles,
  claim_does_not_wait,
  offset_ahead,
  checkpoint_off_chain,
  missing_key_is_erased,
  accepts_after_leaving,  // from here on: of moving
  keys_after_records,
  leaves_the_rest,
  count,
};
std::string_view name_of(Mistake mistake);
/// Of a platform's way from one log into another.
constexpr bool is_of_moving(Mistake mistake) {
  return mistake >= Mistake::accepts_after_leaving;
}

inline Mistake planted_mistake = Mistake::none;
inline bool is_planted(Mistake mistake) {
  return planted_mistake == mistake;
}

}  // namespace meent::simulation
