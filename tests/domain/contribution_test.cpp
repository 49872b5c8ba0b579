#include "domain/contribution.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

const auto fresh = id<ContributionId>(0x29);

ContributionText swing() {
  return {.title = "Een schommel",
          .body = "Tussen de *linden*.",
          .form = {{"costs", "250.50"}, {"location", "Dorpsplein"}},
          .themes = {"groen", "jeugd"},
          .language = "nl"};
}

ContributionContent swing_of(PersonId author) {
  return {
      .title = text_of(author, "Een schommel"),
      .body = text_of(author, "Tussen de *linden*."),
      .form = {{"costs", text_of(author, "250.50")}, {"location", text_of(author, "Dorpsplein")}},
      .themes = {"groen", "jeugd"},
      .language = "nl"};
}

PlaceContribution place_swing() {
  return {.contribution = fresh,
          .space = green,
          .kind = "idea",
          .author = bram,
          .text = swing(),
          .external_id = {}};
}

Command place(const PlaceContribution& command) {
  return ContributionCommand(command);
}
Command revise(std::uint32_t revision, ContributionText text = swing()) {
  return ContributionCommand(ReviseContribution{bench, revision, std::move(text)});
}
const Command withdraw = ContributionCommand(WithdrawContribution{bench});
const Command close_it = ContributionCommand(CloseContribution{bench});
const Command reopen_it = ContributionCommand(ReopenContribution{bench});

PlaceContribution& placing(Case& one) {
  return in<ContributionCommand, PlaceContribution>(one);
}
ReviseContribution& revising(Case& one) {
  return in<ContributionCommand, ReviseContribution>(one);
}

/// The idea's kind with a required choice and three themes to choose from.
Event strict_idea() {
  auto kind = default_kinds("nl")[0];
  kind.form.push_back({.name = "size",
                       .label = "Grootte",
                       .type = FieldType::choice,
                       .required = true,
                       .longest = 10,
                       .choices = {"klein", "groot"}});
  kind.themes = {"groen", "jeugd", "zorg"};
  return KindDefined{kind};
}

const std::vector<Row<ContributionRejection>>& text_rows() {
  using enum ContributionRejection;
  static const auto text = [](Case& c) -> ContributionText& {
    auto& command = std::get<ContributionCommand>(c.command);
    if (auto* one = std::get_if<PlaceContribution>(&command)) return one->text;
    return std::get<ReviseContribution>(command).text;
  };
  static const std::vector<Row<ContributionRejection>> rows = {
      {title_missing, [](Case& c) { text(c).title = " \u200B"; }},
      {title_too_long, [](Case& c) { text(c).title = std::string(501, 'a'); }},
      {body_missing, [](Case& c) { text(c).body = "\n"; }},
      {body_too_long, [](Case& c) { text(c).body = std::string(20001, 'a'); }},
      {not_text, [](Case& c) { text(c).title = "\xC3("; }},
      {not_text, [](Case& c) { text(c).body = std::string("a\0b", 3); }},
      {not_text, [](Case& c) { text(c).form["location"] = "\xFF"; }},
      {unknown_field, [](Case& c) { text(c).form["colour"] = "groen"; }},
      {field_missing, [](Case& c) { c.events.push_back(strict_idea()); }},
      {field_missing,
       [](Case& c) {
         c.events.push_back(strict_idea());
         text(c).form["size"] = " ";
       }},
      {bad_field, [](Case& c) { text(c).form["costs"] = "veel"; }},
      {bad_field,
       [](Case& c) {
         c.events.push_back(strict_idea());
         text(c).form["size"] = "middel";
       }},
      {too_many_themes,
       [](Case& c) {
         for (int i = 0; i < 9; ++i) text(c).themes.push_back("t" + std::to_string(i));
       }},
      {bad_theme, [](Case& c) { text(c).themes.emplace_back("Groen!"); }},
      {bad_theme, [](Case& c) { text(c).themes.emplace_back("groen"); }},
      {bad_theme,
       [](Case& c) {
         c.events.push_back(strict_idea());
         text(c).form["size"] = "klein";
         text(c).themes.emplace_back("wonen");
       }},
      {bad_language, [](Case& c) { text(c).language = "Nederlands"; }},
  };
  return rows;
}

}  // namespace

TEST(Contribution, EverythingAuthoredIsSealedForTheAuthor) {
  given(village())
      .when(place(place_swing()), by(bram))
      .then({ContributionPlaced{.contribution = fresh,
                                .space = green,
                                .kind = "idea",
                                .author = bram,
                                .content = swing_of(bram),
                                .external_id = {}}});
}

TEST(Contribution, WhatIsLeftBlankIsLeftOut) {
  auto command = place_swing();
  command.kind = "statement";
  command.text = {.title = " ", .body = "Meer bomen.", .form = {}, .themes = {}, .language = "nl"};
  const auto statement = given(village()).when(place(command), by(bram)).only<ContributionPlaced>();
  EXPECT_EQ(statement.content.title, std::nullopt);
  command = place_swing();
  command.text.form["more"] = "";
  const auto idea = given(village()).when(place(command), by(bram)).only<ContributionPlaced>();
  EXPECT_EQ(idea.content, swing_of(bram));
}

TEST(Contribution, OperatorsPlaceForAnyone) {
  const auto event = given(village()).when(place(place_swing()), by_operator());
  EXPECT_EQ(event.only<ContributionPlaced>().author, bram);
}

TEST(Contribution, ImportersBringWhatOnceWas) {
  auto command = place_swing();
  command.external_id = "motie 2023Z19783";
  command.text.body = "";  // a published conversation has a statement without a text
  auto context = by_importer();
  context.occurred_at = Timestamp{5};
  const auto event = given(village(space_closed_early())).when(place(command), context);
  EXPECT_EQ(event.only<ContributionPlaced>().external_id, "motie 2023Z19783");
  EXPECT_EQ(event.only<ContributionPlaced>().content.body, text_of(bram, ""));
}

TEST(Contribution, ARevisionHasTheNextNumberAndTheAuthorsKey) {
  given(village())
      .when(revise(1), by(anna))
      .then({ContributionRevised{bench, 2, anna, swing_of(anna)}});
  given(village())
      .when(revise(1), by_operator())
      .then({ContributionRevised{bench, 2, anna, swing_of(anna)}});
  const auto revised = village(ContributionRevised{bench, 2, anna, swing_of(anna)});
  given(revised)
      .when(revise(2), by(anna))
      .then({ContributionRevised{bench, 3, anna, swing_of(anna)}});
  given(revised).when(revise(1), by(anna)).then_rejected(ContributionRejection::stale_revision);
}

TEST(Contribution, AContributionIsWithdrawnByItsAuthorAlsoLaterAndWhenHidden) {
  for (const Event& before :
       {Event(ContributionClosed{bench}), hidden(bench), space_closed_early()}) {
    given(village(before)).when(withdraw, by(anna)).then({ContributionWithdrawn{bench}});
  }
}

TEST(Contribution, AuthorsAndModeratorsCloseAndReopen) {
  for (const auto& context : {by(anna), by(mo), by(olga), by_operator(), by_importer()}) {
    given(village()).when(close_it, context).then({ContributionClosed{bench}});
    given(village(ContributionClosed{bench}))
        .when(reopen_it, context)
        .then({ContributionReopened{bench}});
  }
}

TEST(Contribution, AKindDefinedAgainCountsForWhatIsPlacedOrRevisedAfterwards) {
  given(village(strict_idea()))
      .when(place(place_swing()), by(bram))
      .then_rejected(ContributionRejection::field_missing);
  auto text = swing();
  text.form["size"] = "klein";
  given(village(strict_idea())).when(revise(1, text), by(anna)).then_accepted();
}

TEST(Contribution, TheLevelIsModerationForWhatIsHiddenOrWithdrawn) {
  EXPECT_EQ(level_of(Standing::open), Level::open);
  EXPECT_EQ(level_of(Standing::closed), Level::open);
  EXPECT_EQ(level_of(Standing::hidden), Level::moderation);
  EXPECT_EQ(level_of(Standing::withdrawn), Level::moderation);
}

TEST(Contribution, TheRecordFollowsTheEvents) {
  auto events = village(ContributionRevised{bench, 2, anna, swing_of(anna)});
  events.emplace_back(ContributionClosed{bench});
  const auto record = find<ContributionRecord>(state_after(events), bench).value();
  EXPECT_EQ(record.space, green);
  EXPECT_EQ(record.kind, "idea");
  EXPECT_EQ(record.author, anna);
  EXPECT_EQ(record.revision, 2u);
  EXPECT_EQ(record.standing, Standing::closed);
  EXPECT_EQ(record.placed_at, Timestamp{1'000});
}

TEST(Contribution, LimitsAreWithin) {
  std::string title;
  for (int i = 0; i < 500; ++i) title += "é";
  expect_within_limits({village(), place(place_swing()), by_importer()},
                       {[&](Case& c) { placing(c).text.title = title; },
                        [](Case& c) { placing(c).text.body = std::string(20000, 'a'); },
                        [](Case& c) { placing(c).text.themes = slugs(10); },
                        [](Case& c) { placing(c).text.form["location"] = std::string(200, 'a'); },
                        [](Case& c) { placing(c).external_id = std::string(120, '1'); }});
}

TEST(Contribution, OneReasonARow) {
  using enum ContributionRejection;
  const Case good{village(), place(place_swing()), by(bram)};
  expect_reasons<ContributionRejection>(
      good, {{unknown_space, [](Case& c) { placing(c).space = id<SpaceId>(99); }},
             {unknown_author, [](Case& c) { placing(c).author = nobody; }},
             {not_allowed, [](Case& c) { c.context = by(anna); }},
             {not_allowed, [](Case& c) { c.context = by(mo); }},
             {not_allowed, [](Case& c) { c.context = by_guest(); }},
             {not_allowed, [](Case& c) { placing(c).external_id = "7"; }},
             {not_allowed, [](Case& c) { c.context.occurred_at = Timestamp{5}; }},
             {already_placed, [](Case& c) { placing(c).contribution = bench; }},
             {space_not_open, [](Case& c) { c.context.recorded_at = {2'000'000}; }},
             {kind_not_in_space, [](Case& c) { placing(c).kind = "petition"; }}});
  expect_reasons(good, text_rows());
  auto importing = good;
  importing.context = by_importer();
  expect_reasons<ContributionRejection>(
      importing,
      {{external_id_too_long, [](Case& c) { placing(c).external_id = std::string(121, '1'); }},
       {external_id_too_long, [](Case& c) { placing(c).external_id = "\xFF"; }}});
}

TEST(Contribution, EverythingWrongWithATextIsNamedByItsField) {
  using enum ContributionRejection;
  const auto kind = std::get<KindDefined>(std::get<KindEvent>(strict_idea())).kind;
  const ContributionText text{.title = "\xFF",
                              .body = "",
                              .form = {{"colour", "\xFF"}, {"costs", "veel"}, {"more", "hier"}},
                              .themes = {"groen", "wonen", "jeugd", "groen"},
                              .language = "Nederlands"};
  const std::vector<TextFault> faults{{body_missing, "body"},       {not_text, "title"},
                                      {not_text, "form.colour"},    {unknown_field, "form.colour"},
                                      {field_missing, "form.size"}, {bad_field, "form.costs"},
                                      {bad_field, "form.more"},     {bad_theme, "themes.1"},
                                      {bad_theme, "themes.3"},      {bad_language, "language"}};
  EXPECT_TRUE(faults_in(text, kind, Actor::person(bram)) == faults);
  const auto mended = faults_in(swing(), default_kinds("nl")[0], Actor::person(bram));
  EXPECT_TRUE(mended.empty());
}

TEST(Contribution, OneReasonARowForRevisions) {
  using enum ContributionRejection;
  const Case good{village(), revise(1), by(anna)};
  expect_reasons<ContributionRejection>(
      good,
      {{unknown_contribution, [](Case& c) { revising(c).contribution = id<ContributionId>(99); }},
       {not_allowed, [](Case& c) { c.context = by(bram); }},
       {not_allowed, [](Case& c) { c.context = by(mo); }},
       {space_not_open, [](Case& c) { c.events.push_back(space_closed_early()); }},
       {is_withdrawn, [](Case& c) { c.events.push_back(ContributionWithdrawn{bench}); }},
       {is_hidden, [](Case& c) { c.events.push_back(hidden(bench)); }},
       {is_closed, [](Case& c) { c.events.push_back(ContributionClosed{bench}); }},
       {cannot_be_revised, [](Case& c) { revising(c).contribution = claim; }},
       {stale_revision, [](Case& c) { revising(c).revision = 0; }},
       {stale_revision, [](Case& c) { revising(c).revision = 2; }}});
  expect_reasons(good, text_rows());
}

TEST(Contribution, OneReasonARowForTheLifecycle) {
  using enum ContributionRejection;
  const Event withdrawn = ContributionWithdrawn{bench};
  const Event closed = ContributionClosed{bench};
  expect_reasons<ContributionRejection>(
      {village(), withdraw, by(anna)},
      {{unknown_contribution,
        [](Case& c) {
          c.command = ContributionCommand(WithdrawContribution{id<ContributionId>(99)});
        }},
       {not_allowed, [](Case& c) { c.context = by(mo); }},
       {is_withdrawn, [&](Case& c) { c.events.push_back(withdrawn); }}});
  expect_reasons<ContributionRejection>(
      {village(), close_it, by(anna)},
      {{unknown_contribution,
        [](Case& c) {
          c.command = ContributionCommand(CloseContribution{id<ContributionId>(99)});
        }},
       {not_allowed, [](Case& c) { c.context = by(bram); }},
       {is_withdrawn, [&](Case& c) { c.events.push_back(withdrawn); }},
       {is_hidden, [](Case& c) { c.events.push_back(hidden(bench)); }},
       {is_closed, [&](Case& c) { c.events.push_back(closed); }}});
  expect_reasons<ContributionRejection>(
      {village(closed), reopen_it, by(anna)},
      {{unknown_contribution,
        [](Case& c) {
          c.command = ContributionCommand(ReopenContribution{id<ContributionId>(99)});
        }},
       {not_allowed, [](Case& c) { c.context = by(bram); }},
       {is_withdrawn, [&](Case& c) { c.events.push_back(withdrawn); }},
       {is_hidden, [](Case& c) { c.events.push_back(hidden(bench)); }},
       {is_not_closed, [](Case& c) { c.events.push_back(ContributionReopened{bench}); }}});
}

TEST(Contribution, TheFirstReasonIsTheOneGiven) {
  using enum ContributionRejection;
  PlaceContribution worst{.contribution = bench,
                          .space = id<SpaceId>(99),
                          .kind = "petition",
                          .author = nobody,
                          .text = {.title = {},
                                   .body = {},
                                   .form = {{"colour", "\xFF"}, {"costs", "veel"}},
                                   .themes = std::vector<std::string>(11, "Groen!"),
                                   .language = "Nederlands"},
                          .external_id = {}};
  expect_precedence<ContributionRejection>(
      {village(strict_idea()), place(worst), by_guest()},
      {{unknown_space, [](Case& c) { placing(c).space = green; }},
       {unknown_author, [](Case& c) { placing(c).author = bram; }},
       {not_allowed,
        [](Case& c) {
          c.context = by(bram);
          c.context.recorded_at = {1};
        }},
       {already_placed, [](Case& c) { placing(c).contribution = fresh; }},
       {space_not_open, [](Case& c) { c.context = by(bram); }},
       {kind_not_in_space, [](Case& c) { placing(c).kind = "idea"; }},
       {title_missing, [](Case& c) { placing(c).text.title = std::string(501, '\xFF'); }},
       {title_too_long, [](Case& c) { placing(c).text.title = "\xFF"; }},
       {body_missing, [](Case& c) { placing(c).text.body = std::string(20001, '\xFF'); }},
       {body_too_long, [](Case& c) { placing(c).text.body = "Tussen de linden."; }},
       {not_text,
        [](Case& c) {
          placing(c).text.title = "Een schommel";
          placing(c).text.form["colour"] = "groen";
        }},
       {unknown_field, [](Case& c) { placing(c).text.form.erase("colour"); }},
       {field_missing, [](Case& c) { placing(c).text.form["size"] = "klein"; }},
       {bad_field, [](Case& c) { placing(c).text.form.erase("costs"); }},
       {too_many_themes, [](Case& c) { placing(c).text.themes.resize(10); }},
       {bad_theme, [](Case& c) { placing(c).text.themes.clear(); }},
       {bad_language, [](Case& c) { placing(c).text.language = "nl"; }}});
}

TEST(Contribution, TheFirstReasonAgainstARevisionIsTheOneGiven) {
  using enum ContributionRejection;
  auto gone = village(ContributionWithdrawn{claim});
  expect_precedence<ContributionRejection>(
      {gone,
       ContributionCommand(
           ReviseContribution{id<ContributionId>(99),
                              7,
                              {.title = "", .body = "", .form = {}, .themes = {}, .language = ""}}),
       by_guest()},
      {{unknown_contribution, [](Case& c) { revising(c).contribution = claim; }},
       {not_allowed,
        [](Case& c) {
          c.context = by(anna);
          c.context.recorded_at = {1};
        }},
       {space_not_open, [](Case& c) { c.context = by(anna); }},
       {is_withdrawn,
        [](Case& c) {
          c.events.pop_back();
          c.events.push_back(ContributionClosed{claim});
        }},
       {is_closed, [](Case& c) { c.events.pop_back(); }},
       {cannot_be_revised, [](Case& c) { revising(c).contribution = bench; }},
       {stale_revision, [](Case& c) { revising(c).revision = 1; }},
       {title_missing, [](Case& c) { revising(c).text = swing(); }}});
}

TEST(ContributionDeathTest, AnEventOnAnUnknownContributionIsABrokenInvariant) {
  const auto stranger = id<ContributionId>(99);
  for (const Event& event :
       {Event(ContributionClosed{stranger}), Event(ContributionReopened{stranger}),
        Event(ContributionWithdrawn{stranger}),
        Event(ContributionRevised{stranger, 2, anna, swing_of(anna)}), Event(hidden(stranger))}) {
    EXPECT_DEATH(state_after(village(event)), "");
  }
}
