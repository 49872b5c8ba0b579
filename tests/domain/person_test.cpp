#include "domain/person.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

RegisterPerson eva() {
  return {.person = nobody,
          .identity_key = identity_key_of(nobody),
          .content_key = content_key_of(nobody),
          .name = "Eva",
          .role = Role::person,
          .external_id = "17"};
}
Command enrol(const RegisterPerson& command) {
  return PersonCommand(command);
}
Command grant(PersonId person, Role role) {
  return PersonCommand(GrantRole{person, role});
}
RegisterPerson& enrolling(Case& one) {
  return in<PersonCommand, RegisterPerson>(one);
}
GrantRole& granting(Case& one) {
  return in<PersonCommand, GrantRole>(one);
}

}  // namespace

TEST(Person, TheNameIsSealedUnderTheIdentityKey) {
  auto expected = registered(nobody, "Eva");
  expected.external_id = "17";
  for (const auto& context : {by_operator(), by_importer(), by(olga)}) {
    given(founding()).when(enrol(eva()), context).then({expected});
  }
}

TEST(Person, AParticipantMayHaveNoName) {
  for (const auto* name : {"", "  "}) {
    auto command = eva();
    command.name = name;
    const auto event = given(founding()).when(enrol(command), by_importer());
    EXPECT_EQ(event.only<PersonRegistered>().name, std::nullopt);
  }
}

TEST(Person, ARoleIsGivenOnlyByWhoMayEntrust) {
  auto command = eva();
  command.role = Role::moderator;
  given(founding()).when(enrol(command), by_operator()).then_accepted();
  given(founding()).when(enrol(command), by_importer()).then_rejected(PersonRejection::not_allowed);
  given(founding())
      .when(grant(bram, Role::moderator), by(olga))
      .then({RoleGranted{bram, Role::moderator}});
  const auto state = state_after([] {
    auto events = founding();
    events.emplace_back(RoleGranted{bram, Role::moderator});
    return events;
  }());
  EXPECT_EQ(find<PersonRecord>(state, bram)->role, Role::moderator);
  EXPECT_EQ(find<PersonRecord>(state, bram)->content_key, content_key_of(bram));
}

TEST(Person, TheRoleOfAnActorIsTheOneThePlatformGaveAndTheTokenBrings) {
  const auto state = state_after(founding());
  const struct {
    Actor actor;
    Role claimed, counts;
  } rows[] = {
      {Actor::person(bram), Role::operator_, Role::person},
      {Actor::person(mo), Role::operator_, Role::moderator},
      {Actor::person(mo), Role::person, Role::person},
      {Actor::person(olga), Role::moderator, Role::moderator},
      {Actor::person(nobody), Role::operator_, Role::person},
      {{ActorKind::officer, olga.value()}, Role::operator_, Role::operator_},
      {{ActorKind::officer, bram.value()}, Role::operator_, Role::person},
      {{ActorKind::operator_, {}}, Role::operator_, Role::operator_},
      {{ActorKind::operator_, olga.value()}, Role::person, Role::person},
      {{ActorKind::importer, {}}, Role::moderator, Role::moderator},
      {{ActorKind::guest, olga.value()}, Role::operator_, Role::person},
      {{ActorKind::clock, {}}, Role::operator_, Role::person},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(role_of_actor(state, by(row.actor, row.claimed)), row.counts)
        << static_cast<int>(row.actor.kind);
  }
}

TEST(Person, LimitsAreWithin) {
  expect_within_limits({founding(), enrol(eva()), by_operator()},
                       {[](Case& c) { enrolling(c).name = std::string(120, 'a'); },
                        [](Case& c) { enrolling(c).external_id = std::string(120, '1'); }});
}

TEST(Person, OneReasonARow) {
  using enum PersonRejection;
  expect_reasons<PersonRejection>(
      {founding(), enrol(eva()), by_operator()},
      {{not_allowed, [](Case& c) { c.context = by(mo); }},
       {not_allowed, [](Case& c) { c.context = by(nobody); }},
       {not_allowed, [](Case& c) { c.context = by_guest(); }},
       {no_platform, [](Case& c) { c.events.clear(); }},
       {already_registered, [](Case& c) { enrolling(c).person = anna; }},
       {name_too_long, [](Case& c) { enrolling(c).name = std::string(121, 'a'); }},
       {name_not_text, [](Case& c) { enrolling(c).name = "\xFF"; }},
       {external_id_too_long, [](Case& c) { enrolling(c).external_id = std::string(121, '1'); }},
       {external_id_too_long, [](Case& c) { enrolling(c).external_id = "\xFF"; }}});
  expect_reasons<PersonRejection>(
      {founding(), grant(bram, Role::moderator), by_operator()},
      {{not_allowed, [](Case& c) { c.context = by_importer(); }},
       {not_allowed, [](Case& c) { c.context = by(bram); }},
       {no_platform, [](Case& c) { c.events = {registered(bram, "Bram")}; }},
       {unknown_person, [](Case& c) { granting(c).person = nobody; }},
       {role_unchanged, [](Case& c) { granting(c).role = Role::person; }}});
}

TEST(Person, TheFirstReasonIsTheOneGiven) {
  using enum PersonRejection;
  auto worst = eva();
  worst.person = anna;
  worst.name = std::string(121, '\xFF');
  worst.external_id = "\xFF";
  expect_precedence<PersonRejection>(
      {{registered(anna, "Anna")}, enrol(worst), by_guest()},
      {{not_allowed, [](Case& c) { c.context = by_operator(); }},
       {no_platform, [](Case& c) { c.events = founding(); }},
       {already_registered, [](Case& c) { enrolling(c).person = nobody; }},
       {name_too_long, [](Case& c) { enrolling(c).name = "\xFF"; }},
       {name_not_text, [](Case& c) { enrolling(c).name = "Eva"; }},
       {external_id_too_long, [](Case& c) { enrolling(c).external_id = ""; }}});
  expect_precedence<PersonRejection>(
      {{}, grant(nobody, Role::person), by_guest()},
      {{not_allowed, [](Case& c) { c.context = by_operator(); }},
       {no_platform, [](Case& c) { c.events = founding(); }},
       {unknown_person, [](Case& c) { granting(c).person = bram; }},
       {role_unchanged, [](Case& c) { granting(c).role = Role::operator_; }}});
}

TEST(PersonDeathTest, ARoleForNobodyIsABrokenInvariant) {
  EXPECT_DEATH(state_after({RoleGranted{nobody, Role::moderator}}), "");
}
