#include "eventstore/ownership.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace meent::eventstore {
namespace {

using std::chrono::milliseconds;
using Numbers = std::vector<std::uint32_t>;

/// Three nodes a, b, c at http://a …, and what `self` makes of their beats.
class OwnershipTest : public testing::Test {
 protected:
  explicit OwnershipTest(std::string self = "b") : ownership_(std::move(self)) {}

  Beat beat(const std::string& node, std::uint64_t offset = 100) const {
    return {.node = node,
            .url = "http://" + node,
            .next_offsets = {offset, offset, offset, offset, offset, offset},
            .is_ready = true};
  }
  void hear_all() {
    for (const auto* node : {"a", "b", "c"}) ownership_.hear(beat(node), {}, now_);
  }
  /// Long enough for everyone to be heard.
  void settle() {
    for (int i = 0; i < 12; ++i) {
      hear_all();
      pass(milliseconds(100));
    }
    hear_all();
  }
  void pass(milliseconds time) { now_ += time; }
  /// Six partitions, owned by these ("" for nobody).
  std::vector<PartitionStatus> owned(const std::vector<std::string>& owners) const {
    std::vector<PartitionStatus> out;
    for (const auto& owner : owners) {
      PartitionStatus status;
      status.number = static_cast<std::uint32_t>(out.size());
      status.next_offset = 100;
      if (!owner.empty()) status.owner_url = "http://" + owner;
      if (owner == "b") status.role = PartitionRole::owning;
      out.push_back(status);
    }
    return out;
  }

  Ownership ownership_;
  SteadyTime now_ = SteadyTime() + std::chrono::hours(1);
};

TEST_F(OwnershipTest, ABeatComesBackAsItWasSent) {
  auto sent = beat("a");
  sent.is_leaving = true;
  sent.at = {1'790'000'000'000};
  sent.level = 3;
  EXPECT_EQ(decode_beat(encode_beat(sent)), sent);
  EXPECT_FALSE(decode_beat("something else"));
  EXPECT_FALSE(decode_beat(encode_beat(sent).substr(0, 20)));
  EXPECT_FALSE(decode_beat(""));
}

TEST_F(OwnershipTest, WaitsUntilEveryoneCanHaveBeenHeard) {
  for (int i = 0; i < 10; ++i) {
    hear_all();
    EXPECT_TRUE(ownership_.wanted(owned({"", "", "", "", "", ""}), now_).empty());
    pass(milliseconds(100));
  }
  hear_all();
  EXPECT_FALSE(ownership_.wanted(owned({"", "", "", "", "", ""}), now_).empty());
}

TEST_F(OwnershipTest, SpreadsPartitionsThatNobodyHas) {
  std::vector<int> asked(6);
  for (const auto* self : {"a", "b", "c"}) {
    ownership_ = Ownership(self);
    settle();
    const auto wanted = ownership_.wanted(owned({"", "", "", "", "", ""}), now_);
    EXPECT_EQ(wanted.size(), 2U) << self;
    for (const auto number : wanted) ++asked[number];
  }
  EXPECT_EQ(asked, std::vector<int>(6, 1));
}

TEST_F(OwnershipTest, LeavesAliveOwnersAlone) {
  settle();
  EXPECT_TRUE(ownership_.wanted(owned({"a", "a", "b", "b", "c", "c"}), now_).empty());
}

TEST_F(OwnershipTest, TakesItsShareOfADeadOwners) {
  settle();
  for (int i = 0; i < 12; ++i) {
    pass(milliseconds(100));
    ownership_.hear(beat("b"), {}, now_);
    ownership_.hear(beat("c"), {}, now_);
  }
  EXPECT_EQ(ownership_.wanted(owned({"a", "a", "b", "b", "c", "c"}), now_), Numbers{0});
}

TEST_F(OwnershipTest, AsksAgainOnlyAfterAWhile) {
  settle();
  const auto nobodys = owned({"a", "a", "", "", "c", "c"});
  EXPECT_EQ(ownership_.wanted(nobodys, now_), (Numbers{2, 3}));
  EXPECT_TRUE(ownership_.wanted(nobodys, now_).empty());
  pass(milliseconds(600));
  hear_all();
  EXPECT_EQ(ownership_.wanted(nobodys, now_), (Numbers{2, 3}));
}

TEST_F(OwnershipTest, TakesOverFromWhoLeaves) {
  settle();
  auto leaving = beat("a");
  leaving.is_leaving = true;
  ownership_.hear(leaving, {}, now_);
  EXPECT_EQ(ownership_.wanted(owned({"a", "a", "b", "b", "c", "c"}), now_), Numbers{0});
}

TEST_F(OwnershipTest, ANewcomerGetsAShareFromWhoHasTooMany) {
  settle();
  EXPECT_EQ(ownership_.wanted(owned({"a", "a", "a", "a", "c", "c"}), now_), (Numbers{2, 3}));
}

TEST_F(OwnershipTest, AnEarlierLifeUnderTheSameAddressOwnsNothing) {
  settle();
  auto partitions = owned({"a", "a", "b", "b", "c", "c"});
  for (auto& partition : partitions) partition.role = PartitionRole::following;
  EXPECT_EQ(ownership_.wanted(partitions, now_), (Numbers{2, 3}));
}

TEST_F(OwnershipTest, WhatAnEarlierLifeHadIsOnesOwnToClaimAsTheOthersReckonToo) {
  settle();
  // b began anew and owns nothing; by the others' reckoning its address has three, c one.
  auto partitions = owned({"a", "a", "b", "b", "b", "c"});
  for (auto& partition : partitions) partition.role = PartitionRole::following;
  EXPECT_EQ(ownership_.wanted(partitions, now_), (Numbers{2, 3}));
  Ownership others("c");
  for (int i = 0; i < 15; ++i) {
    pass(milliseconds(100));
    for (const auto* name : {"a", "b", "c"}) {
      others.hear(beat(name), {}, now_);
      ownership_.hear(beat(name), {}, now_);
    }
  }
  partitions[5].role = PartitionRole::owning;
  EXPECT_EQ(others.wanted(partitions, now_), Numbers{4});
}

TEST_F(OwnershipTest, NoPartitionIsLeftToSomebodyElseByEveryone) {
  settle();
  // Two partitions of one address that began anew, while the other has none.
  std::map<std::string, Ownership> all;
  for (const std::string name : {"a", "b"}) all.emplace(name, Ownership(name));
  for (int i = 0; i < 15; ++i) {
    pass(milliseconds(100));
    for (auto& [name, one] : all) {
      for (const auto* heard : {"a", "b"}) one.hear(beat(heard), {}, now_);
    }
  }
  auto partitions = owned({"b", "b", "b"});
  for (auto& partition : partitions) partition.role = PartitionRole::following;
  Numbers asked;
  for (auto& [name, one] : all) {
    for (const auto number : one.wanted(partitions, now_)) asked.push_back(number);
  }
  std::ranges::sort(asked);
  EXPECT_EQ(asked, (Numbers{0, 1, 2}));
}

TEST_F(OwnershipTest, AnOwnerThatStandsStillIsDeadHoweverItBeats) {
  settle();
  auto partitions = owned({"a", "b", "b", "c", "c", "a"});
  for (std::uint64_t i = 0; i < 25; ++i) {
    pass(milliseconds(100));
    ownership_.hear(beat("a", 100), {}, now_);
    ownership_.hear(beat("b", 101 + i), {}, now_);
    ownership_.hear(beat("c", 101 + i), {}, now_);
    partitions[0].next_offset = 102 + i;
  }
  // Partition 5, a's too, has not moved for anyone: it stays.
  partitions[1].owner_url = "http://c";
  partitions[1].role = PartitionRole::following;
  EXPECT_EQ(ownership_.wanted(partitions, now_), Numbers{0});
}

TEST_F(OwnershipTest, WhoDoesNotHearItselfAsksForNothing) {
  settle();
  for (int i = 0; i < 12; ++i) {
    pass(milliseconds(100));
    ownership_.hear(beat("a"), {}, now_);
  }
  EXPECT_TRUE(ownership_.wanted(owned({"", "", "", "", "", ""}), now_).empty());
}

TEST_F(OwnershipTest, AfterASilenceOfTheTopicEveryoneIsHeardAgainFirst) {
  settle();
  pass(milliseconds(5000));
  ownership_.hear(beat("b"), {}, now_);
  EXPECT_TRUE(ownership_.wanted(owned({"a", "a", "b", "b", "c", "c"}), now_).empty());
  settle();
  EXPECT_TRUE(ownership_.wanted(owned({"a", "a", "b", "b", "c", "c"}), now_).empty());
}

TEST_F(OwnershipTest, WhoIsNotReadyIsGivenNothing) {
  settle();
  auto starting = beat("b");
  starting.is_ready = false;
  ownership_.hear(starting, {}, now_);
  EXPECT_TRUE(ownership_.wanted(owned({"", "", "", "", "", ""}), now_).empty());
}

TEST_F(OwnershipTest, AWrongClockOwnsNothing) {
  settle();
  auto early = beat("b");
  early.at = {1'790'000'000'000};
  ownership_.hear(early, {1'790'000'005'001}, now_);
  EXPECT_FALSE(ownership_.is_clock_right(now_));
  EXPECT_TRUE(ownership_.wanted(owned({"", "", "", "", "", ""}), now_).empty());
  ownership_.hear(early, {1'790'000'004'999}, now_);
  EXPECT_TRUE(ownership_.is_clock_right(now_));
  EXPECT_FALSE(ownership_.wanted(owned({"", "", "", "", "", ""}), now_).empty());
}

TEST_F(OwnershipTest, AClockThatJumpsOwnsNothingForAWhile) {
  settle();
  ownership_.see_clock({1'790'000'000'000}, now_);
  pass(milliseconds(100));
  ownership_.see_clock({1'790'000'000'100}, now_);
  EXPECT_TRUE(ownership_.is_clock_right(now_));
  pass(milliseconds(100));
  ownership_.see_clock({1'790'000'070'000}, now_);
  EXPECT_FALSE(ownership_.is_clock_right(now_));
  pass(std::chrono::seconds(61));
  EXPECT_TRUE(ownership_.is_clock_right(now_));
}

TEST_F(OwnershipTest, AStoppedPartitionIsNotAskedFor) {
  settle();
  auto partitions = owned({"a", "a", "", "", "c", "c"});
  partitions[2].role = PartitionRole::stopped;
  EXPECT_EQ(ownership_.wanted(partitions, now_), Numbers{3});
}

}  // namespace
}  // namespace meent::eventstore
