#include <gtest/gtest.h>

#include "projections/feed.h"
#include "projections/person.h"
#include "projections/tables.h"
#include "projections/tally.h"
#include "projections/thread.h"
#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"

namespace meent::projections {
namespace {

struct Maker {
  const char* name;
  std::unique_ptr<View> (*make)();
};
const Maker makers[] = {
    {"feed", [] { return std::unique_ptr<View>(FeedView::make()); }},
    {"thread", [] { return std::unique_ptr<View>(ThreadView::make()); }},
    {"tally", [] { return std::unique_ptr<View>(TallyView::make()); }},
    {"person", [] { return std::unique_ptr<View>(PersonView::make()); }},
};

class EveryTableView : public testing::TestWithParam<Maker> {
 protected:
  std::unique_ptr<View> open(const std::string& name) const {
    auto view = GetParam().make();
    view->open(folder_.path() / name);
    return view;
  }
  eventstore::ScratchFolder folder_;
};

TEST_P(EveryTableView, IsTheSameHoweverTheEventsAreBatched) {
  for (const std::uint32_t seed : {1U, 2U}) {
    const auto story = random_story(seed, 1500);
    const auto name = std::to_string(seed);
    const auto whole = open("whole" + name);
    apply_in_batches(*whole, story.events(), {story.events().size()});
    const auto expected = dump_of(*whole);
    EXPECT_GT(expected.size(), 100U);
    const std::vector<std::vector<std::size_t>> splits{{1}, {2, 7, 1, 30}, {500}};
    for (std::size_t i = 0; i < splits.size(); ++i) {
      const auto split = open("split" + name + "-" + std::to_string(i));
      apply_in_batches(*split, story.events(), splits[i]);
      EXPECT_EQ(dump_of(*split), expected) << "split " << i << ", seed " << seed;
    }
  }
}

TEST_P(EveryTableView, HoldingBackChangesOnlyWhenItIsWritten) {
  const auto story = random_story(7, 1500);
  const auto whole = open("whole"), held = open("held");
  apply_in_batches(*whole, story.events(), {100});
  held->hold_back(true);
  apply_in_batches(*held, story.events(), {100});
  EXPECT_EQ(held->position(story.platform()), 0U);
  EXPECT_EQ(held->checkpoint().next_offset, 0U);
  held->hold_back(false);
  EXPECT_EQ(held->position(story.platform()), story.position());
  EXPECT_EQ(dump_of(*held), dump_of(*whole));
}

TEST_P(EveryTableView, ARestartInBetweenChangesNothing) {
  const auto story = random_story(4, 2000);
  const auto whole = open("whole");
  apply_in_batches(*whole, story.events(), {50});
  const std::span<const StoredEvent> events(story.events());
  for (std::size_t at = 0; at < events.size(); at += 500) {
    const auto view = open("restarted");
    EXPECT_EQ(view->checkpoint().next_offset, at);
    EXPECT_EQ(view->position(story.platform()), at);
    view->apply(batch_of(events.subspan(at, 500), at));
  }
  EXPECT_EQ(dump_of(*open("restarted")), dump_of(*whole));
}

TEST_P(EveryTableView, PlatformsDoNotMix) {
  const auto one = random_story(5, 800, 1), two = random_story(5, 800, 2);
  const auto alone = open("alone"), both = open("both");
  apply_in_batches(*alone, one.events(), {64});
  for (std::size_t at = 0; at < 800; at += 80) {
    both->apply(batch_of(std::span(one.events()).subspan(at, 80), at));
    both->apply(batch_of(std::span(two.events()).subspan(at, 80), at));
  }
  EXPECT_EQ(both->position(one.platform()), 800U);
  EXPECT_EQ(both->position(two.platform()), 800U);
  EXPECT_EQ(dump_of(*both).size(), 2 * dump_of(*alone).size() - 2);  // offset, version
}

TEST_P(EveryTableView, AnotherVersionFindsItsDirectoryEmpty) {
  const auto story = random_story(6, 100);
  {
    const auto view = open("view");
    apply_in_batches(*view, story.events(), {10});
  }
  const auto newer = Tables::open(folder_.path() / "view", 1000);
  EXPECT_EQ(newer->checkpoint().next_offset, 0U);
  EXPECT_EQ(newer->position(story.platform()), 0U);
}

INSTANTIATE_TEST_SUITE_P(Views, EveryTableView, testing::ValuesIn(makers),
                         [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace meent::projections
