#include "consumers/outbox.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/consumers/sim_topic.h"

namespace meent::consumers {
namespace {

using std::chrono::milliseconds;

eventstore::CheckpointMark mark_at(std::uint64_t position, std::uint8_t platform = 1) {
  return {.consumer = {},
          .platform = domain::PlatformId(domain::IdBytes{platform}),
          .position = position,
          .hash = {}};
}

class OutboxTest : public testing::Test {
 protected:
  void add(int count) {
    for (int i = 0; i < count; ++i) outbox_.add("key", std::to_string(next_++));
  }
  void finish() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!outbox_.is_empty() && std::chrono::steady_clock::now() < end) {
      outbox_.work(milliseconds(5));
      while (outbox_.take_settled()) {
      }
    }
    EXPECT_TRUE(outbox_.is_empty());
  }
  /// Values in the order in which they were stored first.
  std::vector<std::string> without_repeats() {
    std::vector<std::string> out;
    std::set<std::string> seen;
    for (const auto& one : topic_.stored()) {
      if (seen.insert(one.value).second) out.push_back(one.value);
    }
    return out;
  }
  std::vector<std::string> all_so_far() const {
    std::vector<std::string> out;
    for (int i = 0; i < next_; ++i) out.push_back(std::to_string(i));
    return out;
  }

  SimTopic topic_;
  Outbox outbox_{[this] { return topic_.connect(); },
                 {.most_messages = 100,
                  .most_bytes = 10'000,
                  .shortest_pause = milliseconds(1),
                  .longest_pause = milliseconds(4)}};
  int next_ = 0;
};

TEST_F(OutboxTest, SaysWhatIsInTheWayWhileNothingIsStoredAndNoLonger) {
  topic_.go_away();
  add(1);
  outbox_.work(milliseconds(5));
  EXPECT_EQ(outbox_.last_error(), "nobody answers");
  topic_.come_back();
  finish();
  EXPECT_EQ(outbox_.last_error(), "");
}

TEST_F(OutboxTest, StoresEverythingOnceAndInOrder) {
  add(100);
  finish();
  const auto stored = topic_.stored();
  ASSERT_EQ(stored.size(), 100U);
  EXPECT_EQ(without_repeats(), all_so_far());
  EXPECT_EQ(outbox_.stored_count(), 100U);
  EXPECT_EQ(topic_.connection_count(), 1);
}

TEST_F(OutboxTest, KeepsTheOrderOnceRepeatsAreDroppedThroughEveryFailure) {
  for (int round = 0; round < 20; ++round) {
    topic_.fail_next(round % 4);
    add(20);
    finish();
  }
  EXPECT_EQ(without_repeats(), all_so_far());
  EXPECT_GT(topic_.stored().size(), 400U) << "some were stored twice, or this tests nothing";
  EXPECT_GT(topic_.connection_count(), 15);
}

TEST_F(OutboxTest, SettlesAMarkOnlyWhenAllBeforeItIsStored) {
  outbox_.mark(mark_at(1));
  EXPECT_EQ(outbox_.take_settled()->position, 1U) << "nothing was to be stored";
  topic_.go_away();
  add(3);
  outbox_.mark(mark_at(2));
  outbox_.mark(mark_at(3));
  outbox_.mark(mark_at(9, 2));
  add(1);
  outbox_.mark(mark_at(4));
  outbox_.work(milliseconds(20));
  EXPECT_FALSE(outbox_.take_settled());
  topic_.come_back();
  std::vector<std::uint64_t> settled;
  while (!outbox_.is_empty()) {
    outbox_.work(milliseconds(5));
    while (const auto mark = outbox_.take_settled()) settled.push_back(mark->position);
  }
  EXPECT_EQ(settled, (std::vector<std::uint64_t>{3, 9, 4})) << "the later mark stands for both";
}

TEST_F(OutboxTest, IsBoundedWhileTheTopicIsAway) {
  topic_.go_away();
  while (outbox_.has_room()) {
    add(1);
    outbox_.work(milliseconds(0));
  }
  EXPECT_EQ(next_, 100);
  EXPECT_LE(topic_.most_outstanding(), 100U);
  topic_.come_back();
  finish();
  EXPECT_TRUE(outbox_.has_room());
  outbox_.add("key", std::string(10'000, 'x'));
  EXPECT_FALSE(outbox_.has_room()) << "by bytes too";
}

TEST_F(OutboxTest, IsBoundedByWhatIsToBeSettledToo) {
  topic_.go_away();
  add(1);
  int count = 0;
  for (; outbox_.has_room(); ++count) {
    outbox_.mark(mark_at(7, static_cast<std::uint8_t>(count)));
  }
  EXPECT_EQ(count, 100);
}

TEST_F(OutboxTest, SaysWhyItWaitsAndStopsSayingSo) {
  topic_.refuse(true);
  add(1);
  outbox_.work(milliseconds(0));
  EXPECT_EQ(outbox_.last_error(), "the topic is not there");
  topic_.refuse(false);
  finish();
  EXPECT_EQ(outbox_.last_error(), "");
  EXPECT_EQ(topic_.stored().size(), 1U);
}

}  // namespace
}  // namespace meent::consumers
