#pragma once
#include <variant>
#include <vector>

#include "domain/contribution.h"
#include "domain/discuss.h"
#include "domain/kind.h"
#include "domain/moderate.h"
#include "domain/person.h"
#include "domain/platform.h"
#include "domain/space.h"
#include "domain/support.h"
#include "domain/token.h"

/// All that can be done and all that can have happened: one row per capability.
namespace meent::domain {

using Command =
    std::variant<PlatformCommand, PersonCommand, TokenCommand, KindCommand, SpaceCommand,
                 ContributionCommand, DiscussCommand, SupportCommand, ModerateCommand>;
using Event = std::variant<PlatformEvent, PersonEvent, TokenEvent, KindEvent, SpaceEvent,
                           ContributionEvent, DiscussEvent, SupportEvent, ModerateEvent>;
using Rejection =
    std::variant<PlatformRejection, PersonRejection, TokenRejection, KindRejection, SpaceRejection,
                 ContributionRejection, DiscussRejection, SupportRejection, ModerateRejection>;

/// Which events the command causes in this state, or why not. Pure: same state, same answer.
/// An `occurred_at` from anyone but an importer is `not_allowed`, whatever else is wrong.
Result<std::vector<Event>, Rejection> decide(const State& state, const Command& command,
                                             const Context& context);

/// Writes what the event changes. Never refuses: an event in the log has happened.
void evolve(MutableState& state, const Event& event, const EventContext& context);

/// Every enumerator of every rejection has its row, beside the capability it belongs to.
Reason explain(const Rejection& rejection);

}  // namespace meent::domain
