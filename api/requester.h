#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "api/problem.h"
#include "domain/person.h"
#include "domain/platform.h"
#include "domain/policy.h"
#include "domain/token.h"
#include "eventstore/keys.h"
#include "eventstore/store.h"

/// Which platform a request is about and who makes it.
namespace meent::api {

/// A platform as a request names it, with its first facts.
struct Platform {
  domain::PlatformId id;
  domain::PlatformRecord record;
};

/// By id (32 hexadecimal digits), slug, or host. Nothing when there is none: not_found.
std::optional<Platform> find_platform(const eventstore::Store& store, std::string_view id_or_slug);
std::optional<Platform> find_platform_of_host(const eventstore::Store& store,
                                              std::string_view host);

/// Who makes the request: what the policy sees, and the actor a command will have.
struct Requester {
  domain::Viewer viewer;
  domain::Actor actor;
  domain::Role role = domain::Role::person;
  domain::TokenScopes scopes = 0;
  std::optional<domain::TokenId> token;
  [[nodiscard]] bool has(domain::TokenScope scope) const {
    return (scopes & static_cast<domain::TokenScopes>(scope)) != 0;
  }
};

/// A token's text: "meent_", its id, "_", its secret. Shown once, when it is made.
struct TokenText {
  domain::TokenId id;
  std::string secret;  ///< 43 characters
  [[nodiscard]] std::string text() const;
  static std::optional<TokenText> parse(std::string_view text);
  /// 256 random bits.
  static TokenText draw();
  /// SHA-256 of the secret: what the log holds.
  [[nodiscard]] std::array<std::uint8_t, 32> hash() const;
};

/// From `Authorization: Bearer …`; none is a guest. Tokens of the platform are looked up first,
/// then those of the directory (operators). Errors: not_signed_in for a token that is unknown,
/// expired, revoked, or no token at all.
std::expected<Requester, Problem> find_requester(const eventstore::Store& store,
                                                 domain::PlatformId platform,
                                                 const Request& request);
/// The same, from the token's text.
std::expected<Requester, Problem> find_requester(const eventstore::Store& store,
                                                 domain::PlatformId platform,
                                                 std::string_view token_text);

/// Who works on the data folder itself: an operator without a token.
Requester local_operator();

/// Milliseconds since 1970 by this machine's clock: for expiry only, never for the history.
domain::Timestamp wall_clock();
/// 128 random bits.
domain::IdBytes draw_id_bytes();
template <class IdT>
IdT draw_id() {
  return IdT(draw_id_bytes());
}

}  // namespace meent::api
