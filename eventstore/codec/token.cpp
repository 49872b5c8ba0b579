#include "domain/token.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::TokenIssued& e) {
  a("token", e.token);
  a("secret_hash", e.secret_hash);
  a("person", e.person);
  a("scopes", Bits<domain::TokenScope>{e.scopes});
  a("expires_at", e.expires_at);
  a("label", e.label);
}
template <class A>
void facts(A& a, domain::TokenRevoked& e) {
  a("token", e.token);
}

std::span<const EventRow> token_rows() {
  using domain::TokenEvent;
  static const std::array rows{
      make_row<TokenEvent, domain::TokenIssued>({.name = "token-issued",
                                                 .audience = Audience::operators,
                                                 .analyst_facts = {"secret_hash"},
                                                 .public_form = never_public()}),
      make_row<TokenEvent, domain::TokenRevoked>({.name = "token-revoked",
                                                  .audience = Audience::operators,
                                                  .analyst_facts = {},
                                                  .public_form = never_public()}),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
