#include "domain/support.h"

#include "domain/person.h"
#include "domain/space.h"

namespace meent::domain {

namespace {

using Events = std::vector<SupportEvent>;
using Answer = Result<Events, SupportRejection>;

/// Where the support would stand, or why it is refused. This is the busiest decision there is:
/// four records, and a fifth only when somebody acts for somebody else.
Result<SpaceId, SupportRejection> place_of(const State& state, ContributionId id,
                                           PersonId concerned, const Context& context) {
  const auto contribution = find<ContributionRecord>(state, id);
  if (!contribution) return refuse(SupportRejection::unknown_contribution);
  const auto person = find<PersonRecord>(state, concerned);
  if (!person) return refuse(SupportRejection::unknown_person);
  const bool for_itself = context.actor == Actor::person(concerned);
  const auto role = for_itself ? person->role : role_of_actor(state, context);
  if (!may_act(context.actor, role, Capability::support, {.concerned = concerned, .author = {}})) {
    return refuse(SupportRejection::not_allowed);
  }
  if (!is_open_for(must_find<SpaceRecord>(state, contribution->space), context)) {
    return refuse(SupportRejection::space_not_open);
  }
  if (!must_find<KindRecord>(state, contribution->kind).kind.can(KindAbility::support)) {
    return refuse(SupportRejection::cannot_be_supported);
  }
  if (contribution->standing != Standing::open) {
    return refuse(SupportRejection::contribution_not_open);
  }
  return contribution->space;
}

Answer decide_on(const State& state, const GiveSupport& command, const Context& context) {
  const auto space = place_of(state, command.contribution, command.person, context);
  if (!space) return refuse(space.error());
  const auto earlier = find<SupportRecord>(state, {command.contribution, command.person});
  return Events{SupportGiven{.contribution = command.contribution,
                             .space = *space,
                             .person = command.person,
                             .stance = command.stance,
                             .replaces = earlier ? std::optional(earlier->stance) : std::nullopt}};
}

Answer decide_on(const State& state, const WithdrawSupport& command, const Context& context) {
  const auto space = place_of(state, command.contribution, command.person, context);
  if (!space) return refuse(space.error());
  const auto earlier = find<SupportRecord>(state, {command.contribution, command.person});
  if (!earlier) return refuse(SupportRejection::nothing_to_withdraw);
  return Events{SupportWithdrawn{.contribution = command.contribution,
                                 .space = *space,
                                 .person = command.person,
                                 .replaces = earlier->stance}};
}

void apply(MutableState& state, const SupportGiven& event) {
  put(state, {event.contribution, event.person}, SupportRecord{event.stance});
}

void apply(MutableState& state, const SupportWithdrawn& event) {
  erase<SupportRecord>(state, {event.contribution, event.person});
}

}  // namespace

Answer decide(const State& state, const SupportCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const SupportEvent& event, const EventContext&) {
  std::visit([&](const auto& one) { apply(state, one); }, event);
}

Reason explain(SupportRejection rejection) {
  using enum SupportRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case unknown_contribution:
      return {"unknown-contribution", "No contribution has this id; look it up in the feed.",
              unknown};
    case unknown_person:
      return {"unknown-person", "Nobody here has this id; register the person first.", unknown,
              "person"};
    case not_allowed:
      return {"not-allowed",
              "You may give and withdraw support only for yourself; sign in as "
              "that person.",
              forbidden};
    case space_not_open:
      return {"space-not-open",
              "The space is not open now; come back between its opening and closing dates.",
              conflict};
    case cannot_be_supported:
      return {"cannot-be-supported",
              "Contributions of this kind take no support; join the discussion instead.", conflict};
    case contribution_not_open:
      return {"contribution-not-open",
              "The contribution is closed, hidden or withdrawn; support one that is open.",
              conflict};
    case nothing_to_withdraw:
      return {"nothing-to-withdraw", "This person gave no support here; nothing to do.", conflict};
  }
  std::abort();
}

}  // namespace meent::domain
