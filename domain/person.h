#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/context.h"
#include "domain/reason.h"
#include "domain/result.h"
#include "domain/state.h"
#include "domain/text.h"

/// People of a platform and their roles.
namespace meent::domain {

// Commands -------------------------------------------------------------------------------------

struct RegisterPerson {
  PersonId person;
  KeyId identity_key, content_key;  ///< already in the key store
  std::string name;                 ///< 0..120 characters; empty: a participant without a name
  Role role = Role::person;
  std::string external_id;  ///< 0..120 characters: the id in the source this was imported from
};
struct GrantRole {
  PersonId person;
  Role role = Role::person;
};
using PersonCommand = std::variant<RegisterPerson, GrantRole>;

// Events ---------------------------------------------------------------------------------------

struct PersonRegistered {
  PersonId person;
  KeyId identity_key, content_key;
  std::optional<PrivateText> name;  ///< under the identity key
  Role role = Role::person;
  std::string external_id;
  bool operator==(const PersonRegistered&) const = default;
};
struct RoleGranted {
  PersonId person;
  Role role = Role::person;
  bool operator==(const RoleGranted&) const = default;
};
using PersonEvent = std::variant<PersonRegistered, RoleGranted>;

// State ----------------------------------------------------------------------------------------

struct PersonRecord {
  static constexpr char table = 'p';
  using Key = PersonId;
  KeyId identity_key, content_key;
  std::optional<PrivateText> name;
  Role role = Role::person;
  std::string external_id;
  Timestamp registered_at;
  template <class A>
  void fields(A& a) {
    a(identity_key, content_key, name, role, external_id, registered_at);
  }
};

// Rules ----------------------------------------------------------------------------------------

/// In order of precedence.
enum class PersonRejection : std::uint8_t {
  not_allowed,
  no_platform,
  already_registered,
  unknown_person,
  name_too_long,
  name_not_text,
  external_id_too_long,
  role_unchanged,
};
Result<std::vector<PersonEvent>, PersonRejection> decide(const State&, const PersonCommand&,
                                                         const Context&);
void evolve(MutableState&, const PersonEvent&, const EventContext&);
Reason explain(PersonRejection rejection);

/// The role a decision counts with: persons and officers have the one in state, at most what their
/// token brings along; importers and operators the one their token gives; everybody else none.
Role role_of_actor(const State& state, const Context& context);

}  // namespace meent::domain
