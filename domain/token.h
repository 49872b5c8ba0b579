#pragma once
#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/context.h"
#include "domain/reason.h"
#include "domain/result.h"
#include "domain/state.h"

/// Tokens: with which requests are made. Only the secret's hash is kept.
namespace meent::domain {

// Commands -------------------------------------------------------------------------------------

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

/// In order of precedence.
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
Reason explain(TokenRejection rejection);

}  // namespace meent::domain
