#include "domain/person.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::PersonRegistered& e) {
  a("person", e.person);
  a("identity_key", e.identity_key);
  a("content_key", e.content_key);
  a("name", e.name);
  a("role", e.role);
  a("external_id", e.external_id);
}
template <class A>
void facts(A& a, domain::RoleGranted& e) {
  a("person", e.person);
  a("role", e.role);
}
std::span<const EventRow> person_rows() {
  using domain::PersonEvent;
  static const std::array rows{
      make_row<PersonEvent, domain::PersonRegistered>(
          {.name = "person-registered",
           .audience = Audience::everyone,
           .analyst_facts = {"identity_key", "content_key", "external_id"},
           .public_form = never_public()}),
      make_row<PersonEvent, domain::RoleGranted>({.name = "role-granted",
                                                  .audience = Audience::everyone,
                                                  .analyst_facts = {},
                                                  .public_form = never_public()}),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
