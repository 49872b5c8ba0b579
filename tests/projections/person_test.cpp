#include "projections/person.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"

namespace meent::projections {
namespace {

using domain::Stance;

class PersonTest : public testing::Test {
 protected:
  PersonTest() : view_(PersonView::make()) { view_->open(folder_.path() / "person"); }
  PersonView& person() {
    const std::span<const StoredEvent> events(story_.events());
    if (applied_ < events.size()) view_->apply(batch_of(events.subspan(applied_), applied_));
    applied_ = events.size();
    return *view_;
  }
  PersonQuery query(const domain::Viewer& viewer = guest()) {
    return {.platform = story_.platform(), .person = who_, .limit = 100, .viewer = viewer};
  }
  std::vector<Deed> deeds(const PersonQuery& query) {
    std::vector<Deed> out;
    for (const auto& row : person().page(query).rows) out.push_back(row.deed);
    return out;
  }

  eventstore::ScratchFolder folder_;
  Story story_;
  domain::PersonId who_ = story_.person(7);

 private:
  std::unique_ptr<PersonView> view_;
  std::size_t applied_ = 0;
};

TEST_F(PersonTest, ShowsWhatSomeoneDidNewestFirst) {
  const auto id = story_.place(story_.space(1), who_);
  story_.revise(id, "beter");
  const auto others = story_.place(story_.space(1), story_.person(8));
  const auto comment = story_.comment(others, who_);
  story_.edit(comment, "anders");
  EXPECT_EQ(deeds(query()),
            (std::vector{Deed::edited_comment, Deed::commented, Deed::revised, Deed::placed}));
  const auto page = person().page(query());
  EXPECT_EQ(page.contribution_count, 1U);
  EXPECT_EQ(page.comment_count, 1U);
  EXPECT_EQ(page.rows[0].comment, comment);
  EXPECT_EQ(page.rows[0].contribution, others);
  EXPECT_EQ(page.rows[0].position, 5U);
  EXPECT_EQ(page.rows[3].contribution, id);
}

TEST_F(PersonTest, SupportIsSecret) {
  const auto id = story_.place(story_.space(1), story_.person(8));
  story_.support(id, who_, Stance::agree);
  story_.withdraw_support(id, who_);
  EXPECT_TRUE(deeds(query()).empty());
  EXPECT_TRUE(deeds(query(moderator())).empty());
  EXPECT_TRUE(deeds(query(as(story_.person(8)))).empty());
  EXPECT_EQ(deeds(query(as(who_))), (std::vector{Deed::withdrew_support, Deed::supported}));
  EXPECT_EQ(person().page(query(as(who_))).rows[1].stance, Stance::agree);
  auto without = query(as(who_));
  without.with_support = false;
  EXPECT_TRUE(deeds(without).empty());
}

TEST_F(PersonTest, WhatWasHiddenStaysForItsAuthorAndModerators) {
  const auto id = story_.place(story_.space(1), who_);
  story_.revise(id, "beter");
  story_.hide(id);
  EXPECT_TRUE(deeds(query()).empty());
  EXPECT_EQ(person().page(query()).contribution_count, 0U);
  EXPECT_EQ(deeds(query(moderator())), (std::vector{Deed::revised, Deed::placed}));
  EXPECT_EQ(person().page(query(as(who_))).rows.at(0).scope.level, domain::Level::moderation);
  story_.accept(id);
  EXPECT_EQ(deeds(query()), (std::vector{Deed::revised, Deed::placed}));
  EXPECT_EQ(person().page(query()).contribution_count, 1U);
  story_.withdraw(id);
  EXPECT_TRUE(deeds(query()).empty());
  EXPECT_EQ(deeds(query(as(who_))), (std::vector{Deed::withdrew, Deed::revised, Deed::placed}));
}

TEST_F(PersonTest, CommentsUnderAHiddenContributionAreNotShown) {
  const auto id = story_.place(story_.space(1), story_.person(8));
  story_.comment(id, who_);
  story_.hide(id);
  EXPECT_TRUE(deeds(query()).empty());
  EXPECT_EQ(deeds(query(moderator())), std::vector{Deed::commented});
}

TEST_F(PersonTest, PagesThroughAllListsInOneOrder) {
  const auto id = story_.place(story_.space(1), story_.person(8));
  std::vector<std::uint64_t> positions;
  for (int i = 0; i < 12; ++i) {
    const auto comment = story_.comment(id, who_);
    positions.push_back(story_.position());
    story_.support(id, who_, Stance::agree);
    positions.push_back(story_.position());
    if (i % 3 == 0) story_.hide(comment);
  }
  auto page = query(as(who_));
  page.limit = 5;
  std::vector<std::uint64_t> seen;
  do {
    const auto found = person().page(page);
    for (const auto& row : found.rows) seen.push_back(row.position);
    page.cursor = found.next;
  } while (page.cursor);
  std::ranges::reverse(seen);
  EXPECT_EQ(seen, positions);
}

TEST_F(PersonTest, ACursorOfSomebodyElseIsGone) {
  for (int i = 0; i < 3; ++i) story_.place(story_.space(1), who_);
  auto page = query();
  page.limit = 1;
  page.cursor = person().page(page).next;
  ASSERT_TRUE(page.cursor);
  EXPECT_FALSE(person().page(page).gone);
  page.person = story_.person(1);
  EXPECT_TRUE(person().page(page).gone);
}

}  // namespace
}  // namespace meent::projections
