#include "domain/space.h"

#include <set>

#include "domain/kind.h"
#include "domain/person.h"
#include "domain/platform.h"
#include "domain/text.h"

namespace meent::domain {

namespace {

constexpr std::size_t longest_title = 150;
constexpr std::size_t longest_introduction = 8000;
constexpr std::size_t most_kinds = 20;

using Events = std::vector<SpaceEvent>;
using Answer = Result<Events, SpaceRejection>;

bool may_found(const State& state, const Context& context) {
  return may_act(context.actor, role_of_actor(state, context), Capability::found, {});
}

/// The first thing wrong with the description, in order of precedence.
std::optional<SpaceRejection> fault_in(const State& state, SpaceId space,
                                       const SpaceDescription& description) {
  if (!is_slug(description.slug)) return SpaceRejection::bad_slug;
  const auto owner = find<SpaceSlugRecord>(state, description.slug);
  if (owner && owner->space != space) return SpaceRejection::slug_taken;
  if (!is_label(description.title, longest_title)) return SpaceRejection::bad_title;
  if (!is_text(description.introduction) ||
      length(description.introduction) > longest_introduction) {
    return SpaceRejection::introduction_too_long;
  }
  const auto& kinds = description.kinds;
  const std::set<std::string> different(kinds.begin(), kinds.end());
  if (kinds.empty() || kinds.size() > most_kinds || different.size() != kinds.size()) {
    return SpaceRejection::no_kinds;
  }
  for (const auto& kind : kinds) {
    if (!find<KindRecord>(state, kind)) return SpaceRejection::unknown_kind;
  }
  const auto& [opens_at, closes_at] = std::pair(description.opens_at, description.closes_at);
  if (opens_at && closes_at && *closes_at <= *opens_at) {
    return SpaceRejection::closes_before_it_opens;
  }
  return std::nullopt;
}

Answer decide_on(const State& state, const CreateSpace& command, const Context& context) {
  if (!may_found(state, context)) return refuse(SpaceRejection::not_allowed);
  if (!find<PlatformRecord>(state, {})) return refuse(SpaceRejection::no_platform);
  if (find<SpaceRecord>(state, command.space)) return refuse(SpaceRejection::already_created);
  if (const auto fault = fault_in(state, command.space, command.description)) {
    return refuse(*fault);
  }
  return Events{SpaceCreated{.space = command.space, .description = command.description}};
}

Answer decide_on(const State& state, const ChangeSpace& command, const Context& context) {
  if (!may_found(state, context)) return refuse(SpaceRejection::not_allowed);
  if (!find<PlatformRecord>(state, {})) return refuse(SpaceRejection::no_platform);
  const auto space = find<SpaceRecord>(state, command.space);
  if (!space) return refuse(SpaceRejection::unknown_space);
  if (const auto fault = fault_in(state, command.space, command.description)) {
    return refuse(*fault);
  }
  if (space->description == command.description) return refuse(SpaceRejection::unchanged);
  return Events{SpaceChanged{.space = command.space, .description = command.description}};
}

void apply(MutableState& state, const SpaceCreated& event, const EventContext& context) {
  put(state, event.space,
      SpaceRecord{.description = event.description, .created_at = context.recorded_at});
  put(state, event.description.slug, SpaceSlugRecord{event.space});
}

void apply(MutableState& state, const SpaceChanged& event, const EventContext&) {
  auto space = must_find<SpaceRecord>(state, event.space);
  space.description = event.description;
  put(state, event.space, space);
  put(state, event.description.slug, SpaceSlugRecord{event.space});
}

}  // namespace

bool is_open_for(const SpaceRecord& space, const Context& context) {
  return context.actor.kind == ActorKind::importer || space.is_open_at(context.recorded_at);
}

Answer decide(const State& state, const SpaceCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const SpaceEvent& event, const EventContext& context) {
  std::visit([&](const auto& one) { apply(state, one, context); }, event);
}

Reason explain(SpaceRejection rejection) {
  using enum SpaceRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case not_allowed:
      return {"not-allowed",
              "Only operators and importers make and change spaces; ask an operator.", forbidden};
    case no_platform:
      return {"no-platform", "This platform does not exist yet; create it first.", unknown};
    case already_created:
      return {"already-created", "A space with this id exists already; draw another id.", conflict};
    case unknown_space:
      return {"unknown-space", "No space has this id; look it up in the list of spaces.", unknown};
    case bad_slug:
      return {"bad-slug", "A slug has 1 to 64 lower-case letters, digits and single hyphens.",
              invalid, "slug"};
    case slug_taken:
      return {"slug-taken", "Another space has or had this slug; choose another one.", conflict,
              "slug"};
    case bad_title:
      return {"bad-title", "Give the space a title of 1 to 150 characters.", invalid, "title"};
    case introduction_too_long:
      return {"introduction-too-long", "Keep the introduction to text of at most 8000 characters.",
              invalid, "introduction"};
    case no_kinds:
      return {"no-kinds", "Name 1 to 20 different kinds that may be placed here.", invalid,
              "kinds"};
    case unknown_kind:
      return {"unknown-kind", "Name only kinds that this platform has; define the kind first.",
              invalid, "kinds"};
    case closes_before_it_opens:
      return {"closes-before-it-opens", "Let the space close after it opens.", invalid,
              "closes_at"};
    case unchanged:
      return {"unchanged", "The space is described exactly like this already; nothing to do.",
              conflict};
  }
  std::abort();
}

}  // namespace meent::domain
