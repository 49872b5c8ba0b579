#include "domain/moderate.h"

#include "domain/person.h"
#include "domain/platform.h"
#include "domain/text.h"

namespace meent::domain {

namespace {

constexpr std::size_t longest_reason = 1000;

using Events = std::vector<ModerateEvent>;
using Answer = Result<Events, ModerateRejection>;

/// What moderation needs to know of a contribution or a comment.
struct Moderated {
  ContributionId contribution;
  SpaceId space;
  PersonId author;
  Standing standing;
  bool accepted;
};

std::optional<Moderated> look_up(const State& state, const Item& item) {
  return std::visit(overloaded{[&](ContributionId id) -> std::optional<Moderated> {
                                 const auto record = find<ContributionRecord>(state, id);
                                 if (!record) return std::nullopt;
                                 return Moderated{id, record->space, record->author,
                                                  record->standing, record->accepted};
                               },
                               [&](CommentId id) -> std::optional<Moderated> {
                                 const auto record = find<CommentRecord>(state, id);
                                 if (!record) return std::nullopt;
                                 return Moderated{record->contribution, record->space,
                                                  record->author, record->standing,
                                                  record->accepted};
                               }},
                    item);
}

bool may_moderate(const State& state, const Context& context, const Moderated& moderated) {
  return may_act(context.actor, role_of_actor(state, context), Capability::moderate,
                 {.concerned = {}, .author = moderated.author});
}

/// The moderator's content key; the platform's when no person moderates.
KeyId key_of_actor(const State& state, const Actor& actor) {
  if (actor.kind == ActorKind::person || actor.kind == ActorKind::officer) {
    return must_find<PersonRecord>(state, PersonId(actor.id)).content_key;
  }
  return must_find<PlatformRecord>(state, {}).platform_key;
}

Answer decide_on(const State& state, const AcceptItem& command, const Context& context) {
  const auto moderated = look_up(state, command.item);
  if (!moderated) return refuse(ModerateRejection::unknown_item);
  if (!may_moderate(state, context, *moderated)) return refuse(ModerateRejection::not_allowed);
  if (moderated->standing == Standing::withdrawn) return refuse(ModerateRejection::is_withdrawn);
  const bool was_hidden = moderated->standing == Standing::hidden;
  if (moderated->accepted && !was_hidden) return refuse(ModerateRejection::already_accepted);
  return Events{ItemAccepted{.item = command.item,
                             .contribution = moderated->contribution,
                             .space = moderated->space,
                             .was_hidden = was_hidden}};
}

Answer decide_on(const State& state, const HideItem& command, const Context& context) {
  const auto moderated = look_up(state, command.item);
  if (!moderated) return refuse(ModerateRejection::unknown_item);
  if (!may_moderate(state, context, *moderated)) return refuse(ModerateRejection::not_allowed);
  if (moderated->standing == Standing::withdrawn) return refuse(ModerateRejection::is_withdrawn);
  if (moderated->standing == Standing::hidden) return refuse(ModerateRejection::already_hidden);
  if (is_blank(command.reason)) return refuse(ModerateRejection::reason_missing);
  if (length(command.reason) > longest_reason) return refuse(ModerateRejection::reason_too_long);
  if (!is_text(command.reason)) return refuse(ModerateRejection::not_text);
  const auto key = key_of_actor(state, context.actor);
  return Events{ItemHidden{.item = command.item,
                           .contribution = moderated->contribution,
                           .space = moderated->space,
                           .reason = PrivateText::plain(key, command.reason)}};
}

void accept(MutableState& state, ContributionId id, bool was_hidden) {
  auto record = must_find<ContributionRecord>(state, id);
  record.accepted = true;
  if (was_hidden) record.standing = record.before_hiding;
  put(state, id, record);
}

void accept(MutableState& state, CommentId id, bool was_hidden) {
  auto record = must_find<CommentRecord>(state, id);
  record.accepted = true;
  if (was_hidden) record.standing = Standing::open;
  put(state, id, record);
}

void hide(MutableState& state, ContributionId id) {
  auto record = must_find<ContributionRecord>(state, id);
  record.accepted = false;
  record.before_hiding = record.standing;
  record.standing = Standing::hidden;
  put(state, id, record);
}

void hide(MutableState& state, CommentId id) {
  auto record = must_find<CommentRecord>(state, id);
  record.accepted = false;
  record.standing = Standing::hidden;
  put(state, id, record);
}

void apply(MutableState& state, const ItemAccepted& event) {
  std::visit([&](const auto& id) { accept(state, id, event.was_hidden); }, event.item);
}

void apply(MutableState& state, const ItemHidden& event) {
  std::visit([&](const auto& id) { hide(state, id); }, event.item);
}

}  // namespace

Answer decide(const State& state, const ModerateCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const ModerateEvent& event, const EventContext&) {
  std::visit([&](const auto& one) { apply(state, one); }, event);
}

Reason explain(ModerateRejection rejection) {
  using enum ModerateRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case unknown_item:
      return {"unknown-item",
              "No contribution or comment has this id; look it up in the feed or the discussion.",
              unknown};
    case not_allowed:
      return {"not-allowed", "Only moderators accept and hide; ask a moderator.", forbidden};
    case is_withdrawn:
      return {"is-withdrawn", "Its author has withdrawn it; nothing to do.", conflict};
    case already_accepted:
      return {"already-accepted", "It is accepted already; nothing to do.", conflict};
    case already_hidden:
      return {"already-hidden", "It is hidden already; nothing to do.", conflict};
    case reason_missing:
      return {"reason-missing", "Say why it is hidden; everyone can read the reason.", invalid,
              "reason"};
    case reason_too_long:
      return {"reason-too-long", "Shorten the reason to 1000 characters.", invalid, "reason"};
    case not_text:
      return {"not-text", "Send the reason as UTF-8 without NUL characters.", invalid, "reason"};
  }
  std::abort();
}

}  // namespace meent::domain
