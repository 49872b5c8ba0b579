#include "domain/moderate.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::ItemAccepted& e) {
  a("item", e.item);
  a("contribution", e.contribution);
  a("space", e.space);
  a("was_hidden", e.was_hidden);
}
template <class A>
void facts(A& a, domain::ItemHidden& e) {
  a("item", e.item);
  a("contribution", e.contribution);
  a("space", e.space);
  a("reason", e.reason);
}

std::span<const EventRow> moderate_rows() {
  using domain::ModerateEvent;
  static const std::array rows{
      make_row<ModerateEvent, domain::ItemAccepted>(
          {.name = "item-accepted",
           .audience = Audience::scope,
           .analyst_facts = {},
           .public_form = public_with({"item", "contribution", "space", "was_hidden"})}),
      make_row<ModerateEvent, domain::ItemHidden>(
          {.name = "item-hidden",
           .audience = Audience::scope,
           .analyst_facts = {},
           .public_form = public_with({"item", "contribution", "space"})}),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
