#include "domain/kind.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::FormField& f) {
  a("name", f.name);
  a("label", f.label);
  a("type", f.type);
  a("required", f.required);
  a("longest", f.longest);
  a("choices", f.choices);
}
template <class A>
void facts(A& a, domain::Kind& k) {
  a("name", k.name);
  a("label", k.label);
  a("abilities", Bits<domain::KindAbility>{k.abilities});
  a("title_required", k.title_required);
  a("longest_title", k.longest_title);
  a("longest_body", k.longest_body);
  a("form", k.form);
  a("themes", k.themes);
}
template <class A>
void facts(A& a, domain::KindDefined& e) {
  a("kind", e.kind);
}

std::span<const EventRow> kind_rows() {
  static const std::array rows{
      make_row<domain::KindEvent, domain::KindDefined>({.name = "kind-defined",
                                                        .audience = Audience::everyone,
                                                        .analyst_facts = {},
                                                        .public_form = public_with({"kind"})})};
  return rows;
}

}  // namespace meent::eventstore::codec
