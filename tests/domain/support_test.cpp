#include "domain/support.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

const GiveSupport agree{.contribution = bench, .person = bram, .stance = Stance::agree};
const WithdrawSupport withdraw{.contribution = bench, .person = bram};

SupportGiven given_support(Stance stance, std::optional<Stance> replaces = {}) {
  return {.contribution = bench,
          .space = green,
          .person = bram,
          .stance = stance,
          .replaces = replaces};
}

Case giving() {
  return {village(), SupportCommand(agree), by(bram)};
}
Case withdrawing() {
  return {village(given_support(Stance::agree)), SupportCommand(withdraw), by(bram)};
}

GiveSupport& give(Case& one) {
  return in<SupportCommand, GiveSupport>(one);
}
WithdrawSupport& take(Case& one) {
  return in<SupportCommand, WithdrawSupport>(one);
}

}  // namespace

TEST(Support, AFirstSupportReplacesNothing) {
  given(village()).when(SupportCommand(agree), by(bram)).then({given_support(Stance::agree)});
}

TEST(Support, ALaterSupportReplacesTheEarlier) {
  given(village(given_support(Stance::agree)))
      .when(SupportCommand(GiveSupport{bench, bram, Stance::disagree}), by(bram))
      .then({given_support(Stance::disagree, Stance::agree)});
}

TEST(Support, TheSameSupportAgainIsAnEventToo) {
  given(village(given_support(Stance::pass)))
      .when(SupportCommand(GiveSupport{bench, bram, Stance::pass}), by(bram))
      .then({given_support(Stance::pass, Stance::pass)});
}

TEST(Support, WithdrawnSupportIsGone) {
  given(village(given_support(Stance::agree)))
      .when(SupportCommand(withdraw), by(bram))
      .then({SupportWithdrawn{bench, green, bram, Stance::agree}});
  given(village(given_support(Stance::agree)))
      .and_given({SupportWithdrawn{bench, green, bram, Stance::agree}})
      .when(SupportCommand(agree), by(bram))
      .then({given_support(Stance::agree)});
}

TEST(Support, SupportersDoNotReplaceEachOther) {
  given(village(given_support(Stance::agree)))
      .when(SupportCommand(GiveSupport{bench, anna, Stance::disagree}), by(anna))
      .then({SupportGiven{bench, green, anna, Stance::disagree, {}}});
}

TEST(Support, AuthorsMaySupportTheirOwn) {
  given(village())
      .when(SupportCommand(GiveSupport{claim, anna, Stance::agree}), by(anna))
      .then({SupportGiven{claim, green, anna, Stance::agree, {}}});
}

TEST(Support, ImportersAndOperatorsNameAnyone) {
  given(village()).when(SupportCommand(agree), by_importer()).then({given_support(Stance::agree)});
  given(village()).when(SupportCommand(agree), by_operator()).then({given_support(Stance::agree)});
}

TEST(Support, ImportersBringSupportFromWhenTheSpaceWasOpen) {
  given(village(space_closed_early()))
      .when(SupportCommand(agree), by_importer())
      .then({given_support(Stance::agree)});
  given(village(space_closed_early()))
      .when(SupportCommand(agree), by_operator())
      .then_rejected(SupportRejection::space_not_open);
}

TEST(Support, ASpaceIsOpenFromItsOpeningUntilBeforeItsClosing) {
  const struct {
    std::int64_t at_ms;
    bool open;
  } rows[] = {{499'999, false}, {500'000, true}, {1'999'999, true}, {2'000'000, false}};
  for (const auto& row : rows) {
    auto context = by(bram);
    context.recorded_at = {row.at_ms};
    const auto outcome = given(village()).when(SupportCommand(agree), context);
    if (row.open) {
      outcome.then_accepted();
    } else {
      outcome.then_rejected(SupportRejection::space_not_open);
    }
  }
}

TEST(Support, OneReasonARow) {
  using enum SupportRejection;
  expect_reasons<SupportRejection>(
      giving(),
      {{unknown_contribution, [](Case& c) { give(c).contribution = id<ContributionId>(99); }},
       {unknown_person, [](Case& c) { give(c).person = nobody; }},
       {not_allowed, [](Case& c) { c.context = by(anna); }},
       {not_allowed, [](Case& c) { c.context = by(mo); }},
       {not_allowed, [](Case& c) { c.context = by(olga); }},
       {not_allowed, [](Case& c) { c.context = by_guest(); }},
       {not_allowed, [](Case& c) { c.context.occurred_at = Timestamp{5}; }},
       {space_not_open, [](Case& c) { c.context.recorded_at = {2'000'000}; }},
       {cannot_be_supported, [](Case& c) { give(c).contribution = talk; }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionClosed{bench}); }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionWithdrawn{bench}); }},
       {contribution_not_open, [](Case& c) { c.events.push_back(hidden(bench)); }}});
  expect_reasons<SupportRejection>(
      withdrawing(),
      {{unknown_contribution, [](Case& c) { take(c).contribution = id<ContributionId>(99); }},
       {unknown_person, [](Case& c) { take(c).person = nobody; }},
       {not_allowed, [](Case& c) { c.context = by(anna); }},
       {space_not_open, [](Case& c) { c.context.recorded_at = {1}; }},
       {cannot_be_supported, [](Case& c) { take(c).contribution = talk; }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionClosed{bench}); }},
       {nothing_to_withdraw, [](Case& c) { c.events = village(); }}});
}

TEST(Support, TheFirstReasonIsTheOneGiven) {
  using enum SupportRejection;
  expect_precedence<SupportRejection>(
      {village(ContributionClosed{bench}),
       SupportCommand(WithdrawSupport{id<ContributionId>(99), nobody}), by_guest()},
      {{unknown_contribution, [](Case& c) { take(c).contribution = talk; }},
       {unknown_person, [](Case& c) { take(c).person = bram; }},
       {not_allowed,
        [](Case& c) {
          c.context = by(bram);
          c.context.recorded_at = {1};
        }},
       {space_not_open, [](Case& c) { c.context = by(bram); }},
       {cannot_be_supported, [](Case& c) { take(c).contribution = bench; }},
       {contribution_not_open, [](Case& c) { c.events.push_back(ContributionReopened{bench}); }},
       {nothing_to_withdraw, [](Case& c) { c.events.push_back(given_support(Stance::agree)); }}});
}

TEST(SupportDeathTest, AContributionWithoutItsSpaceIsABrokenInvariant) {
  MemoryState state;
  put(state, bench,
      ContributionRecord{.space = green, .kind = "idea", .author = anna, .placed_at = now});
  put(state, bram, PersonRecord{});
  EXPECT_DEATH((void)decide(state, SupportCommand(agree), by(bram)), "");
}
