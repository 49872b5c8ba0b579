#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "eventstore/embedded.h"
#include "projections/views.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"

/// The views behind a real sequencer: from command to page.
namespace meent::projections {
namespace {

using namespace std::chrono_literals;
using domain::Stance;

class EmbeddedViewsTest : public testing::Test {
 protected:
  EmbeddedViewsTest() { community_.found(); }

  void start() {
    runner_ = Runner::start(*node_.store, table_view_specs(views_), {.folder = folder_.path()});
  }
  WaitOutcome wait() {
    const auto platform = community_.platform();
    return runner_->wait_for("", platform, node_.store->tip(platform).position, 20s);
  }
  std::map<std::string, std::vector<std::string>> dumps(TableViews& views) {
    return {{"feed", dump_of(*views.feed.get())},
            {"thread", dump_of(*views.thread.get())},
            {"tally", dump_of(*views.tally.get())},
            {"person", dump_of(*views.person.get())}};
  }
  /// Ideas, comments and supports of many people, submitted without waiting for the answers.
  void live(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<domain::PersonId> people;
    std::vector<domain::ContributionId> ideas;
    for (int i = 0; i < 8; ++i) people.push_back(community_.add_person());
    for (int i = 0; i < 5; ++i) ideas.push_back(community_.add_idea(people[random() % 8]));
    std::atomic<int> open = 0;
    for (int i = 0; i < 600; ++i) {
      const auto who = people[random() % 8];
      const auto idea = ideas[random() % 5];
      auto command = random() % 5 == 0
                         ? community_.comment(who, idea, "Wie onderhoudt dat?")
                         : community_.support(who, idea, static_cast<Stance>(random() % 3));
      ++open;
      node_.sequencer->submit(std::move(command), [&open](eventstore::Outcome) { --open; });
    }
    while (open > 0) std::this_thread::sleep_for(1ms);
  }

  eventstore::ScratchFolder folder_;
  eventstore::Embedded node_ =
      eventstore::Embedded::open(folder_.path(), eventstore::real_files(), {});
  eventstore::Community community_{*node_.sequencer, *node_.store, *node_.keys};
  TableViews views_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(EmbeddedViewsTest, ACommandIsSeenInEveryView) {
  start();
  const auto noor = community_.add_person();
  const auto idea = community_.add_idea(noor, "Meer bomen");
  community_.must_accept(community_.support(noor, idea, Stance::agree));
  const auto last = community_.must_accept(community_.comment(noor, idea, "Ook fruitbomen?"));
  ASSERT_EQ(runner_->wait_for("", last.platform, last.last_position, 20s), WaitOutcome::reached);
  const auto page = views_.feed.get()->page({.platform = community_.platform()});
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].counts.agree, 1U);
  EXPECT_EQ(page.items[0].comment_count, 1U);
  EXPECT_EQ(eventstore::open_text(*node_.keys, community_.platform(), page.items[0].body),
            "Meer bomen");
  const auto thread =
      views_.thread.get()->branch({.platform = community_.platform(), .contribution = idea});
  EXPECT_EQ(
      eventstore::open_text(*node_.keys, community_.platform(), thread.value().rows.at(0).row.body),
      "Ook fruitbomen?");
  EXPECT_EQ(views_.tally.get()->totals(community_.platform(), community_.space()),
            (SpaceTotals{1, 1, 1, 1}));
  EXPECT_EQ(views_.person.get()
                ->page({.platform = community_.platform(), .person = noor, .viewer = as(noor)})
                .rows.size(),
            3U);
}

TEST_F(EmbeddedViewsTest, FollowingUnderLoadGivesTheSameAsRebuilding) {
  start();
  live(1);
  ASSERT_EQ(wait(), WaitOutcome::reached);
  const eventstore::ScratchFolder elsewhere;
  TableViews rebuilt;
  const auto builder = Runner::start(*node_.store, table_view_specs(rebuilt),
                                     {.folder = elsewhere.path(), .most_events = 50});
  const auto platform = community_.platform();
  ASSERT_EQ(builder->wait_for("", platform, node_.store->tip(platform).position, 20s),
            WaitOutcome::reached);
  EXPECT_EQ(dumps(views_), dumps(rebuilt));
}

TEST_F(EmbeddedViewsTest, TheTallyIsWhatTheStateSays) {
  start();
  live(2);
  ASSERT_EQ(wait(), WaitOutcome::reached);
  const auto state = node_.store->state(community_.platform());
  const auto feed = views_.feed.get()->page({.platform = community_.platform()});
  ASSERT_EQ(feed.items.size(), 5U);
  for (const auto& item : feed.items) {
    StanceCounts counts;
    const auto prefix =
        std::string(1, domain::SupportRecord::table) + domain::pack(item.contribution);
    for (const auto& [key, value] : state->scan(prefix, {}, 1000)) {
      ++count_of(counts, domain::unpack<domain::SupportRecord>(value)->stance);
    }
    EXPECT_EQ(item.counts, counts);
    EXPECT_EQ(views_.tally.get()->counts(community_.platform(), std::vector{item.contribution},
                                         guest())[0],
              counts);
  }
}

TEST_F(EmbeddedViewsTest, AfterAKillTheViewsGoOnFromWhatIsOnDisk) {
  start();
  live(3);
  ASSERT_EQ(wait(), WaitOutcome::reached);
  // What a kill leaves: the files as they lie, without the rows that are in memory only.
  const eventstore::ScratchFolder killed;
  std::filesystem::copy(folder_.path() / "views", killed.path() / "views",
                        std::filesystem::copy_options::recursive);
  live(4);
  ASSERT_EQ(wait(), WaitOutcome::reached);
  TableViews recovered;
  const auto runner =
      Runner::start(*node_.store, table_view_specs(recovered), {.folder = killed.path()});
  const auto platform = community_.platform();
  ASSERT_EQ(runner->wait_for("", platform, node_.store->tip(platform).position, 20s),
            WaitOutcome::reached);
  EXPECT_EQ(dumps(views_), dumps(recovered));
}

TEST_F(EmbeddedViewsTest, NamesAndTextsAreNowhereInTheClear) {
  start();
  const auto someone = community_.add_person("Kanarie Geelveer");
  const auto idea = community_.add_idea(someone, "kanariegeel plan");
  community_.must_accept(community_.comment(someone, idea, "kanariegele reactie"));
  ASSERT_EQ(wait(), WaitOutcome::reached);
  const auto holds = [](const std::vector<std::string>& lines, std::string_view hex) {
    return std::ranges::any_of(lines, [hex](const auto& line) { return line.contains(hex); });
  };
  for (const auto& [name, lines] : dumps(views_)) {
    EXPECT_FALSE(holds(lines, "6B616E61726965")) << name;  // "kanarie"
    EXPECT_FALSE(holds(lines, "4B616E61726965")) << name;  // "Kanarie"
  }
  EXPECT_TRUE(holds(dump_of(*views_.feed.get()), "69646561"));  // "idea", a kind: no secret
}

}  // namespace
}  // namespace meent::projections
