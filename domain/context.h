#pragma once
#include <optional>

#include "domain/ids.h"
#include "domain/policy.h"

namespace meent::domain {

/// What surrounds a command. `decide` and `evolve` see no other clock and draw no ids: ids that an
/// act needs are fields of its command, drawn by whoever made the command.
struct Context {
  PlatformId platform;
  Actor actor;
  /// The most that this act may use: what the token gives. Of a person it counts as far as the
  /// platform's log gives it too.
  Role role = Role::person;
  Timestamp recorded_at;                 ///< set by the sequencer; decides order and deadlines
  std::optional<Timestamp> occurred_at;  ///< importers only; what feeds and exports show
};

/// What surrounds an event, as read from the log.
struct EventContext {
  PlatformId platform;
  std::uint64_t position = 0;
  Actor actor;
  Timestamp recorded_at;
  std::optional<Timestamp> occurred_at;
  [[nodiscard]] Timestamp shown_at() const { return occurred_at.value_or(recorded_at); }
};

}  // namespace meent::domain
