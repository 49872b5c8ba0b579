#include "consumers/follower.h"

#include <gtest/gtest.h>

#include <set>
#include <nlohmann/json.hpp>

#include "consumers/publisher.h"
#include "eventstore/embedded.h"
#include "eventstore/store_batch.h"
#include "tests/consumers/sim_topic.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"

// The publisher over a real log, into a topic that fails when it is told to.
namespace meent::consumers {
namespace {

using namespace domain;
using eventstore::Embedded;
using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr std::chrono::seconds longest_wait{10};

bool eventually(const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

class PublishingTest : public testing::Test {
 protected:
  PublishingTest() {
    village_.found();
    noor_ = village_.add_person("Noor de Wit");
    idea_ = village_.add_idea(noor_, "Meer bomen");
  }

  std::unique_ptr<Follower> follow(std::string name = "publisher") {
    return std::make_unique<Follower>(
        *embedded_.store, *embedded_.sequencer,
        [this] {
          return std::make_unique<Publisher>(
              *embedded_.keys, [this] { return topic_.connect(); },
              Publisher::Options{
                  .origin = {.source = "urn:nld:x:y", .public_url = "https://meent.example"},
                  .outbox = {.most_messages = 50,
                             .most_bytes = 1U << 20,
                             .shortest_pause = milliseconds(1),
                             .longest_pause = milliseconds(5)}});
        },
        FollowerOptions{.name = std::move(name),
                        .checkpoint_interval = milliseconds(10),
                        .idle_wait = milliseconds(2)});
  }
  static bool has_caught_up(const Follower& follower) { return follower.health().lag_events == 0; }
  void support(int count) {
    for (int i = 0; i < count; ++i) {
      village_.must_accept(
          village_.support(noor_, idea_, i % 2 == 0 ? Stance::agree : Stance::pass));
    }
  }
  /// This platform's messages, by `sequence`; fails when two of one id differ, when ids or numbers
  /// do not go together, or when the first ones of each are out of order.
  std::vector<Json> without_repeats() {
    std::map<std::string, Json> by_sequence;
    std::set<std::string> ids;
    std::string last;
    for (const auto& one : topic_.stored()) {
      if (one.key != village_.platform().text()) continue;
      auto event = Json::parse(one.value);
      const auto sequence = event.at("sequence").get<std::string>();
      const auto [at, is_new] = by_sequence.emplace(sequence, event);
      EXPECT_EQ(at->second, event) << "the same event again says the same";
      EXPECT_EQ(ids.insert(event.at("id").get<std::string>()).second, is_new);
      if (is_new) {
        EXPECT_GT(sequence, last);
        last = sequence;
      }
    }
    std::vector<Json> out;
    for (auto& [sequence, event] : by_sequence) {
      EXPECT_EQ(std::stoull(sequence), out.size() + 1) << "a gap";
      out.push_back(std::move(event));
    }
    return out;
  }
  static std::vector<std::string> types_of(const std::vector<Json>& events) {
    std::vector<std::string> out;
    for (const auto& event : events) out.push_back(event.at("type").get<std::string>().substr(9));
    return out;
  }

  eventstore::ScratchFolder scratch_;
  Embedded embedded_ = Embedded::open(scratch_.path() / "data", eventstore::real_files(), {});
  eventstore::Community village_{*embedded_.sequencer, *embedded_.store, *embedded_.keys};
  PersonId noor_;
  ContributionId idea_;
  SimTopic topic_;
};

TEST_F(PublishingTest, BeginsAtTheFirstEventAndSaysOnlyWhatIsPublic) {
  support(1);
  const auto follower = follow();
  ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  const auto events = without_repeats();
  const auto types = types_of(events);
  EXPECT_EQ(types.front(), "platform-created");
  EXPECT_EQ(types.back(), "support-given");
  EXPECT_EQ(std::ranges::count(types, "person-registered"), 0);
  for (const auto& one : topic_.stored()) {
    EXPECT_FALSE(one.value.contains(noor_.text())) << one.value;
    EXPECT_FALSE(one.value.contains("Noor")) << one.value;
    EXPECT_FALSE(one.value.contains("bomen")) << one.value;
  }
}

TEST_F(PublishingTest, GoesOnBehindItsCheckpointAfterARestart) {
  {
    const auto follower = follow();
    ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  }
  const auto before = topic_.stored().size();
  const auto known = without_repeats().size();
  const auto mark = embedded_.store->checkpoint("publisher", village_.platform());
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->position, embedded_.store->tip(village_.platform()).position);
  support(3);
  const auto follower = follow();
  ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  EXPECT_EQ(topic_.stored().size(), before + 3) << "nothing is repeated after an orderly stop";
  EXPECT_EQ(without_repeats().size(), known + 3) << "and counted on";
}

TEST_F(PublishingTest, LosesNothingAndKeepsTheOrderThroughFailuresAndStops) {
  std::size_t expected = 0;
  {
    const auto follower = follow("other");
    ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
    expected = without_repeats().size();
  }
  for (int round = 0; round < 8; ++round) {
    topic_.fail_next(round % 3);
    const auto follower = follow();
    support(40);
    expected += 40;
    if (round % 2 == 0) continue;  // stopped wherever it is
    ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  }
  const auto follower = follow();
  ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  EXPECT_EQ(without_repeats().size(), expected);
}

TEST_F(PublishingTest, WhileTheTopicIsAwayOnlyThePublisherWaits) {
  topic_.go_away();
  const auto follower = follow();
  support(200);
  ASSERT_TRUE(eventually([&] { return topic_.most_outstanding() > 0; }));
  EXPECT_GT(follower->health().lag_events, 100U);
  EXPECT_EQ(follower->health().furthest.front().platform, village_.platform());
  EXPECT_LE(topic_.most_outstanding(), 60U) << "bounded, but for one record";
  EXPECT_EQ(follower->health().stopped_why, "");
  topic_.come_back();
  ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  EXPECT_EQ(types_of(without_repeats()).back(), "support-given");
}

TEST_F(PublishingTest, ACheckpointThatIsNotOnTheChainStopsItAndSaysSo) {
  embedded_.sequencer->checkpoint({.consumer = "publisher",
                                   .platform = village_.platform(),
                                   .position = 2,
                                   .hash = eventstore::Hash{1, 2, 3}});
  ASSERT_TRUE(eventually(
      [&] { return embedded_.store->checkpoint("publisher", village_.platform()).has_value(); }));
  const auto follower = follow();
  ASSERT_TRUE(eventually([&] { return !follower->health().stopped_why.empty(); }));
  EXPECT_TRUE(follower->health().stopped_why.contains("is not on the platform's chain"));
  support(1);
  EXPECT_GT(follower->health().lag_events, 0U);
  const auto other = follow("second");
  EXPECT_TRUE(eventually([&] { return has_caught_up(*other); })) << "another name begins anew";
}

TEST_F(PublishingTest, CountsTheSameAfterHiddenThingsWhereverItBegan) {
  const auto hide = [&](const std::string& reason) {
    village_.must_accept(
        village_.by_operator(ModerateCommand(HideItem{.item = idea_, .reason = reason})));
  };
  const auto comment = village_.comment(noor_, idea_, "Ook struiken");
  village_.must_accept(comment);
  const auto comment_id = std::get<PlaceComment>(std::get<DiscussCommand>(comment.command)).comment;
  hide("Reclame");
  {
    const auto follower = follow();
    ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  }
  village_.must_accept(village_.by_operator(
      ModerateCommand(HideItem{.item = comment_id, .reason = "Onder iets verborgens"})));
  village_.must_accept(village_.by_operator(ModerateCommand(AcceptItem{.item = idea_})));
  const auto follower = follow();
  ASSERT_TRUE(eventually([&] { return has_caught_up(*follower); }));
  const auto resumed = without_repeats();
  const auto types = types_of(resumed);
  EXPECT_EQ((std::vector<std::string>(types.end() - 3, types.end())),
            (std::vector<std::string>{"comment-placed", "item-hidden", "item-accepted"}));
  const auto fresh = follow("fresh");
  ASSERT_TRUE(eventually([&] { return has_caught_up(*fresh); }));
  EXPECT_EQ(without_repeats(), resumed) << "one that begins anew says the same";
}

}  // namespace
}  // namespace meent::consumers
