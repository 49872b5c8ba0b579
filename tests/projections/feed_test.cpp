#include "projections/feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"

namespace meent::projections {
namespace {

using domain::ContributionId;
using domain::Stance;
using domain::Standing;

class FeedTest : public testing::Test {
 protected:
  /// Applies what the story has told since the last call.
  FeedView& feed() {
    const std::span<const StoredEvent> events(story_.events());
    if (applied_ < events.size()) view_->apply(batch_of(events.subspan(applied_), applied_));
    applied_ = events.size();
    return *view_;
  }
  FeedQuery query(FeedSort sort = FeedSort::new_) {
    return {.platform = story_.platform(), .sort = sort, .limit = 100};
  }
  std::vector<ContributionId> ids(const FeedQuery& query) {
    std::vector<ContributionId> out;
    for (const auto& item : feed().page(query).items) out.push_back(item.contribution);
    return out;
  }
  std::vector<ContributionId> placed(std::size_t count) {
    std::vector<ContributionId> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(story_.place(story_.space(1), story_.person(i)));
    }
    return out;
  }

  eventstore::ScratchFolder folder_;
  Story story_;

 private:
  std::unique_ptr<FeedView> view_ = [this] {
    auto view = FeedView::make();
    view->open(folder_.path() / "feed");
    return view;
  }();
  std::size_t applied_ = 0;
};

TEST_F(FeedTest, NewShowsWhatWasPlacedLastFirst) {
  const auto items = placed(3);
  EXPECT_EQ(ids(query()), (std::vector{items[2], items[1], items[0]}));
}

TEST_F(FeedTest, AnImportedItemShowsItsOwnTimeAndStandsWhereItWasRecorded) {
  const auto first = story_.place(story_.space(1), story_.person(1));
  story_.occurred_at(1000);
  const auto imported = story_.place(story_.space(1), story_.person(1));
  EXPECT_EQ(ids(query()), (std::vector{imported, first}));
  const auto row = feed().contribution(story_.platform(), imported, guest());
  ASSERT_TRUE(row);
  EXPECT_EQ(row->placed_at.ms, 1000);
}

TEST_F(FeedTest, ARowCarriesWhatWasWrittenSealed) {
  const auto id = story_.place(story_.space(1), story_.person(1), "idea", {"groen"});
  const auto row = feed().contribution(story_.platform(), id, guest());
  ASSERT_TRUE(row);
  EXPECT_TRUE(row->readable);
  EXPECT_EQ(row->title, Story::text("titel 1", "contribution-placed/title"));
  EXPECT_EQ(row->body, Story::text("tekst 1", "contribution-placed/body"));
  EXPECT_EQ(row->themes, std::vector<std::string>{"groen"});
  EXPECT_EQ(row->author, story_.person(1));
  EXPECT_EQ(row->external_id, "x1");
  EXPECT_EQ(row->scope, domain::Scope::of_space(story_.space(1), domain::Level::open));
}

TEST_F(FeedTest, CommentsAndRevisionsMakeActiveAndSupportDoesNot) {
  const auto items = placed(3);
  story_.comment(items[0], story_.person(9));
  story_.support(items[1], story_.person(9), Stance::agree);
  EXPECT_EQ(ids(query(FeedSort::active)), (std::vector{items[0], items[2], items[1]}));
  story_.revise(items[1], "beter");
  EXPECT_EQ(ids(query(FeedSort::active)), (std::vector{items[1], items[0], items[2]}));
}

TEST_F(FeedTest, TopIsAgreeLessDisagree) {
  const auto items = placed(3);
  for (std::uint64_t i = 0; i < 3; ++i)
    story_.support(items[0], story_.person(10 + i), Stance::agree);
  story_.support(items[1], story_.person(10), Stance::disagree);
  for (std::uint64_t i = 0; i < 9; ++i)
    story_.support(items[2], story_.person(10 + i), Stance::pass);
  EXPECT_EQ(ids(query(FeedSort::top)), (std::vector{items[0], items[2], items[1]}));
  const auto row = feed().contribution(story_.platform(), items[2], guest());
  EXPECT_EQ(row->counts, (StanceCounts{.agree = 0, .pass = 9, .disagree = 0}));
}

TEST_F(FeedTest, ALaterStanceReplacesTheEarlierInTheCounts) {
  const auto item = placed(1).front();
  story_.support(item, story_.person(1), Stance::agree);
  story_.support(item, story_.person(1), Stance::disagree);
  story_.support(item, story_.person(2), Stance::agree);
  story_.withdraw_support(item, story_.person(2));
  const auto row = feed().contribution(story_.platform(), item, guest());
  EXPECT_EQ(row->counts, (StanceCounts{.agree = 0, .pass = 0, .disagree = 1}));
}

TEST_F(FeedTest, ControversialWantsTwoLargeEqualCamps) {
  const auto items = placed(3);
  const auto vote = [&](ContributionId id, std::uint64_t agree, std::uint64_t disagree) {
    for (std::uint64_t i = 0; i < agree + disagree; ++i) {
      story_.support(id, story_.person(100 + i), i < agree ? Stance::agree : Stance::disagree);
    }
  };
  vote(items[0], 20, 1);
  vote(items[1], 5, 5);
  vote(items[2], 8, 9);
  EXPECT_EQ(ids(query(FeedSort::controversial)), (std::vector{items[2], items[1], items[0]}));
}

TEST_F(FeedTest, ABusyItemsPlaceIsWithinA64thOfItsStancesOfItsScore) {
  std::mt19937 random(1);
  const auto items = placed(8);
  for (int i = 0; i < 6000; ++i) {
    const auto stance = random() % 10 < 6 ? Stance::agree : Stance::disagree;
    story_.support(items[random() % 8], story_.person(random() % 500), stance);
  }
  const auto page = feed().page(query(FeedSort::top));
  ASSERT_EQ(page.items.size(), 8U);
  for (std::size_t i = 1; i < 8; ++i) {
    const auto &above = page.items[i - 1].counts, &below = page.items[i].counts;
    EXPECT_LE(top_score(below) - score_slack(below), top_score(above) + score_slack(above));
  }
  EXPECT_EQ(score_slack({.agree = 63, .pass = 0, .disagree = 0}), 0);
  EXPECT_EQ(score_slack({.agree = 50, .pass = 50, .disagree = 28}), 2);
}

TEST_F(FeedTest, WithFewStancesEverySupportCounts) {
  const auto items = placed(2);
  for (std::uint64_t i = 0; i < 31; ++i) {
    story_.support(items[0], story_.person(i), Stance::agree);
    EXPECT_EQ(ids(query(FeedSort::top)).front(), items[0]);
    story_.support(items[1], story_.person(100 + i), Stance::agree);
    EXPECT_EQ(ids(query(FeedSort::top)).front(), items[1]);  // as many, and placed later
  }
}

TEST_F(FeedTest, ASpaceShowsOnlyItsOwn) {
  const auto here = story_.place(story_.space(1), story_.person(1));
  const auto there = story_.place(story_.space(2), story_.person(1));
  auto one = query();
  one.space = story_.space(2);
  EXPECT_EQ(ids(one), std::vector{there});
  EXPECT_EQ(ids(query()), (std::vector{there, here}));
}

TEST_F(FeedTest, FiltersByKindThemeStandingAndAcceptance) {
  const auto idea = story_.place(story_.space(1), story_.person(1), "idea", {"groen", "wonen"});
  const auto other = story_.place(story_.space(1), story_.person(1), "statement", {"wonen"});
  story_.accept(other);
  story_.close(idea);
  auto by = query();
  by.kind = "statement";
  EXPECT_EQ(ids(by), std::vector{other});
  by = query();
  by.theme = "groen";
  EXPECT_EQ(ids(by), std::vector{idea});
  by = query();
  by.standing = Standing::closed;
  EXPECT_EQ(ids(by), std::vector{idea});
  by = query();
  by.accepted = true;
  EXPECT_EQ(ids(by), std::vector{other});
  by.accepted = false;
  EXPECT_EQ(ids(by), std::vector{idea});
}

TEST_F(FeedTest, AHiddenItemStaysForItsAuthorAndModeratorsOnly) {
  const auto shown = story_.place(story_.space(1), story_.person(1));
  const auto hidden = story_.place(story_.space(1), story_.person(2));
  story_.hide(hidden);
  for (const auto sort :
       {FeedSort::new_, FeedSort::active, FeedSort::top, FeedSort::controversial}) {
    auto seen = query(sort);
    EXPECT_EQ(ids(seen), std::vector{shown});
    seen.viewer = as(story_.person(1));
    EXPECT_EQ(ids(seen), std::vector{shown});
    seen.viewer = as(story_.person(2));
    EXPECT_EQ(ids(seen), (std::vector{hidden, shown}));
    seen.viewer = moderator();
    EXPECT_EQ(ids(seen), (std::vector{hidden, shown}));
    seen.standing = Standing::hidden;
    EXPECT_EQ(ids(seen), std::vector{hidden});
  }
}

TEST_F(FeedTest, AHiddenItemIsATombstoneWithAReasonForOthers) {
  const auto id = story_.place(story_.space(1), story_.person(2));
  story_.hide(id, "te grof");
  const auto row = feed().contribution(story_.platform(), id, guest());
  ASSERT_TRUE(row);
  EXPECT_FALSE(row->readable);
  EXPECT_EQ(row->standing, Standing::hidden);
  EXPECT_EQ(row->hide_reason, Story::text("te grof", "item-hidden/reason"));
  EXPECT_EQ(row->body, domain::PrivateText());
  EXPECT_FALSE(row->title);
  EXPECT_TRUE(row->author.is_zero());
  EXPECT_TRUE(feed().contribution(story_.platform(), id, as(story_.person(2)))->readable);
}

TEST_F(FeedTest, AcceptingAHiddenItemShowsItAsItStood) {
  const auto id = story_.place(story_.space(1), story_.person(2));
  story_.close(id);
  story_.hide(id);
  story_.accept(id);
  const auto row = feed().contribution(story_.platform(), id, guest());
  EXPECT_TRUE(row->readable);
  EXPECT_EQ(row->standing, Standing::closed);
  EXPECT_TRUE(row->accepted);
  EXPECT_FALSE(row->hide_reason);
  EXPECT_EQ(ids(query()), std::vector{id});
}

TEST_F(FeedTest, AWithdrawnItemVanishes) {
  const auto id = story_.place(story_.space(1), story_.person(2));
  story_.withdraw(id);
  EXPECT_TRUE(ids(query()).empty());
  EXPECT_FALSE(feed().contribution(story_.platform(), id, guest())->readable);
}

TEST_F(FeedTest, CommentCountLeavesOutHiddenAndWithdrawnOnce) {
  const auto id = story_.place(story_.space(1), story_.person(2));
  const auto one = story_.comment(id, story_.person(3));
  story_.comment(id, story_.person(4), one);
  const auto count = [&] {
    return feed().contribution(story_.platform(), id, guest())->comment_count;
  };
  EXPECT_EQ(count(), 2U);
  story_.hide(one);
  EXPECT_EQ(count(), 1U);
  story_.withdraw(one);
  EXPECT_EQ(count(), 1U);
}

TEST_F(FeedTest, EarlierTextsAreKeptNewestFirst) {
  const auto id = story_.place(story_.space(1), story_.person(2));
  for (const char* body : {"twee", "drie", "vier"}) story_.revise(id, body);
  const auto row = feed().contribution(story_.platform(), id, guest());
  EXPECT_EQ(row->revision, 4U);
  EXPECT_EQ(row->body.bytes, Story::sealed("vier"));
  auto page = feed().revisions(story_.platform(), id, {}, 2, guest());
  ASSERT_EQ(page.rows.size(), 2U);
  EXPECT_EQ(page.rows[0].content.body.bytes, Story::sealed("drie"));
  EXPECT_EQ(page.rows[1].revision, 2U);
  ASSERT_TRUE(page.next);
  page = feed().revisions(story_.platform(), id, page.next, 2, guest());
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows[0].content.body.bytes, Story::sealed("tekst 1"));
  EXPECT_FALSE(page.next);
  story_.hide(id);
  EXPECT_TRUE(feed().revisions(story_.platform(), id, {}, 2, guest()).rows.empty());
}

TEST_F(FeedTest, NewIsExactWhileItemsArrive) {
  const auto items = placed(10);
  auto page = query();
  page.limit = 4;
  std::vector<ContributionId> seen;
  for (int turn = 0; turn < 3; ++turn) {
    const auto found = feed().page(page);
    for (const auto& item : found.items) seen.push_back(item.contribution);
    page.cursor = found.next;
    story_.place(story_.space(1), story_.person(50));
    story_.place(story_.space(1), story_.person(50));
    EXPECT_EQ(found.next.has_value(), turn < 2);
  }
  EXPECT_EQ(seen, std::vector<ContributionId>(items.rbegin(), items.rend()));
}

TEST_F(FeedTest, MovingSortsMissNothingThatDidNotMove) {
  std::mt19937 random(7);
  const auto items = placed(40);
  for (int i = 0; i < 300; ++i) {
    story_.support(items[random() % 40], story_.person(random() % 60),
                   static_cast<Stance>(random() % 3));
  }
  for (const auto sort : {FeedSort::active, FeedSort::top, FeedSort::controversial}) {
    auto page = query(sort);
    page.limit = 5;
    std::set<ContributionId> seen, moved;
    for (bool more = true; more;) {
      const auto found = feed().page(page);
      for (const auto& item : found.items) seen.insert(item.contribution);
      page.cursor = found.next;
      more = found.next.has_value();
      const auto mover = items[random() % 10];
      moved.insert(mover);
      story_.support(mover, story_.person(random() % 60), Stance::agree);
      story_.comment(mover, story_.person(1));
    }
    for (const auto id : items) EXPECT_TRUE(seen.contains(id) || moved.contains(id));
  }
}

TEST_F(FeedTest, ACursorOfAnotherQueryIsGone) {
  placed(5);
  auto page = query();
  page.limit = 2;
  page.cursor = feed().page(page).next;
  ASSERT_TRUE(page.cursor);
  auto other = page;
  other.sort = FeedSort::top;
  EXPECT_TRUE(feed().page(other).gone);
  other = page;
  other.space = story_.space(1);
  EXPECT_TRUE(feed().page(other).gone);
  other = page;
  other.cursor->front() ^= 1;  // the view's version
  EXPECT_TRUE(feed().page(other).gone);
  other.cursor = "nonsense";
  EXPECT_TRUE(feed().page(other).gone);
  EXPECT_FALSE(feed().page(page).gone);
}

TEST_F(FeedTest, APageSaysAtWhichPositionItIs) {
  placed(5);
  EXPECT_EQ(feed().page(query()).position, 5U);
  EXPECT_EQ(feed().position(story_.platform()), 5U);
  EXPECT_EQ(feed().position(Story(2).platform()), 0U);
}

TEST_F(FeedTest, AnEventAboutSomethingUnknownIsAFault) {
  Story elsewhere;
  const auto id = elsewhere.place(elsewhere.space(1), elsewhere.person(1));
  elsewhere.support(id, elsewhere.person(1), Stance::agree);
  const auto only_support = std::span(elsewhere.events()).subspan(1);
  EXPECT_THROW(feed().apply(batch_of(only_support, 1)), std::runtime_error);
  EXPECT_EQ(feed().checkpoint().next_offset, 0U);
}

}  // namespace
}  // namespace meent::projections
