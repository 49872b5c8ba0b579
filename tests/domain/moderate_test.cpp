#include "domain/moderate.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

Event hide_event(Item item, PrivateText reason) {
  return ItemHidden{
      .item = item, .contribution = bench, .space = green, .reason = std::move(reason)};
}
Event accept_event(Item item, bool was_hidden) {
  return ItemAccepted{
      .item = item, .contribution = bench, .space = green, .was_hidden = was_hidden};
}
Command hide(Item item, std::string reason = "Scheldt.") {
  return ModerateCommand(HideItem{item, std::move(reason)});
}
Command accept(Item item) {
  return ModerateCommand(AcceptItem{item});
}

Standing standing_of_bench(const Events& events) {
  return find<ContributionRecord>(state_after(events), bench)->standing;
}

}  // namespace

TEST(Moderate, TheReasonIsSealedForTheModerator) {
  given(village()).when(hide(bench), by(mo)).then({hide_event(bench, text_of(mo, "Scheldt."))});
}

TEST(Moderate, WithoutAPersonTheReasonIsSealedForThePlatform) {
  const auto reason = PrivateText::plain(platform_key, "Scheldt.");
  given(village()).when(hide(bench), by_importer()).then({hide_event(bench, reason)});
  given(village()).when(hide(remark), by_operator()).then({hide_event(remark, reason)});
}

TEST(Moderate, ACommentIsNamedWithTheContributionItStandsUnder) {
  given(village()).when(hide(remark), by(mo)).then({hide_event(remark, text_of(mo, "Scheldt."))});
  given(village()).when(accept(remark), by(mo)).then({accept_event(remark, false)});
}

TEST(Moderate, AcceptingAHiddenItemShowsItAgainAsItStood) {
  EXPECT_EQ(standing_of_bench(village(hidden(bench))), Standing::hidden);
  for (const auto before : {Standing::open, Standing::closed}) {
    auto events = village();
    if (before == Standing::closed) events.emplace_back(ContributionClosed{bench});
    events.push_back(hidden(bench));
    given(events).when(accept(bench), by(mo)).then({accept_event(bench, true)});
    events.push_back(accept_event(bench, true));
    EXPECT_EQ(standing_of_bench(events), before);
  }
}

TEST(Moderate, AHiddenCommentOpensWhenItIsAccepted) {
  auto events = village(hidden(remark));
  EXPECT_EQ(find<CommentRecord>(state_after(events), remark)->standing, Standing::hidden);
  events.push_back(accept_event(remark, true));
  const auto comment = find<CommentRecord>(state_after(events), remark);
  EXPECT_EQ(comment->standing, Standing::open);
  EXPECT_TRUE(comment->accepted);
}

TEST(Moderate, HidingWhatWasAcceptedTakesTheAcceptanceBack) {
  auto events = village(accept_event(bench, false));
  EXPECT_TRUE(find<ContributionRecord>(state_after(events), bench)->accepted);
  events.push_back(hidden(bench));
  EXPECT_FALSE(find<ContributionRecord>(state_after(events), bench)->accepted);
  given(events).when(accept(bench), by(mo)).then({accept_event(bench, true)});
}

TEST(Moderate, TheRoleCountsThatThePlatformGave) {
  auto claims_to_moderate = by(bram);
  claims_to_moderate.role = Role::operator_;
  given(village())
      .when(hide(bench), claims_to_moderate)
      .then_rejected(ModerateRejection::not_allowed);
  given(village(RoleGranted{bram, Role::moderator})).when(hide(bench), by(bram)).then_accepted();
  given(village(RoleGranted{mo, Role::person}))
      .when(hide(bench), by(mo))
      .then_rejected(ModerateRejection::not_allowed);
}

TEST(Moderate, AModeratorsTokenMayLeaveThePowersAtHome) {
  const auto as_anyone = by(Actor::person(mo), Role::person);
  given(village()).when(hide(bench), as_anyone).then_rejected(ModerateRejection::not_allowed);
  given(village())
      .when(ContributionCommand(CloseContribution{bench}), as_anyone)
      .then_rejected(ContributionRejection::not_allowed);
}

TEST(Moderate, TheSpacesDatesDoNotMatter) {
  given(village(space_closed_early())).when(hide(bench), by(mo)).then_accepted();
}

TEST(Moderate, OneReasonARow) {
  using enum ModerateRejection;
  for (const Item item : {Item(bench), Item(remark)}) {
    const auto withdrawn = [item](Case& c) {
      if (item == Item(bench)) {
        c.events.push_back(ContributionWithdrawn{bench});
      } else {
        c.events.push_back(CommentWithdrawn{remark, bench});
      }
    };
    expect_reasons<ModerateRejection>(
        {village(), hide(item), by(mo)},
        {{unknown_item, [](Case& c) { c.command = hide(id<ContributionId>(99)); }},
         {unknown_item, [](Case& c) { c.command = hide(id<CommentId>(99)); }},
         {not_allowed, [](Case& c) { c.context = by(anna); }},
         {not_allowed, [](Case& c) { c.context = by_guest(); }},
         {is_withdrawn, withdrawn},
         {already_hidden, [&](Case& c) { c.events.push_back(hidden(item)); }},
         {reason_missing, [&](Case& c) { c.command = hide(item, " \n"); }},
         {reason_too_long, [&](Case& c) { c.command = hide(item, std::string(1001, 'a')); }},
         {not_text, [&](Case& c) { c.command = hide(item, "\xFF"); }}});
    expect_reasons<ModerateRejection>(
        {village(), accept(item), by(mo)},
        {{unknown_item, [](Case& c) { c.command = accept(id<ContributionId>(99)); }},
         {not_allowed, [](Case& c) { c.context = by(bram); }},
         {is_withdrawn, withdrawn},
         {already_accepted, [&](Case& c) { c.events.push_back(accept_event(item, false)); }}});
  }
}

TEST(Moderate, AReasonMayHaveAThousandCharacters) {
  std::string reason;
  for (int i = 0; i < 1000; ++i) reason += "é";
  given(village()).when(hide(bench, reason), by(mo)).then_accepted();
}

TEST(Moderate, TheFirstReasonIsTheOneGiven) {
  using enum ModerateRejection;
  auto withdrawn = village(hidden(bench));
  withdrawn.emplace_back(ContributionWithdrawn{bench});
  expect_precedence<ModerateRejection>(
      {withdrawn, hide(id<ContributionId>(99), ""), by(bram)},
      {{unknown_item, [](Case& c) { c.command = hide(bench, ""); }},
       {not_allowed, [](Case& c) { c.context = by(mo); }},
       {is_withdrawn, [](Case& c) { c.events.pop_back(); }},
       {already_hidden, [](Case& c) { c.events.pop_back(); }},
       {reason_missing, [](Case& c) { c.command = hide(bench, std::string(1001, 'a') + "\xFF"); }},
       {reason_too_long, [](Case& c) { c.command = hide(bench, "\xFF"); }},
       {not_text, [](Case& c) { c.command = hide(bench); }}});
}
