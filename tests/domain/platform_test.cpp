#include "domain/platform.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

const auto other_platform = id<PlatformId>(0x51);

CreatePlatform lindedorp() {
  return {.log = log_id,
          .platform_key = platform_key,
          .slug = "lindedorp",
          .name = "Lindedorp",
          .language = "nl",
          .introduction = "Welkom."};
}
RegisterPlatform registration() {
  return {.platform = platform_id,
          .slug = "lindedorp",
          .name = "Lindedorp",
          .hosts = {"lindedorp.example", "www.lindedorp.example"},
          .partition = 0};
}
PlatformRegistered registered_as(const RegisterPlatform& command) {
  return {.platform = command.platform,
          .slug = command.slug,
          .name = command.name,
          .hosts = command.hosts,
          .partition = command.partition};
}

Context in_the_directory(Context context) {
  context.platform = directory_id();
  return context;
}
Events directory() {
  return {PlatformPlaced{log_id}, PlatformCreated{.platform_key = platform_key,
                                                  .slug = "directory",
                                                  .name = "Directory",
                                                  .language = "nl",
                                                  .introduction = {}}};
}
Events directory(const RegisterPlatform& known) {
  auto events = directory();
  events.emplace_back(registered_as(known));
  return events;
}

Command create(const CreatePlatform& command) {
  return PlatformCommand(command);
}
Command enter(const RegisterPlatform& command) {
  return PlatformCommand(command);
}
CreatePlatform& creating(Case& one) {
  return in<PlatformCommand, CreatePlatform>(one);
}
RegisterPlatform& entering(Case& one) {
  return in<PlatformCommand, RegisterPlatform>(one);
}

std::optional<PlatformId> owner_of(const Events& events, const std::string& name) {
  const auto owner = find<PlatformNameRecord>(state_after(events), name);
  return owner ? std::optional(owner->platform) : std::nullopt;
}

}  // namespace

TEST(Platform, ItsFirstFactIsTheLogItLivesIn) {
  given({})
      .when(create(lindedorp()), by_operator())
      .then({PlatformPlaced{log_id}, PlatformCreated{.platform_key = platform_key,
                                                     .slug = "lindedorp",
                                                     .name = "Lindedorp",
                                                     .language = "nl",
                                                     .introduction = "Welkom."}});
}

TEST(Platform, TheRecordKnowsLogKeyAndWords) {
  const auto record = find<PlatformRecord>(state_after(founding()), {}).value();
  EXPECT_EQ(record.log, log_id);
  EXPECT_EQ(record.platform_key, platform_key);
  EXPECT_EQ(record.slug, "lindedorp");
  EXPECT_EQ(record.created_at, Timestamp{1'000});
}

TEST(Platform, APlatformThatMovesKeepsItsWords) {
  auto events = founding();
  events.emplace_back(PlatformPlaced{id<LogId>(0x77)});
  const auto record = find<PlatformRecord>(state_after(events), {}).value();
  EXPECT_EQ(record.log, id<LogId>(0x77));
  EXPECT_EQ(record.name, "Lindedorp");
}

TEST(Platform, ItsLastFactHereIsTheLogItMovesTo) {
  const auto away = PlatformCommand(MovePlatform{.log = id<LogId>(0x77)});
  given(founding()).when(away, by_operator()).then({PlatformPlaced{id<LogId>(0x77)}});
}

TEST(Platform, ALogBeginsAtTheLevelOfItsFirstSoftwareAndIsRaised) {
  EXPECT_EQ(level_in(state_after(directory())), 1U);
  auto first = lindedorp();
  first.level = 2;
  given({})
      .when(create(first), in_the_directory(by_operator()))
      .then({PlatformPlaced{log_id},
             PlatformCreated{.platform_key = platform_key,
                             .slug = "lindedorp",
                             .name = "Lindedorp",
                             .language = "nl",
                             .introduction = "Welkom."},
             LevelRaised{2}});
  auto events = directory();
  events.emplace_back(LevelRaised{2});
  EXPECT_EQ(level_in(state_after(events)), 2U);
  given(events)
      .when(PlatformCommand(RaiseLevel{.level = 4, .newest = 4}), in_the_directory(by_operator()))
      .then({LevelRaised{4}});
}

TEST(Platform, TheDirectoryKnowsNamesAndHosts) {
  const auto command = registration();
  given(directory())
      .when(enter(command), in_the_directory(by_operator()))
      .then({registered_as(command)});
  const auto events = directory(command);
  EXPECT_EQ(owner_of(events, "slug:lindedorp"), platform_id);
  EXPECT_EQ(owner_of(events, "host:www.lindedorp.example"), platform_id);
  EXPECT_EQ(find<DirectoryRecord>(state_after(events), platform_id)->hosts, command.hosts);
}

TEST(Platform, AfterARenamingOldSlugsStayAndOldHostsAreFree) {
  auto renamed = registration();
  renamed.slug = "linde";
  renamed.hosts = {"linde.example", "lindedorp.example"};
  auto events = directory(registration());
  given(events)
      .when(enter(renamed), in_the_directory(by_operator()))
      .then({registered_as(renamed)});
  events.emplace_back(registered_as(renamed));
  EXPECT_EQ(owner_of(events, "slug:lindedorp"), platform_id);
  EXPECT_EQ(owner_of(events, "slug:linde"), platform_id);
  EXPECT_EQ(owner_of(events, "host:linde.example"), platform_id);
  EXPECT_EQ(owner_of(events, "host:lindedorp.example"), platform_id);
  EXPECT_EQ(owner_of(events, "host:www.lindedorp.example"), std::nullopt);

  auto other = registration();
  other.platform = other_platform;
  other.hosts = {"www.lindedorp.example"};
  given(events)
      .when(enter(other), in_the_directory(by_operator()))
      .then_rejected(PlatformRejection::slug_taken);
  other.slug = "ander";
  given(events).when(enter(other), in_the_directory(by_operator())).then_accepted();
}

TEST(Platform, APersonOperatesByItsRoleInTheDirectory) {
  auto claims = in_the_directory(by(bram));
  claims.role = Role::operator_;
  auto events = directory();
  events.emplace_back(registered(bram, "Bram"));
  given(events).when(enter(registration()), claims).then_rejected(PlatformRejection::not_allowed);
  events.emplace_back(RoleGranted{bram, Role::operator_});
  given(events).when(enter(registration()), claims).then_accepted();
}

TEST(Platform, LimitsAreWithin) {
  expect_within_limits({{}, create(lindedorp()), by_operator()},
                       {[](Case& c) { creating(c).name = std::string(120, 'a'); },
                        [](Case& c) { creating(c).introduction = std::string(4000, 'a'); }});
  std::string longest_host = std::string(61, 'a');
  for (int i = 0; i < 3; ++i) longest_host = std::string(63, 'a') + '.' + longest_host;
  ASSERT_EQ(longest_host.size(), 253u);
  const Case entry{directory(), enter(registration()), in_the_directory(by_operator())};
  expect_within_limits(entry, {[](Case& c) { entering(c).hosts = slugs(16); },
                               [](Case& c) { entering(c).hosts.clear(); },
                               [&](Case& c) { entering(c).hosts = {longest_host}; }});
  expect_reasons<PlatformRejection>(
      entry,
      {{PlatformRejection::bad_host, [&](Case& c) { entering(c).hosts = {longest_host + 'a'}; }}});
}

TEST(Platform, OneReasonARow) {
  using enum PlatformRejection;
  expect_reasons<PlatformRejection>(
      {{}, create(lindedorp()), by_operator()},
      {{not_allowed, [](Case& c) { c.context = by(olga); }},
       {not_allowed, [](Case& c) { c.context = by_guest(); }},
       {already_created, [](Case& c) { c.events = founding(); }},
       {bad_slug, [](Case& c) { creating(c).slug = "Linde dorp"; }},
       {bad_name, [](Case& c) { creating(c).name = " "; }},
       {bad_name, [](Case& c) { creating(c).name = std::string(121, 'a'); }},
       {bad_name, [](Case& c) { creating(c).name = "\xFF"; }},
       {bad_language, [](Case& c) { creating(c).language = "x"; }},
       {introduction_too_long, [](Case& c) { creating(c).introduction = std::string(4001, 'a'); }},
       {introduction_too_long, [](Case& c) { creating(c).introduction = "\xFF"; }}});
  auto other = registration();
  other.platform = other_platform;
  expect_reasons<PlatformRejection>(
      {directory(), enter(registration()), in_the_directory(by_importer())},
      {{not_allowed, [](Case& c) { c.context = in_the_directory(by_guest()); }},
       {not_the_directory, [](Case& c) { c.context = by_operator(); }},
       {not_the_directory, [](Case& c) { c.events.clear(); }},
       {bad_slug, [](Case& c) { entering(c).slug = ""; }},
       {slug_taken, [&](Case& c) { c.events = directory(other); }},
       {bad_name, [](Case& c) { entering(c).name = ""; }},
       {bad_host, [](Case& c) { entering(c).hosts = {"Linde.example"}; }},
       {bad_host, [](Case& c) { entering(c).hosts = {"linde.example:80"}; }},
       {bad_host, [](Case& c) { entering(c).hosts = {"linde..example"}; }},
       {bad_host, [](Case& c) { entering(c).hosts = {"-linde.example"}; }},
       {bad_host, [](Case& c) { entering(c).hosts = {""}; }},
       {bad_host, [](Case& c) { entering(c).hosts = {"a.example", "a.example"}; }},
       {bad_host, [](Case& c) { entering(c).hosts = {std::string(64, 'a')}; }},
       {bad_host,
        [](Case& c) {
          entering(c).hosts.clear();
          for (int i = 0; i < 17; ++i) entering(c).hosts.push_back("h" + std::to_string(i));
        }},
       {host_taken,
        [&](Case& c) {
          auto neighbour = other;
          neighbour.slug = "ander";
          c.events = directory(neighbour);
        }},
       {already_registered, [](Case& c) { c.events = directory(registration()); }}});
  expect_reasons<PlatformRejection>(
      {founding(), PlatformCommand(MovePlatform{.log = id<LogId>(0x77)}), by_operator()},
      {{not_allowed, [](Case& c) { c.context = by_guest(); }},
       {not_founded, [](Case& c) { c.events.clear(); }},
       {directory_stays,
        [](Case& c) {
          c.events = directory();
          c.context = in_the_directory(by_operator());
        }},
       {lives_there, [](Case& c) { in<PlatformCommand, MovePlatform>(c).log = log_id; }}});
  expect_reasons<PlatformRejection>(
      {directory(), PlatformCommand(RaiseLevel{.level = 3, .newest = 4}),
       in_the_directory(by_operator())},
      {{not_allowed, [](Case& c) { c.context = in_the_directory(by_guest()); }},
       {not_the_directory, [](Case& c) { c.context = by_operator(); }},
       {not_the_directory, [](Case& c) { c.events.clear(); }},
       {level_reached, [](Case& c) { in<PlatformCommand, RaiseLevel>(c).level = 1; }},
       {level_reached, [](Case& c) { c.events.emplace_back(LevelRaised{3}); }},
       {level_unknown, [](Case& c) { in<PlatformCommand, RaiseLevel>(c).level = 5; }}});
}

TEST(Platform, TheFirstReasonIsTheOneGiven) {
  using enum PlatformRejection;
  expect_precedence<PlatformRejection>(
      {founding(),
       create({.log = log_id,
               .platform_key = platform_key,
               .slug = "",
               .name = "",
               .language = "",
               .introduction = "\xFF"}),
       by_guest()},
      {{not_allowed, [](Case& c) { c.context = by_operator(); }},
       {already_created, [](Case& c) { c.events.clear(); }},
       {bad_slug, [](Case& c) { creating(c).slug = "linde"; }},
       {bad_name, [](Case& c) { creating(c).name = "Linde"; }},
       {bad_language, [](Case& c) { creating(c).language = "nl"; }},
       {introduction_too_long, [](Case& c) { creating(c).introduction = ""; }}});
  auto other = registration();
  other.platform = other_platform;
  auto events = directory(registration());
  events.emplace_back(registered_as({.platform = other_platform,
                                     .slug = "ander",
                                     .name = "Ander",
                                     .hosts = {"ander.example"},
                                     .partition = 0}));
  expect_precedence<PlatformRejection>(
      {events,
       enter({.platform = platform_id,
              .slug = "",
              .name = "",
              .hosts = {"ander.example", ""},
              .partition = 0}),
       by_guest()},
      {{not_allowed, [](Case& c) { c.context = by_operator(); }},
       {not_the_directory, [](Case& c) { c.context = in_the_directory(by_operator()); }},
       {bad_slug, [](Case& c) { entering(c).slug = "ander"; }},
       {slug_taken, [](Case& c) { entering(c).slug = "lindedorp"; }},
       {bad_name, [](Case& c) { entering(c).name = "Lindedorp"; }},
       {bad_host, [](Case& c) { entering(c).hosts.pop_back(); }},
       {host_taken, [](Case& c) { entering(c).hosts = registration().hosts; }},
       {already_registered, [](Case& c) { entering(c).partition = 1; }}});
}

TEST(PlatformDeathTest, CreatedBeforePlacedIsABrokenInvariant) {
  EXPECT_DEATH(state_after({PlatformCreated{}}), "");
}
