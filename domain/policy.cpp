#include "domain/policy.h"

namespace meent::domain {

// The tables in docs/policy.md say the same; tests/domain/policy_test.cpp compares every cell.

bool may_see(const Viewer& viewer, const Scope& scope, std::optional<PersonId> author) {
  const bool is_author = viewer.person && author && *viewer.person == *author;
  const bool moderates = viewer.is_signed_in && viewer.role >= Role::moderator;
  switch (scope.place) {
    case Scope::Place::platform:
    case Scope::Place::space:
    case Scope::Place::discussion: return scope.level == Level::open || is_author || moderates;
    case Scope::Place::conversation: return is_author;
    case Scope::Place::person: return viewer.person && viewer.person->value() == scope.id;
  }
  return false;
}

bool may_act(const Actor& actor, Role role, Capability capability, const Target& target) {
  const bool is_person = actor.kind == ActorKind::person || actor.kind == ActorKind::officer;
  const bool is_importer = actor.kind == ActorKind::importer;
  if (!is_person && !is_importer && actor.kind != ActorKind::operator_) return false;

  const auto is_actor = [&](const std::optional<PersonId>& person) {
    return is_person && person && person->value() == actor.id;
  };
  switch (capability) {
    case Capability::found:
    case Capability::enrol: return is_importer || role >= Role::operator_;
    case Capability::entrust:
    case Capability::analyse: return !is_importer && role >= Role::operator_;
    case Capability::place:
    case Capability::discuss:
    case Capability::support:
      if (is_person) return is_actor(target.concerned);
      return is_importer || role >= Role::operator_;
    case Capability::conclude:
      return is_importer || role >= Role::moderator || is_actor(target.author);
    case Capability::moderate: return is_importer || role >= Role::moderator;
  }
  return false;
}

}  // namespace meent::domain
