#include "domain/person.h"

#include <algorithm>

#include "domain/platform.h"

namespace meent::domain {

namespace {

constexpr std::size_t longest_name = 120;
constexpr std::size_t longest_external_id = 120;

using Events = std::vector<PersonEvent>;
using Answer = Result<Events, PersonRejection>;

Answer decide_on(const State& state, const RegisterPerson& command, const Context& context) {
  const auto role = role_of_actor(state, context);
  const Target target{.concerned = command.person, .author = {}};
  if (!may_act(context.actor, role, Capability::enrol, target) ||
      (command.role != Role::person &&
       !may_act(context.actor, role, Capability::entrust, target))) {
    return refuse(PersonRejection::not_allowed);
  }
  if (!find<PlatformRecord>(state, {})) return refuse(PersonRejection::no_platform);
  if (find<PersonRecord>(state, command.person)) {
    return refuse(PersonRejection::already_registered);
  }
  if (length(command.name) > longest_name) return refuse(PersonRejection::name_too_long);
  if (!is_text(command.name)) return refuse(PersonRejection::name_not_text);
  if (!is_text(command.external_id) || length(command.external_id) > longest_external_id) {
    return refuse(PersonRejection::external_id_too_long);
  }
  PersonRegistered event{.person = command.person,
                         .identity_key = command.identity_key,
                         .content_key = command.content_key,
                         .name = {},
                         .role = command.role,
                         .external_id = command.external_id};
  if (!is_blank(command.name)) {
    event.name = PrivateText::plain(command.identity_key, command.name);
  }
  return Events{std::move(event)};
}

Answer decide_on(const State& state, const GrantRole& command, const Context& context) {
  const Target target{.concerned = command.person, .author = {}};
  if (!may_act(context.actor, role_of_actor(state, context), Capability::entrust, target)) {
    return refuse(PersonRejection::not_allowed);
  }
  if (!find<PlatformRecord>(state, {})) return refuse(PersonRejection::no_platform);
  const auto person = find<PersonRecord>(state, command.person);
  if (!person) return refuse(PersonRejection::unknown_person);
  if (person->role == command.role) return refuse(PersonRejection::role_unchanged);
  return Events{RoleGranted{.person = command.person, .role = command.role}};
}

void apply(MutableState& state, const PersonRegistered& event, const EventContext& context) {
  put(state, event.person,
      PersonRecord{.identity_key = event.identity_key,
                   .content_key = event.content_key,
                   .name = event.name,
                   .role = event.role,
                   .external_id = event.external_id,
                   .registered_at = context.recorded_at});
}

void apply(MutableState& state, const RoleGranted& event, const EventContext&) {
  auto person = must_find<PersonRecord>(state, event.person);
  person.role = event.role;
  put(state, event.person, person);
}

}  // namespace

Role role_of_actor(const State& state, const Context& context) {
  switch (context.actor.kind) {
    case ActorKind::person:
    case ActorKind::officer: {
      const auto person = find<PersonRecord>(state, PersonId(context.actor.id));
      return person ? std::min(person->role, context.role) : Role::person;
    }
    case ActorKind::importer:
    case ActorKind::operator_: return context.role;
    case ActorKind::guest:
    case ActorKind::clock: return Role::person;
  }
  std::abort();
}

Answer decide(const State& state, const PersonCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const PersonEvent& event, const EventContext& context) {
  std::visit([&](const auto& one) { apply(state, one, context); }, event);
}

Reason explain(PersonRejection rejection) {
  using enum PersonRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case not_allowed:
      return {"not-allowed",
              "Only operators and importers register people, and only operators grant roles; ask "
              "an operator.",
              forbidden};
    case no_platform:
      return {"no-platform", "This platform does not exist yet; create it first.", unknown};
    case already_registered:
      return {"already-registered",
              "A person with this id is registered already; use it, or draw another id.", conflict};
    case unknown_person:
      return {"unknown-person", "Nobody here has this id; register the person first.", unknown,
              "person"};
    case name_too_long:
      return {"name-too-long", "Give a name of at most 120 characters, or none.", invalid, "name"};
    case name_not_text:
      return {"name-not-text", "Send the name as UTF-8 text without NUL characters.", invalid,
              "name"};
    case external_id_too_long:
      return {"external-id-too-long",
              "Give the id from the source as text of at most 120 characters.", invalid,
              "external_id"};
    case role_unchanged:
      return {"role-unchanged", "This person has this role already; nothing to do.", conflict,
              "role"};
  }
  std::abort();
}

}  // namespace meent::domain
