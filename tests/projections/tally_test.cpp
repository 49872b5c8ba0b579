#include "projections/tally.h"

#include <gtest/gtest.h>

#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"

namespace meent::projections {
namespace {

using domain::ContributionId;
using domain::Stance;

class TallyTest : public testing::Test {
 protected:
  TallyTest() : view_(TallyView::make()) { view_->open(folder_.path() / "tally"); }
  TallyView& tally() {
    const std::span<const StoredEvent> events(story_.events());
    if (applied_ < events.size()) view_->apply(batch_of(events.subspan(applied_), applied_));
    applied_ = events.size();
    return *view_;
  }
  std::optional<StanceCounts> counts(ContributionId id, const domain::Viewer& viewer = guest()) {
    return tally().counts(story_.platform(), std::vector{id}, viewer).at(0);
  }

  eventstore::ScratchFolder folder_;
  Story story_;

 private:
  std::unique_ptr<TallyView> view_;
  std::size_t applied_ = 0;
};

TEST_F(TallyTest, CountsLatestStances) {
  const auto id = story_.place(story_.space(1), story_.person(1));
  story_.support(id, story_.person(1), Stance::agree);
  story_.support(id, story_.person(2), Stance::agree);
  story_.support(id, story_.person(2), Stance::pass);
  story_.support(id, story_.person(3), Stance::disagree);
  story_.support(id, story_.person(3), Stance::disagree);
  EXPECT_EQ(counts(id), (StanceCounts{.agree = 1, .pass = 1, .disagree = 1}));
  EXPECT_EQ(counts(id)->participants(), 3U);
  story_.withdraw_support(id, story_.person(2));
  EXPECT_EQ(counts(id), (StanceCounts{.agree = 1, .pass = 0, .disagree = 1}));
}

TEST_F(TallyTest, AnswersManyInTheOrderAsked) {
  const auto one = story_.place(story_.space(1), story_.person(1));
  const auto two = story_.place(story_.space(1), story_.person(1));
  story_.support(two, story_.person(5), Stance::disagree);
  const std::vector asked{two, ContributionId(), one};
  const auto found = tally().counts(story_.platform(), asked, guest());
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]->disagree, 1U);
  EXPECT_FALSE(found[1]);
  EXPECT_EQ(found[2]->participants(), 0U);
  const auto own = tally().own_stances(story_.platform(), asked, as(story_.person(5)));
  EXPECT_EQ(own, (std::vector<std::optional<Stance>>{Stance::disagree, {}, {}}));
  EXPECT_EQ(tally().own_stances(story_.platform(), asked, guest()),
            std::vector<std::optional<Stance>>(3));
  EXPECT_EQ(tally().own_stances(story_.platform(), asked, as(story_.person(6))),
            std::vector<std::optional<Stance>>(3));
}

TEST_F(TallyTest, CountsOfAHiddenItemAreForItsAuthorAndModerators) {
  const auto id = story_.place(story_.space(1), story_.person(1));
  story_.support(id, story_.person(2), Stance::agree);
  story_.hide(id);
  EXPECT_FALSE(counts(id));
  EXPECT_TRUE(counts(id, as(story_.person(1))));
  EXPECT_TRUE(counts(id, moderator()));
}

TEST_F(TallyTest, TotalsPerSpaceAndForThePlatform) {
  const auto here = story_.place(story_.space(1), story_.person(1));
  const auto there = story_.place(story_.space(2), story_.person(1));
  const auto comment = story_.comment(here, story_.person(2));
  story_.support(here, story_.person(3), Stance::agree);
  story_.support(here, story_.person(3), Stance::pass);
  story_.support(there, story_.person(2), Stance::agree);
  const auto total = [&](std::optional<domain::SpaceId> space) {
    return tally().totals(story_.platform(), space);
  };
  EXPECT_EQ(total(story_.space(1)), (SpaceTotals{1, 1, 1, 3}));
  EXPECT_EQ(total(story_.space(2)), (SpaceTotals{1, 0, 1, 2}));
  EXPECT_EQ(total({}), (SpaceTotals{2, 1, 2, 3}));
  EXPECT_EQ(total(story_.space(9)), SpaceTotals());
  story_.hide(here);
  story_.withdraw(here);
  story_.hide(comment);
  story_.withdraw_support(there, story_.person(2));
  EXPECT_EQ(total({}), (SpaceTotals{1, 0, 1, 3}));
  EXPECT_EQ(total(story_.space(1)), (SpaceTotals{0, 0, 1, 3}));
}

TEST_F(TallyTest, TheMatrixIsForAnalystsInPages) {
  const auto id = story_.place(story_.space(1), story_.person(1));
  const auto other = story_.place(story_.space(1), story_.person(1));
  std::map<domain::PersonId, Stance> given;
  for (std::uint64_t i = 0; i < 25; ++i) {
    const auto stance = static_cast<Stance>(i % 3);
    story_.support(id, story_.person(i), stance);
    story_.support(other, story_.person(i), Stance::pass);
    given[story_.person(i)] = stance;
  }
  std::map<domain::PersonId, Stance> found;
  std::optional<domain::PersonId> after;
  for (;;) {
    const auto rows = tally().matrix(story_.platform(), id, after, 10, analyst());
    if (rows.empty()) break;
    for (const auto& row : rows) EXPECT_TRUE(found.emplace(row.person, row.stance).second);
    after = rows.back().person;
  }
  EXPECT_EQ(found, given);
  EXPECT_TRUE(tally().matrix(story_.platform(), id, {}, 10, moderator()).empty());
  EXPECT_TRUE(tally().matrix(story_.platform(), id, {}, 10, as(story_.person(1))).empty());
}

}  // namespace
}  // namespace meent::projections
