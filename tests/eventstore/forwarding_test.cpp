#include "eventstore/forwarding.h"

#include <gtest/gtest.h>

namespace meent::eventstore {
namespace {

using Millis = Forwarding::Millis;
using Seen = Forwarding::Seen;

const Forwarding::Time start{};
const Seen mine{.owns = true, .owner_url = "http://a", .own_url = "http://a"};
const Seen theirs{.owns = false, .owner_url = "http://b", .own_url = "http://a"};
const Seen nobodys{.owns = false, .owner_url = "", .own_url = "http://a"};
const Seen claimed{.owns = false, .owner_url = "http://a", .own_url = "http://a"};

Millis delay_of(const Forwarding::Step& step) {
  const auto* wait = std::get_if<Forwarding::Wait>(&step);
  return wait == nullptr ? Millis(-1) : wait->delay;
}

TEST(Forwarding, GoesToTheOwnerHereOrElsewhereAndWaitsForOne) {
  Forwarding way(start, Millis(10'000));
  EXPECT_TRUE(std::holds_alternative<Forwarding::Here>(way.go(start, mine)));
  const auto step = way.go(start, theirs);
  ASSERT_TRUE(std::holds_alternative<Forwarding::Send>(step));
  EXPECT_EQ(std::get<Forwarding::Send>(step).url, "http://b");
  EXPECT_EQ(delay_of(way.go(start, nobodys)), Millis(20));
  EXPECT_EQ(delay_of(way.go(start, claimed)), Millis(40));  // not to itself
}

TEST(Forwarding, WaitsLongerEachTimeAndGivesUpAtTheEnd) {
  Forwarding way(start, Millis(1000));
  for (const auto expected : {20, 40, 80, 160, 200, 200}) {
    EXPECT_EQ(delay_of(way.again(start + Millis(999))), Millis(expected));
  }
  EXPECT_TRUE(std::holds_alternative<Forwarding::GiveUp>(way.again(start + Millis(1000))));
}

TEST(Forwarding, OneAnswerCountsAndNoneToAnEarlierTry) {
  Forwarding way(start, Millis(1000));
  const auto first = std::get<Forwarding::Send>(way.go(start, theirs));
  EXPECT_TRUE(way.is_awaited(first.hop));
  way.again(start);
  EXPECT_FALSE(way.is_awaited(first.hop));
  EXPECT_FALSE(way.take(first.hop));
  const auto second = std::get<Forwarding::Send>(way.go(start, theirs));
  EXPECT_TRUE(way.take(second.hop));
  EXPECT_FALSE(way.take(second.hop));
}

TEST(Forwarding, ASilentOwnerIsWaitedForWhileItIsTheOwner) {
  const Forwarding::Send sent{.url = "http://b", .hop = 1};
  EXPECT_TRUE(Forwarding::is_worth_waiting(sent, theirs));
  EXPECT_FALSE(Forwarding::is_worth_waiting(sent, claimed));
  EXPECT_FALSE(Forwarding::is_worth_waiting(
      sent, {.owns = false, .owner_url = "http://c", .own_url = "http://a"}));
}

}  // namespace
}  // namespace meent::eventstore
