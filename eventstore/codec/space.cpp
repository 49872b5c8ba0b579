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
  const auto type = [](std::string_view name) {
    return EventType{.name = name,
                     .audience = Audience::everyone,
                     .analyst_facts = {},
                     .public_form = public_with({"space", "slug", "title", "introduction", "kinds",
                                                 "opens_at", "closes_at"})};
  };
  static const std::array rows{
      make_row<SpaceEvent, domain::SpaceCreated>(type("space-created")),
      make_row<SpaceEvent, domain::SpaceChanged>(type("space-changed")),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
