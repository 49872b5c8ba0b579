#include "domain/token.h"

#include "domain/person.h"
#include "domain/platform.h"
#include "domain/text.h"

namespace meent::domain {

namespace {

constexpr std::size_t longest_label = 120;
constexpr std::int64_t longest_life_ms = 3653LL * 24 * 60 * 60 * 1000;  // ten years

constexpr TokenScopes bits(TokenScope scope) {
  return static_cast<TokenScopes>(scope);
}
constexpr TokenScopes without_a_person = bits(TokenScope::import_) | bits(TokenScope::operate);
constexpr TokenScopes all_scopes = without_a_person | bits(TokenScope::act) |
                                   bits(TokenScope::moderate) | bits(TokenScope::analyse);

using Events = std::vector<TokenEvent>;
using Answer = Result<Events, TokenRejection>;

bool may_entrust(const State& state, const Context& context) {
  return may_act(context.actor, role_of_actor(state, context), Capability::entrust, {});
}

Answer decide_on(const State& state, const IssueToken& command, const Context& context) {
  if (!may_entrust(state, context)) return refuse(TokenRejection::not_allowed);
  if (!find<PlatformRecord>(state, {})) return refuse(TokenRejection::no_platform);
  if (find<TokenRecord>(state, command.token)) return refuse(TokenRejection::already_issued);
  if (command.person && !find<PersonRecord>(state, *command.person)) {
    return refuse(TokenRejection::unknown_person);
  }
  if (command.scopes == 0 || (command.scopes & ~all_scopes) != 0) {
    return refuse(TokenRejection::no_scopes);
  }
  if (command.person && (command.scopes & without_a_person) != 0) {
    return refuse(TokenRejection::scope_needs_no_person);
  }
  const auto now = context.recorded_at;
  if (command.expires_at <= now || command.expires_at.ms - now.ms > longest_life_ms) {
    return refuse(TokenRejection::bad_expiry);
  }
  if (!is_label(command.label, longest_label)) return refuse(TokenRejection::bad_label);
  return Events{TokenIssued{.token = command.token,
                            .secret_hash = command.secret_hash,
                            .person = command.person,
                            .scopes = command.scopes,
                            .expires_at = command.expires_at,
                            .label = command.label}};
}

Answer decide_on(const State& state, const RevokeToken& command, const Context& context) {
  if (!may_entrust(state, context)) return refuse(TokenRejection::not_allowed);
  if (!find<PlatformRecord>(state, {})) return refuse(TokenRejection::no_platform);
  const auto token = find<TokenRecord>(state, command.token);
  if (!token) return refuse(TokenRejection::unknown_token);
  if (token->revoked) return refuse(TokenRejection::already_revoked);
  return Events{TokenRevoked{command.token}};
}

void apply(MutableState& state, const TokenIssued& event, const EventContext& context) {
  put(state, event.token,
      TokenRecord{.secret_hash = std::string(event.secret_hash.begin(), event.secret_hash.end()),
                  .person = event.person,
                  .scopes = event.scopes,
                  .issued_at = context.recorded_at,
                  .expires_at = event.expires_at,
                  .revoked = false,
                  .label = event.label});
}

void apply(MutableState& state, const TokenRevoked& event, const EventContext&) {
  auto token = must_find<TokenRecord>(state, event.token);
  token.revoked = true;
  put(state, event.token, token);
}

}  // namespace

Answer decide(const State& state, const TokenCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const TokenEvent& event, const EventContext& context) {
  std::visit([&](const auto& one) { apply(state, one, context); }, event);
}

Reason explain(TokenRejection rejection) {
  using enum TokenRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case not_allowed:
      return {"not-allowed", "Only operators issue and revoke tokens; ask an operator.", forbidden};
    case no_platform:
      return {"no-platform", "This platform does not exist yet; create it first.", unknown};
    case already_issued:
      return {"already-issued", "A token with this id exists already; draw another id.", conflict};
    case unknown_token:
      return {"unknown-token", "No token has this id; look it up in the list of tokens.", unknown};
    case unknown_person:
      return {"unknown-person", "Nobody here has this id; register the person first.", unknown,
              "person"};
    case no_scopes:
      return {"no-scopes",
              "Name at least one of the scopes act, moderate, import, operate, analyse.", invalid,
              "scopes"};
    case scope_needs_no_person:
      return {"scope-needs-no-person",
              "Import and operate are for tokens without a person; leave the person or the scope "
              "out.",
              invalid, "scopes"};
    case bad_expiry:
      return {"bad-expiry", "Let the token expire after now and within ten years.", invalid,
              "expires_at"};
    case bad_label:
      return {"bad-label", "Give the token a label of 1 to 120 characters.", invalid, "label"};
    case already_revoked:
      return {"already-revoked", "This token is revoked already; nothing to do.", conflict};
  }
  std::abort();
}

}  // namespace meent::domain
