#include "domain/packing.h"

#include <gtest/gtest.h>

#include "domain/action.h"
#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

/// Every shape that can be packed.
struct Everything {
  std::uint8_t small = 0;
  std::int64_t wide = 0;
  bool yes = false;
  Standing standing = Standing::open;
  std::array<std::uint8_t, 3> bytes{};
  PersonId person;
  Timestamp time;
  std::string text;
  std::optional<std::string> perhaps;
  std::optional<Timestamp> never;
  std::vector<std::string> list;
  std::map<std::string, std::uint32_t> map;
  bool operator==(const Everything&) const = default;
  template <class A>
  void fields(A& a) {
    a(small, wide, yes, standing, bytes, person, time, text, perhaps, never, list, map);
  }
};

Everything example() {
  return {.small = 200,
          .wide = -2,
          .yes = true,
          .standing = Standing::hidden,
          .bytes = {1, 2, 3},
          .person = anna,
          .time = {-5},
          .text = "één",
          .perhaps = "",
          .never = {},
          .list = {"", "a", "bc"},
          .map = {{"a", 1}, {"b", 0xFFFFFFFF}}};
}

}  // namespace

TEST(Packing, WhatIsPackedComesBack) {
  EXPECT_EQ(unpack<Everything>(pack(example())), example());
  EXPECT_EQ(unpack<Everything>(pack(Everything{})), Everything{});
}

TEST(Packing, IntegersAreLittleEndianAndListsStartWithTheirLength) {
  EXPECT_EQ(pack(std::uint32_t{0x01020304}), std::string("\x04\x03\x02\x01", 4));
  EXPECT_EQ(pack(std::int64_t{-2}), std::string("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8));
  EXPECT_EQ(pack(std::vector<std::string>{"ab"}), std::string("\1\0\0\0\2\0\0\0ab", 10));
  EXPECT_EQ(pack(std::optional<bool>(true)), std::string("\1\1", 2));
  EXPECT_EQ(pack(std::map<std::string, bool>{{"a", true}}), std::string("\1\0\0\0\1\0\0\0a\1", 10));
}

TEST(Packing, EveryTruncationIsNoticed) {
  const auto bytes = pack(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(unpack<Everything>(bytes.substr(0, size))) << size;
  }
}

TEST(Packing, TrailingBytesAreNoticed) {
  EXPECT_FALSE(unpack<Everything>(pack(example()) + '\0'));
}

TEST(Packing, AHugeLengthEndsQuicklyAndIsNoticed) {
  EXPECT_FALSE(unpack<std::vector<std::string>>("\xFF\xFF\xFF\xFF"));
  EXPECT_FALSE(unpack<std::string>("\xFF\xFF\xFF\xFFshort"));
  const std::string map("\xFF\xFF\xFF\xFF\1\0\0\0a\1", 10);
  EXPECT_FALSE((unpack<std::map<std::string, bool>>(map)));
}

TEST(Packing, AKeyIsTheTablesLetterAndThePackedFields) {
  const auto key = state_key<SupportRecord>({bench, anna});
  EXPECT_EQ(key, "v" + std::string(16, '\x21') + std::string(16, '\x0A'));
  EXPECT_EQ(state_key<PlatformRecord>({}), std::string("P\0\0\0\0", 5));
  EXPECT_EQ(state_key<KindRecord>("idea"), std::string("k\4\0\0\0idea", 9));
}

TEST(Packing, ScopesAndActorsComeBack) {
  const auto scope = Scope::of_space(green, Level::moderation);
  EXPECT_EQ(unpack<Scope>(pack(scope)), scope);
  const auto actor = Actor::person(anna);
  EXPECT_EQ(unpack<Actor>(pack(actor)), actor);
  EXPECT_EQ(pack(actor).size(), 17u);
}

TEST(Packing, EveryRecordOfTheVillageComesBack) {
  const auto state = state_after(village(hidden(bench)));
  const auto contribution = find<ContributionRecord>(state, bench);
  ASSERT_TRUE(contribution);
  EXPECT_EQ(pack(*contribution), state.get(state_key<ContributionRecord>(bench)));
  for (const auto person : {anna, bram, mo, olga}) {
    EXPECT_EQ(pack(find<PersonRecord>(state, person).value()),
              state.get(state_key<PersonRecord>(person)));
  }
  EXPECT_EQ(pack(find<SpaceRecord>(state, green).value()),
            state.get(state_key<SpaceRecord>(green)));
}

TEST(PackingDeathTest, ABrokenRecordIsABrokenInvariant) {
  MemoryState state;
  state.put(state_key<SupportRecord>({bench, anna}), "");
  EXPECT_DEATH(find<SupportRecord>(state, {bench, anna}), "");
  EXPECT_DEATH(must_find<SupportRecord>(state, {bench, bram}), "");
}
