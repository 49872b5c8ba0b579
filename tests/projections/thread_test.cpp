#include "projections/thread.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"

namespace meent::projections {
namespace {

using domain::CommentId;
using domain::Standing;

class ThreadTest : public testing::Test {
 protected:
  ThreadTest() : view_(ThreadView::make()) {
    view_->open(folder_.path() / "thread");
    idea_ = story_.place(story_.space(1), story_.person(1));
  }
  ThreadView& thread() {
    const std::span<const StoredEvent> events(story_.events());
    if (applied_ < events.size()) view_->apply(batch_of(events.subspan(applied_), applied_));
    applied_ = events.size();
    return *view_;
  }
  BranchQuery query(std::optional<CommentId> parent = {}) {
    return {.platform = story_.platform(), .contribution = idea_, .parent = parent, .limit = 100};
  }
  CommentPage read(const BranchQuery& query) { return thread().branch(query).value(); }
  std::vector<CommentId> ids(const BranchQuery& query) {
    std::vector<CommentId> out;
    const auto page = read(query);
    for (const auto& node : page.rows) out.push_back(node.row.comment);
    return out;
  }
  CommentId say(std::optional<CommentId> parent = {}, std::uint64_t who = 2) {
    return story_.comment(idea_, story_.person(who), parent);
  }

  eventstore::ScratchFolder folder_;
  Story story_;
  domain::ContributionId idea_;

 private:
  std::unique_ptr<ThreadView> view_;
  std::size_t applied_ = 0;
};

TEST_F(ThreadTest, ABranchIsOldestFirstOrNewestFirst) {
  const auto one = say(), two = say(), reply = say(one);
  EXPECT_EQ(ids(query()), (std::vector{one, two}));
  EXPECT_EQ(ids(query(one)), std::vector{reply});
  auto newest = query();
  newest.newest_first = true;
  EXPECT_EQ(ids(newest), (std::vector{two, one}));
}

TEST_F(ThreadTest, CountsRepliesAndDescendantsAtEveryLevel) {
  const auto one = say(), deep = say(one), deeper = say(deep);
  say(deep);
  const auto page = read(query());
  EXPECT_EQ(page.reply_count, 1U);
  EXPECT_EQ(page.descendant_count, 4U);
  EXPECT_EQ(page.rows[0].row.reply_count, 1U);
  EXPECT_EQ(page.rows[0].row.descendant_count, 3U);
  const auto row = thread().comment(story_.platform(), deeper, guest()).value();
  EXPECT_EQ(row.level, 3U);
  EXPECT_EQ(row.parent, deep);
  EXPECT_EQ(row.contribution, idea_);
}

TEST_F(ThreadTest, PagesThroughABranchWithoutGapOrRepeat) {
  std::vector<CommentId> said;
  for (int i = 0; i < 25; ++i) said.push_back(say());
  for (const bool newest_first : {false, true}) {
    auto page = query();
    page.limit = 7;
    page.newest_first = newest_first;
    std::vector<CommentId> seen;
    do {
      const auto found = read(page);
      for (const auto& node : found.rows) seen.push_back(node.row.comment);
      page.cursor = found.next;
    } while (page.cursor);
    if (newest_first) std::ranges::reverse(seen);
    EXPECT_EQ(seen, said);
  }
}

TEST_F(ThreadTest, GivesFirstRepliesAlongWithACursorForMore) {
  const auto one = say();
  std::vector<CommentId> replies;
  for (int i = 0; i < 5; ++i) replies.push_back(say(one));
  const auto nested = say(replies[0]);
  auto page = query();
  page.depth = 2;
  page.replies_per_branch = 3;
  const auto top = read(page).rows.at(0);
  ASSERT_EQ(top.replies.size(), 3U);
  EXPECT_EQ(top.replies[0].row.comment, replies[0]);
  ASSERT_EQ(top.replies[0].replies.size(), 1U);
  EXPECT_EQ(top.replies[0].replies[0].row.comment, nested);
  ASSERT_TRUE(top.more);
  auto rest = query(one);
  rest.cursor = top.more;
  EXPECT_EQ(ids(rest), (std::vector{replies[3], replies[4]}));
}

TEST_F(ThreadTest, NeverGivesMoreThanFiveHundredRows) {
  for (int i = 0; i < 60; ++i) {
    const auto one = say();
    for (int j = 0; j < 12; ++j) say(one);
  }
  auto page = query();
  page.depth = 1;
  page.replies_per_branch = 20;
  std::size_t rows = 0, cut = 0;
  const auto found = read(page);
  for (const auto& node : found.rows) {
    rows += 1 + node.replies.size();
    if (node.replies.size() < 12) cut += node.more.has_value() ? 1 : 1000;
  }
  EXPECT_EQ(rows, 500U);
  EXPECT_GT(cut, 0U);
  EXPECT_LT(cut, 1000U);
}

TEST_F(ThreadTest, AHiddenCommentStaysAsATombstoneWithItsReason) {
  const auto one = say({}, 2), reply = say(one, 3);
  story_.hide(one, "scheldt");
  const auto page = read(query());
  const auto& row = page.rows.at(0).row;
  EXPECT_FALSE(row.readable);
  EXPECT_TRUE(row.author.is_zero());
  EXPECT_EQ(row.body, domain::PrivateText());
  EXPECT_EQ(row.standing, Standing::hidden);
  EXPECT_EQ(row.hide_reason, Story::text("scheldt", "item-hidden/reason"));
  EXPECT_EQ(row.scope.level, domain::Level::moderation);
  EXPECT_EQ(ids(query(one)), std::vector{reply});
  EXPECT_TRUE(thread().comment(story_.platform(), one, as(story_.person(2)))->readable);
  EXPECT_TRUE(thread().comment(story_.platform(), one, moderator())->readable);
  EXPECT_FALSE(thread().comment(story_.platform(), one, as(story_.person(3)))->readable);
  story_.accept(one);
  EXPECT_TRUE(thread().comment(story_.platform(), one, guest())->readable);
}

TEST_F(ThreadTest, AWithdrawnCommentKeepsItsPlaceWithoutItsText) {
  const auto one = say();
  story_.withdraw(one);
  const auto row = read(query()).rows.at(0).row;
  EXPECT_FALSE(row.readable);
  EXPECT_EQ(row.standing, Standing::withdrawn);
}

TEST_F(ThreadTest, EditsAreKept) {
  const auto one = say();
  story_.edit(one, "beter");
  story_.edit(one, "best");
  EXPECT_EQ(thread().comment(story_.platform(), one, guest())->body.bytes, Story::sealed("best"));
  const auto earlier = thread().revisions(story_.platform(), one, {}, 10, guest());
  ASSERT_EQ(earlier.rows.size(), 2U);
  EXPECT_EQ(earlier.rows[0].body.bytes, Story::sealed("beter"));
  EXPECT_EQ(earlier.rows[1].revision, 1U);
  story_.hide(one);
  EXPECT_TRUE(thread().revisions(story_.platform(), one, {}, 10, guest()).rows.empty());
  EXPECT_EQ(thread().revisions(story_.platform(), one, {}, 10, moderator()).rows.size(), 2U);
}

TEST_F(ThreadTest, AHiddenContributionHidesItsThread) {
  const auto one = say();
  story_.hide(idea_);
  EXPECT_FALSE(thread().branch(query()));
  EXPECT_FALSE(thread().comment(story_.platform(), one, guest()));
  auto seen = query();
  seen.viewer = moderator();
  EXPECT_TRUE(thread().branch(seen));
  story_.accept(idea_);
  EXPECT_TRUE(thread().branch(query()));
}

TEST_F(ThreadTest, UnknownAndForeignParentsGiveNothing) {
  const auto other = story_.place(story_.space(1), story_.person(1));
  const auto there = story_.comment(other, story_.person(1));
  EXPECT_FALSE(thread().branch(query(there)));
  EXPECT_FALSE(thread().branch(query(CommentId())));
  EXPECT_FALSE(thread().comment(story_.platform(), CommentId(), moderator()));
}

TEST_F(ThreadTest, ACursorOfAnotherBranchIsGone) {
  const auto one = say();
  for (int i = 0; i < 3; ++i) say(one);
  auto page = query(one);
  page.limit = 1;
  page.cursor = thread().branch(page)->next;
  ASSERT_TRUE(page.cursor);
  EXPECT_FALSE(thread().branch(page)->gone);
  page.newest_first = true;
  EXPECT_TRUE(thread().branch(page)->gone);
  page.newest_first = false;
  page.parent.reset();
  EXPECT_TRUE(thread().branch(page)->gone);
}

}  // namespace
}  // namespace meent::projections
