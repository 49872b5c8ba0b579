#include "eventstore/membership.h"

#include <gtest/gtest.h>

#include "eventstore/sim_log.h"
#include "eventstore/sim_topic.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using std::chrono::milliseconds;

/// Nodes over one simulated log and beat topic, stepped by hand in virtual time.
class MembershipTest : public testing::Test {
 protected:
  struct Node {
    Node(MembershipTest& test, const std::string& name)
        : log(test.broker_),
          store(Store::open({.folder = test.scratch_.path() / name}, real_files())) {
      keys = Keys::open(test.scratch_.path() / name / "keys", real_files());
      SequencerOptions options;
      options.steady = [&test] { return test.now_; };
      options.clock = [&test] { return test.wall(); };
      options.claims_at_start = false;
      sequencer = Sequencer::stepped(log, *store, *keys, options);
      membership = std::make_unique<Membership>(
          test.beats_.open(), *sequencer, MembershipOptions{.node = name, .url = "http://" + name});
    }
    std::size_t owned() const {
      std::size_t count = 0;
      for (const auto& one : sequencer->partitions()) {
        count += one.role == PartitionRole::owning ? 1U : 0U;
      }
      return count;
    }
    SimLog log;
    std::unique_ptr<Store> store;
    std::unique_ptr<Keys> keys;
    std::unique_ptr<SteppedSequencer> sequencer;
    std::unique_ptr<Membership> membership;
  };

  MembershipTest() {
    for (std::uint32_t number = 0; number < 6; ++number) {
      broker_.put(encode_envelope({.epoch = 0,
                                   .writer = {},
                                   .body = Genesis{.log_id = domain::LogId(domain::IdBytes{1}),
                                                   .partition = number,
                                                   .partitions = 6}}),
                  number);
    }
  }
  domain::Timestamp wall() const {
    return {std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count()};
  }
  /// All of these live on for a while.
  void run(milliseconds time, const std::vector<Node*>& nodes) {
    for (const auto end = now_ + time; now_ < end; now_ += milliseconds(50)) {
      for (auto* node : nodes) {
        node->sequencer->step();
        node->membership->step(now_, wall(), milliseconds(0));
      }
    }
  }

  ScratchFolder scratch_;
  SimBroker broker_{6};
  SimTopicBroker beats_;
  SteadyTime now_ = SteadyTime() + std::chrono::hours(1);
};

TEST_F(MembershipTest, ThreeNodesShareSixPartitions) {
  Node a(*this, "a"), b(*this, "b"), c(*this, "c");
  run(milliseconds(3000), {&a, &b, &c});
  EXPECT_EQ(a.owned(), 2U);
  EXPECT_EQ(b.owned(), 2U);
  EXPECT_EQ(c.owned(), 2U);
  for (std::uint32_t number = 0; number < 6; ++number) {
    EXPECT_EQ(a.store->partition(number), c.store->partition(number));
    EXPECT_FALSE(a.store->partition(number).url.empty());
  }
}

TEST_F(MembershipTest, WhatADeadNodeHadIsClaimedWithinTwoSeconds) {
  Node a(*this, "a"), b(*this, "b"), c(*this, "c");
  run(milliseconds(3000), {&a, &b, &c});
  run(milliseconds(2000), {&a, &c});
  EXPECT_EQ(a.owned() + c.owned(), 6U);
  EXPECT_EQ(a.owned(), 3U);
  // It wakes, reads that it was replaced, and gets its share again.
  run(milliseconds(3000), {&a, &b, &c});
  EXPECT_EQ(a.owned() + b.owned() + c.owned(), 6U);
  EXPECT_EQ(b.owned(), 2U);
}

TEST_F(MembershipTest, CountsForHowLongAPartitionHadNoOwner) {
  Node a(*this, "a"), b(*this, "b");
  run(milliseconds(3000), {&a, &b});
  const auto before = a.membership->without_owner();
  ASSERT_EQ(before.size(), 6U);
  for (const auto time : before) EXPECT_GE(time, milliseconds(1000));  // nobody was heard at first
  run(milliseconds(2000), {&a, &b});
  EXPECT_EQ(a.membership->without_owner(), before);
  std::vector<bool> is_others;
  for (const auto& one : a.sequencer->partitions()) {
    is_others.push_back(one.role != PartitionRole::owning);
  }
  run(milliseconds(3000), {&a});
  EXPECT_EQ(a.owned(), 6U);
  const auto after = a.membership->without_owner();
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (is_others[i]) {  // from the last beat of the one that died to the claim
      EXPECT_GE(after[i], before[i] + milliseconds(1000));
      EXPECT_LE(after[i], before[i] + milliseconds(1500));
    } else {
      EXPECT_EQ(after[i], before[i]);
    }
  }
}

TEST_F(MembershipTest, WhoLeavesIsRelievedAndThenGone) {
  Node a(*this, "a"), b(*this, "b");
  run(milliseconds(3000), {&a, &b});
  EXPECT_FALSE(b.membership->has_left(now_));
  b.membership->leave();
  run(milliseconds(1000), {&a, &b});
  EXPECT_TRUE(b.membership->has_left(now_));
  EXPECT_EQ(a.owned(), 6U);
}

TEST_F(MembershipTest, TheLastOneLeavesAtOnce) {
  Node a(*this, "a");
  run(milliseconds(3000), {&a});
  EXPECT_EQ(a.owned(), 6U);
  a.membership->leave();
  EXPECT_TRUE(a.membership->has_left(now_));
}

TEST_F(MembershipTest, NobodyClaimsWhileTheBeatsAreAway) {
  Node a(*this, "a"), b(*this, "b");
  run(milliseconds(3000), {&a, &b});
  const auto epoch = a.store->partition(0).epoch;
  beats_.set_away(true);
  run(milliseconds(5000), {&a, &b});
  EXPECT_EQ(a.store->partition(0).epoch, epoch);
  EXPECT_EQ(a.owned() + b.owned(), 6U);
  beats_.set_away(false);
  run(milliseconds(3000), {&a, &b});
  EXPECT_EQ(a.owned() + b.owned(), 6U);
  EXPECT_EQ(a.store->partition(0).epoch, epoch);
}

}  // namespace
}  // namespace meent::eventstore
