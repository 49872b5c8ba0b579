#include "domain/platform.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::PlatformPlaced& e) {
  a("log", e.log);
}
template <class A>
void facts(A& a, domain::PlatformCreated& e) {
  a("platform_key", e.platform_key);
  a("slug", e.slug);
  a("name", e.name);
  a("language", e.language);
  a("introduction", e.introduction);
}
template <class A>
void facts(A& a, domain::PlatformRegistered& e) {
  a("platform", e.platform);
  a("slug", e.slug);
  a("name", e.name);
  a("hosts", e.hosts);
  a("partition", e.partition);
}
template <class A>
void facts(A& a, domain::LevelRaised& e) {
  a("level", e.level);
}

std::span<const EventRow> platform_rows() {
  using domain::PlatformEvent;
  static const std::array rows{
      make_row<PlatformEvent, domain::PlatformPlaced>({.name = "platform-placed",
                                                       .audience = Audience::everyone,
                                                       .analyst_facts = {"log"},
                                                       .public_form = never_public()}),
      make_row<PlatformEvent, domain::PlatformCreated>(
          {.name = "platform-created",
           .audience = Audience::everyone,
           .analyst_facts = {"platform_key"},
           .public_form = public_with({"slug", "name", "language", "introduction"})}),
      make_row<PlatformEvent, domain::PlatformRegistered>(
          {.name = "platform-registered",
           .audience = Audience::everyone,
           .analyst_facts = {"partition"},
           .public_form = public_with({"platform", "slug", "name", "hosts"})}),
      make_row<PlatformEvent, domain::LevelRaised>({.name = "level-raised",
                                                    .audience = Audience::operators,
                                                    .analyst_facts = {},
                                                    .public_form = never_public()}),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
