#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/ids.h"

namespace meent::domain {

enum class ActorKind : std::uint8_t { person, guest, officer, importer, operator_, clock };

/// Who did it. `id`: the person's id for person and officer; the token's id (or zero) otherwise.
struct Actor {
  ActorKind kind = ActorKind::guest;
  IdBytes id{};
  bool operator==(const Actor&) const = default;
  template <class A>
  void fields(A& a) {
    a(id, kind);
  }
  static Actor person(PersonId person) { return {ActorKind::person, person.value()}; }
};

/// What a person may do on a platform; ordered.
enum class Role : std::uint8_t { person, moderator, operator_ };

/// One thing that can be done with a contribution, plus what is done around contributions.
enum class Capability : std::uint8_t {
  found,     ///< create platforms and spaces, define kinds
  enrol,     ///< register people without a role
  entrust,   ///< grant roles, issue and revoke tokens
  place,     ///< place, revise and withdraw contributions
  conclude,  ///< close and reopen contributions
  discuss,
  support,
  moderate,
  analyse,  ///< raw positions and who did what, in history and export
};

/// Level of a space at which a row stands.
enum class Level : std::uint8_t {
  open,        ///< as open as the space is
  moderation,  ///< hidden or withdrawn: for moderators and the one who wrote it
};

/// Where a row stands; never who may see it. Stored in every row and search document.
struct Scope {
  enum class Place : std::uint8_t { platform, space, discussion, conversation, person };
  Place place = Place::platform;
  IdBytes id{};
  Level level = Level::open;
  auto operator<=>(const Scope&) const = default;
  template <class A>
  void fields(A& a) {
    a(place, id, level);
  }
  static Scope of_platform() { return {}; }
  static Scope of_space(SpaceId space, Level level) { return {Place::space, space.value(), level}; }
};

/// Who is looking, as found from the request and state.
struct Viewer {
  std::optional<PersonId> person;  ///< nothing: a guest
  Role role = Role::person;        ///< meaningful only with `is_signed_in`
  bool is_signed_in = false;       ///< a person or an operator's token
  bool may_analyse = false;        ///< the token carries the analyst right
};

/// `author`: who wrote the row, when someone did.
bool may_see(const Viewer& viewer, const Scope& scope, std::optional<PersonId> author = {});

/// Who acts on whose behalf on what.
struct Target {
  std::optional<PersonId> concerned;  ///< the person the event will name
  std::optional<PersonId> author;     ///< who wrote the item acted upon, when there is one
};

/// `role`: the actor's role on this platform, `Role::person` when it has none.
/// Persons act for themselves; importers and operators act for anyone; moderators moderate.
bool may_act(const Actor& actor, Role role, Capability capability, const Target& target);

}  // namespace meent::domain
