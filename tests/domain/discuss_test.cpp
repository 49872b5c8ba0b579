#include "domain/discuss.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

const auto fresh = id<CommentId>(0x39);

PlaceComment reply() {
  return {.comment = fresh,
          .contribution = bench,
          .parent = remark,
          .author = anna,
          .body = "Dank je, @Bram.",
          .language = "nl",
          .mentions = {bram}};
}
EditComment edit() {
  return {.comment = remark, .revision = 1, .body = "Heel mooi plan."};
}

Command place(const PlaceComment& command) {
  return DiscussCommand(command);
}
const Command withdraw = DiscussCommand(WithdrawComment{remark});

PlaceComment& placing(Case& one) {
  return in<DiscussCommand, PlaceComment>(one);
}
EditComment& editing(Case& one) {
  return in<DiscussCommand, EditComment>(one);
}

/// The idea's kind without a discussion.
Event silent_idea() {
  auto kind = default_kinds("nl")[0];
  kind.abilities = static_cast<std::uint32_t>(KindAbility::support);
  return KindDefined{kind};
}

/// A chain of comments below each other, the last at the deepest level there is.
Events deep_village(CommentId& deepest) {
  auto events = village();
  std::optional<CommentId> parent;
  for (std::uint32_t level = 1; level <= deepest_comment; ++level) {
    deepest = id<CommentId>(static_cast<std::uint8_t>(0x80 + level));
    events.emplace_back(commented(deepest, bram, parent));
    parent = deepest;
  }
  return events;
}

}  // namespace

TEST(Discuss, ACommentIsSealedForItsAuthorAndMentionsStayIds) {
  given(village())
      .when(place(reply()), by(anna))
      .then({CommentPlaced{.comment = fresh,
                           .contribution = bench,
                           .space = green,
                           .parent = remark,
                           .author = anna,
                           .body = text_of(anna, "Dank je, @Bram."),
                           .language = "nl",
                           .mentions = {bram}}});
}

TEST(Discuss, SomebodyMentionedTwiceIsMentionedOnce) {
  auto command = reply();
  command.mentions = {bram, mo, bram, mo, anna};
  const auto event = given(village()).when(place(command), by(anna)).only<CommentPlaced>();
  EXPECT_EQ(event.mentions, (std::vector{bram, mo, anna}));
}

TEST(Discuss, ACommentMayStandDirectlyUnderTheContribution) {
  auto command = reply();
  command.parent = {};
  given(village()).when(place(command), by(anna)).then_accepted();
}

TEST(Discuss, LevelsAreCountedFromTheRoot) {
  const auto state = state_after(village());
  EXPECT_EQ(find<CommentRecord>(state, remark)->level, 1u);
  EXPECT_EQ(find<CommentRecord>(state, answer)->level, 2u);
}

TEST(Discuss, AnAnswerGoesAtMostToTheDeepestLevel) {
  CommentId deepest;
  const auto events = deep_village(deepest);
  EXPECT_EQ(find<CommentRecord>(state_after(events), deepest)->level, deepest_comment);
  auto command = reply();
  command.parent = deepest;
  given(events).when(place(command), by(anna)).then_rejected(DiscussRejection::too_deep);
  auto shorter = events;
  shorter.pop_back();
  command.parent = id<CommentId>(static_cast<std::uint8_t>(0x80 + deepest_comment - 1));
  given(shorter).when(place(command), by(anna)).then_accepted();
}

TEST(Discuss, AnEditHasTheNextRevisionAndTheAuthorsKey) {
  const CommentEdited edited{remark, bench, 2, text_of(bram, "Heel mooi plan.")};
  given(village()).when(DiscussCommand(edit()), by(bram)).then({edited});
  given(village()).when(DiscussCommand(edit()), by_operator()).then({edited});
  auto again = edit();
  again.revision = 2;
  const auto event = given(village(edited)).when(DiscussCommand(again), by(bram));
  EXPECT_EQ(event.only<CommentEdited>().revision, 3u);
}

TEST(Discuss, ACommentIsWithdrawnByItsAuthorAlsoLaterAndWhenHidden) {
  for (const Event& before :
       {Event(ContributionClosed{bench}), hidden(remark), space_closed_early()}) {
    given(village(before)).when(withdraw, by(bram)).then({CommentWithdrawn{remark, bench}});
  }
  const auto state = state_after(village(CommentWithdrawn{remark, bench}));
  EXPECT_EQ(find<CommentRecord>(state, remark)->standing, Standing::withdrawn);
}

TEST(Discuss, ImportersBringCommentsFromWhenTheSpaceWasOpen) {
  given(village(space_closed_early())).when(place(reply()), by_importer()).then_accepted();
}

TEST(Discuss, LimitsAreWithin) {
  expect_within_limits({village(), place(reply()), by(anna)},
                       {[](Case& c) { placing(c).body = std::string(longest_comment, 'a'); },
                        [](Case& c) { placing(c).mentions.assign(50, bram); }});
}

TEST(Discuss, OneReasonARow) {
  using enum DiscussRejection;
  expect_reasons<DiscussRejection>(
      {village(), place(reply()), by(anna)},
      {{unknown_contribution, [](Case& c) { placing(c).contribution = id<ContributionId>(99); }},
       {unknown_parent, [](Case& c) { placing(c).parent = id<CommentId>(99); }},
       {unknown_author, [](Case& c) { placing(c).author = nobody; }},
       {not_allowed, [](Case& c) { c.context = by(bram); }},
       {not_allowed, [](Case& c) { c.context = by(mo); }},
       {not_allowed, [](Case& c) { c.context = by_guest(); }},
       {already_placed, [](Case& c) { placing(c).comment = answer; }},
       {space_not_open, [](Case& c) { c.context.recorded_at = {2'000'000}; }},
       {cannot_be_discussed, [](Case& c) { c.events.push_back(silent_idea()); }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionClosed{bench}); }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionWithdrawn{bench}); }},
       {contribution_not_open, [](Case& c) { c.events.push_back(hidden(bench)); }},
       {parent_elsewhere, [](Case& c) { placing(c).contribution = talk; }},
       {parent_not_open, [](Case& c) { c.events.push_back(hidden(remark)); }},
       {parent_not_open, [](Case& c) { c.events.push_back(CommentWithdrawn{remark, bench}); }},
       {too_deep,
        [](Case& c) {
          CommentId deepest;
          c.events = deep_village(deepest);
          placing(c).parent = deepest;
        }},
       {body_missing, [](Case& c) { placing(c).body = " "; }},
       {body_too_long, [](Case& c) { placing(c).body = std::string(10001, 'a'); }},
       {not_text, [](Case& c) { placing(c).body = "\xFF"; }},
       {bad_language, [](Case& c) { placing(c).language = ""; }},
       {too_many_mentions, [](Case& c) { placing(c).mentions.assign(51, bram); }},
       {unknown_mention, [](Case& c) { placing(c).mentions.push_back(nobody); }}});
}

TEST(Discuss, OneReasonARowForEditing) {
  using enum DiscussRejection;
  expect_reasons<DiscussRejection>(
      {village(), DiscussCommand(edit()), by(bram)},
      {{unknown_comment, [](Case& c) { editing(c).comment = id<CommentId>(99); }},
       {not_allowed, [](Case& c) { c.context = by(anna); }},
       {not_allowed, [](Case& c) { c.context = by(mo); }},
       {space_not_open, [](Case& c) { c.events.push_back(space_closed_early()); }},
       {cannot_be_discussed, [](Case& c) { c.events.push_back(silent_idea()); }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionClosed{bench}); }},
       {is_hidden, [](Case& c) { c.events.push_back(hidden(remark)); }},
       {is_withdrawn, [](Case& c) { c.events.push_back(CommentWithdrawn{remark, bench}); }},
       {stale_revision, [](Case& c) { editing(c).revision = 2; }},
       {body_missing, [](Case& c) { editing(c).body = ""; }},
       {body_too_long, [](Case& c) { editing(c).body = std::string(10001, 'a'); }},
       {not_text, [](Case& c) { editing(c).body = "\xE2\x82"; }}});
}

TEST(Discuss, OneReasonARowForWithdrawing) {
  using enum DiscussRejection;
  expect_reasons<DiscussRejection>(
      {village(), withdraw, by(bram)},
      {{unknown_comment,
        [](Case& c) { c.command = DiscussCommand(WithdrawComment{id<CommentId>(99)}); }},
       {not_allowed, [](Case& c) { c.context = by(anna); }},
       {is_withdrawn, [](Case& c) { c.events.push_back(CommentWithdrawn{remark, bench}); }}});
}

TEST(Discuss, TheFirstReasonIsTheOneGiven) {
  using enum DiscussRejection;
  auto silent = village(silent_idea());
  silent.emplace_back(ContributionClosed{bench});
  silent.emplace_back(commented(id<CommentId>(0x41), bram, {}, talk));
  const auto elsewhere = id<CommentId>(0x41);
  PlaceComment worst{.comment = answer,
                     .contribution = id<ContributionId>(99),
                     .parent = id<CommentId>(99),
                     .author = nobody,
                     .body = "",
                     .language = "",
                     .mentions = std::vector<PersonId>(51, nobody)};
  expect_precedence<DiscussRejection>(
      {silent, place(worst), by_guest()},
      {{unknown_contribution, [](Case& c) { placing(c).contribution = bench; }},
       {unknown_parent, [&](Case& c) { placing(c).parent = elsewhere; }},
       {unknown_author, [](Case& c) { placing(c).author = anna; }},
       {not_allowed,
        [](Case& c) {
          c.context = by(anna);
          c.context.recorded_at = {1};
        }},
       {already_placed, [](Case& c) { placing(c).comment = fresh; }},
       {space_not_open, [](Case& c) { c.context = by(anna); }},
       {cannot_be_discussed,
        [](Case& c) { c.events.push_back(KindDefined{default_kinds("nl")[0]}); }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionReopened{bench}); }},
       {parent_elsewhere,
        [](Case& c) {
          c.events.push_back(hidden(remark));
          placing(c).parent = remark;
        }},
       {parent_not_open, [](Case& c) { placing(c).parent = answer; }},
       {body_missing, [](Case& c) { placing(c).body = std::string(10001, '\xFF'); }},
       {body_too_long, [](Case& c) { placing(c).body = "\xFF"; }},
       {not_text, [](Case& c) { placing(c).body = "Goed."; }},
       {bad_language, [](Case& c) { placing(c).language = "nl"; }},
       {too_many_mentions, [](Case& c) { placing(c).mentions.resize(50); }},
       {unknown_mention, [](Case& c) { placing(c).mentions.clear(); }}});
}

TEST(DiscussDeathTest, AnEventOnAnUnknownCommentIsABrokenInvariant) {
  const auto stranger = id<CommentId>(99);
  for (const Event& event :
       {Event(CommentEdited{stranger, bench, 2, {}}), Event(CommentWithdrawn{stranger, bench}),
        Event(commented(fresh, anna, stranger)), hidden(stranger)}) {
    EXPECT_DEATH(state_after(village(event)), "");
  }
}
