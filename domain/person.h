#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/context.h"
#include "domain/result.h"
#include "domain/state.h"
#include "domain/text.h"

/// People of a platform, their roles, and the tokens with which requests are made.
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

/// What a token may be used for; a set of bits.
enum class TokenScope : std::uint32_t {
  act = 1,       ///< place, discuss, support as the token's person
  moderate = 2,  ///< with a moderator's token: accept and hide
  import_ = 4,   ///< act for anyone, with `occurred_at`
  operate = 8,   ///< found, enrol, conclude
  analyse = 16,  ///< raw positions, whole history
};
using TokenScopes = std::uint32_t;

struct IssueToken {
  TokenId token;
  std::array<std::uint8_t, 32> secret_hash{};  ///< SHA-256 of the secret
  std::optional<PersonId> person;              ///< whom it acts as; nothing: the operator's own
  TokenScopes scopes = 0;                      ///< not empty
  Timestamp expires_at;                        ///< after now, at most 10 years ahead
  std::string label;                           ///< 1..120 characters
};
struct RevokeToken {
  TokenId token;
};
using TokenCommand = std::variant<IssueToken, RevokeToken>;

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

struct TokenIssued {
  TokenId token;
  std::array<std::uint8_t, 32> secret_hash{};
  std::optional<PersonId> person;
  TokenScopes scopes = 0;
  Timestamp expires_at;
  std::string label;
  bool operator==(const TokenIssued&) const = default;
};
struct TokenRevoked {
  TokenId token;
  bool operator==(const TokenRevoked&) const = default;
};
using TokenEvent = std::variant<TokenIssued, TokenRevoked>;

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
struct TokenRecord {
  static constexpr char table = 't';
  using Key = TokenId;
  std::string secret_hash;  ///< 32 bytes
  std::optional<PersonId> person;
  TokenScopes scopes = 0;
  Timestamp issued_at, expires_at;
  bool revoked = false;
  std::string label;
  template <class A>
  void fields(A& a) {
    a(secret_hash, person, scopes, issued_at, expires_at, revoked, label);
  }
};

// Rules ----------------------------------------------------------------------------------------

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

enum class TokenRejection : std::uint8_t {
  not_allowed,
  no_platform,
  already_issued,
  unknown_token,
  unknown_person,
  no_scopes,
  scope_needs_no_person,  ///< import and operate are for tokens without a person
  bad_expiry,
  bad_label,
  already_revoked,
};
Result<std::vector<TokenEvent>, TokenRejection> decide(const State&, const TokenCommand&,
                                                       const Context&);
void evolve(MutableState&, const TokenEvent&, const EventContext&);

}  // namespace meent::domain
