#include "domain/space.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

Command create(SpaceId space = green, SpaceDescription description = green_description()) {
  return SpaceCommand(CreateSpace{space, std::move(description)});
}
Command change(SpaceDescription description, SpaceId space = green) {
  return SpaceCommand(ChangeSpace{space, std::move(description)});
}
SpaceDescription renamed() {
  auto description = green_description();
  description.slug = "groen-en-blauw";
  return description;
}
Events with_a_space() {
  auto events = founding();
  events.emplace_back(SpaceCreated{green, green_description()});
  return events;
}

SpaceDescription& description(Case& one) {
  auto& command = std::get<SpaceCommand>(one.command);
  if (auto* made = std::get_if<CreateSpace>(&command)) return made->description;
  return std::get<ChangeSpace>(command).description;
}

const std::vector<Row<SpaceRejection>>& description_rows() {
  using enum SpaceRejection;
  static const std::vector<Row<SpaceRejection>> rows = {
      {bad_slug, [](Case& c) { description(c).slug = "Groen"; }},
      {slug_taken,
       [](Case& c) {
         auto other = green_description();
         other.slug = "blauw";
         c.events.push_back(SpaceCreated{id<SpaceId>(0x71), other});
         description(c).slug = "blauw";
       }},
      {bad_title, [](Case& c) { description(c).title = " "; }},
      {bad_title, [](Case& c) { description(c).title = std::string(151, 'a'); }},
      {introduction_too_long,
       [](Case& c) { description(c).introduction = std::string(8001, 'a'); }},
      {introduction_too_long, [](Case& c) { description(c).introduction = "\xFF"; }},
      {no_kinds, [](Case& c) { description(c).kinds.clear(); }},
      {no_kinds, [](Case& c) { description(c).kinds = {"idea", "idea"}; }},
      {no_kinds,
       [](Case& c) {
         for (int i = 0; i < 18; ++i) description(c).kinds.push_back("k" + std::to_string(i));
       }},
      {unknown_kind, [](Case& c) { description(c).kinds.emplace_back("petition"); }},
      {closes_before_it_opens, [](Case& c) { description(c).closes_at = description(c).opens_at; }},
      {closes_before_it_opens, [](Case& c) { description(c).closes_at = Timestamp{1}; }},
  };
  return rows;
}

}  // namespace

TEST(Space, CreatingAndChangingAreFacts) {
  for (const auto& context : {by_operator(), by_importer(), by(olga)}) {
    given(founding()).when(create(), context).then({SpaceCreated{green, green_description()}});
    given(with_a_space()).when(change(renamed()), context).then({SpaceChanged{green, renamed()}});
  }
}

TEST(Space, DatesMayBeLeftOpen) {
  auto always = green_description();
  always.opens_at = always.closes_at = {};
  given(founding()).when(create(green, always), by_operator()).then_accepted();
  const SpaceRecord record{.description = always, .created_at = now};
  EXPECT_TRUE(record.is_open_at({INT64_MIN}));
  EXPECT_TRUE(record.is_open_at({INT64_MAX}));
}

TEST(Space, AClosedSpaceIsOpenForImportersOnly) {
  const SpaceRecord record{.description = green_description(), .created_at = now};
  auto late = by_importer();
  late.recorded_at = {3'000'000};
  EXPECT_TRUE(is_open_for(record, late));
  late.actor.kind = ActorKind::operator_;
  EXPECT_FALSE(is_open_for(record, late));
  EXPECT_TRUE(is_open_for(record, by(anna)));
}

TEST(Space, SlugsASpaceHasLeftStayItsOwn) {
  auto events = with_a_space();
  events.emplace_back(SpaceChanged{green, renamed()});
  const auto state = state_after(events);
  EXPECT_EQ(find<SpaceSlugRecord>(state, "groen")->space, green);
  EXPECT_EQ(find<SpaceSlugRecord>(state, "groen-en-blauw")->space, green);
  EXPECT_EQ(find<SpaceRecord>(state, green)->description, renamed());
  EXPECT_EQ(find<SpaceRecord>(state, green)->created_at, Timestamp{1'000});
  given(events)
      .when(create(id<SpaceId>(0x71)), by_operator())
      .then_rejected(SpaceRejection::slug_taken);
  given(events).when(change(green_description()), by_operator()).then_accepted();
}

TEST(Space, LimitsAreWithin) {
  expect_within_limits({founding(), create(), by_operator()},
                       {[](Case& c) { description(c).title = std::string(150, 'a'); },
                        [](Case& c) { description(c).introduction = std::string(8000, 'a'); },
                        [](Case& c) {
                          for (const auto& name : slugs(20)) {
                            auto kind = default_kinds("nl")[0];
                            kind.name = name;
                            c.events.push_back(KindDefined{kind});
                          }
                          description(c).kinds = slugs(20);
                        }});
}

TEST(Space, OneReasonARow) {
  using enum SpaceRejection;
  const Case creating{founding(), create(), by_operator()};
  expect_reasons<SpaceRejection>(creating,
                                 {{not_allowed, [](Case& c) { c.context = by(mo); }},
                                  {not_allowed, [](Case& c) { c.context = by_guest(); }},
                                  {no_platform, [](Case& c) { c.events.clear(); }},
                                  {already_created, [](Case& c) { c.events = with_a_space(); }}});
  expect_reasons(creating, description_rows());
  const Case changing{with_a_space(), change(renamed()), by_operator()};
  expect_reasons<SpaceRejection>(
      changing, {{not_allowed, [](Case& c) { c.context = by(anna); }},
                 {no_platform, [](Case& c) { c.events.clear(); }},
                 {unknown_space, [](Case& c) { c.command = change(renamed(), id<SpaceId>(99)); }},
                 {unchanged, [](Case& c) { c.command = change(green_description()); }}});
  expect_reasons(changing, description_rows());
}

TEST(Space, TheFirstReasonIsTheOneGiven) {
  using enum SpaceRejection;
  SpaceDescription worst{.slug = "",
                         .title = "",
                         .introduction = "\xFF",
                         .kinds = {},
                         .opens_at = Timestamp{2},
                         .closes_at = Timestamp{1}};
  const std::vector<Row<SpaceRejection>> of_description = {
      {bad_slug, [](Case& c) { description(c).slug = "groen"; }},
      {slug_taken, [](Case& c) { description(c).slug = "blauw"; }},
      {bad_title, [](Case& c) { description(c).title = "Blauw"; }},
      {introduction_too_long, [](Case& c) { description(c).introduction = ""; }},
      {no_kinds, [](Case& c) { description(c).kinds = {"petition"}; }},
      {unknown_kind, [](Case& c) { description(c).kinds = {"idea"}; }},
      {closes_before_it_opens, [](Case& c) { description(c).closes_at = {}; }}};

  std::vector<Row<SpaceRejection>> rows = {
      {not_allowed, [](Case& c) { c.context = by_operator(); }},
      {no_platform, [](Case& c) { c.events = with_a_space(); }},
      {already_created,
       [](Case& c) { std::get<CreateSpace>(std::get<SpaceCommand>(c.command)).space = {}; }}};
  rows.insert(rows.end(), of_description.begin(), of_description.end());
  expect_precedence<SpaceRejection>({{}, create(green, worst), by_guest()}, rows);

  const auto blue = id<SpaceId>(0x71);
  const SpaceDescription blue_description{.slug = "blauw",
                                          .title = "Blauw",
                                          .introduction = "",
                                          .kinds = {"idea"},
                                          .opens_at = Timestamp{2},
                                          .closes_at = {}};
  rows = {{not_allowed, [](Case& c) { c.context = by_operator(); }},
          {no_platform,
           [&](Case& c) {
             c.events = with_a_space();
             c.events.push_back(SpaceCreated{blue, blue_description});
           }},
          {unknown_space, [&](Case& c) {
             std::get<ChangeSpace>(std::get<SpaceCommand>(c.command)).space = blue;
           }}};
  rows.insert(rows.end(), of_description.begin(), of_description.end());
  rows.push_back({unchanged, [](Case& c) { description(c).title = "Blauwer"; }});
  expect_precedence<SpaceRejection>({{}, change(worst, id<SpaceId>(99)), by_guest()}, rows);
}

TEST(SpaceDeathTest, ChangingAnUnknownSpaceIsABrokenInvariant) {
  EXPECT_DEATH(state_after({SpaceChanged{green, green_description()}}), "");
}
