#include "domain/support.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::SupportGiven& e) {
  a("contribution", e.contribution);
  a("space", e.space);
  a("person", e.person);
  a("stance", e.stance);
  a("replaces", e.replaces);
}
template <class A>
void facts(A& a, domain::SupportWithdrawn& e) {
  a("contribution", e.contribution);
  a("space", e.space);
  a("person", e.person);
  a("replaces", e.replaces);
}

std::span<const EventRow> support_rows() {
  using domain::SupportEvent;
  static const std::array rows{
      make_row<SupportEvent, domain::SupportGiven>(
          {.name = "support-given",
           .audience = Audience::scope,
           .analyst_facts = {"person"},
           .public_form = public_with({"contribution", "space", "stance", "replaces"})}),
      make_row<SupportEvent, domain::SupportWithdrawn>(
          {.name = "support-withdrawn",
           .audience = Audience::scope,
           .analyst_facts = {"person"},
           .public_form = public_with({"contribution", "space", "replaces"})}),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
