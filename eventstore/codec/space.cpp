#include "domain/space.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::SpaceDescription& d) {
  a("slug", d.slug);
  a("title", d.title);
  a("introduction", d.introduction);
  a("kinds", d.kinds);
  a("opens_at", d.opens_at);
  a("closes_at", d.closes_at);
}
template <class A>
void facts(A& a, domain::SpaceCreated& e) {
  a("space", e.space);
  facts(a, e.description);
}
template <class A>
void facts(A& a, domain::SpaceChanged& e) {
  a("space", e.space);
  facts(a, e.description);
}

std::span<const EventRow> space_rows() {
  using domain::SpaceEvent;
  static const std::array rows{
      make_row<SpaceEvent, domain::SpaceCreated>(
          {.name = "space-created", .audience = Audience::everyone, .analyst_facts = {}}),
      make_row<SpaceEvent, domain::SpaceChanged>(
          {.name = "space-changed", .audience = Audience::everyone, .analyst_facts = {}}),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
