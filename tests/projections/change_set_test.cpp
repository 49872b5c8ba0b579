#include "projections/change_set.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace meent::projections {
namespace {

using Expected = std::map<std::string, std::optional<std::string>>;

void expect_equal(const ChangeSet& changes, const Expected& expected) {
  const auto sorted = changes.sorted();
  ASSERT_EQ(sorted.size(), expected.size());
  auto at = expected.begin();
  for (const auto* change : sorted) {
    ASSERT_EQ(change->key, at->first);
    ASSERT_EQ(change->value, at->second);
    ASSERT_EQ(changes.find(at->first)->value, at->second);
    ++at;
  }
}

TEST(ChangeSet, HoldsTheLastValueOfEachKey) {
  ChangeSet changes;
  EXPECT_EQ(changes.find("a"), nullptr);
  changes.set("a", "first");
  changes.set("b", "stays");
  changes.set("a", "a much longer second value");
  changes.set("a", "3rd");
  changes.set("gone", "soon");
  changes.set("gone", std::nullopt);
  changes.set("nothing in it", std::string_view());
  expect_equal(changes, {{"a", "3rd"}, {"b", "stays"}, {"gone", {}}, {"nothing in it", ""}});
  EXPECT_EQ(changes.find("c"), nullptr);
}

TEST(ChangeSet, AnErasedKeyCanComeBack) {
  ChangeSet changes;
  changes.set("a", "1");
  changes.set("a", std::nullopt);
  changes.set("a", "2");
  expect_equal(changes, {{"a", "2"}});
}

TEST(ChangeSet, SortsByBytesWhateverKeysShare) {
  // Prefixes of each other, zeros at the end, high bytes, and equal over more than eight bytes.
  ChangeSet changes;
  Expected expected;
  std::mt19937 random(5);
  const std::string shared = "a table and a platform that all of them share";
  for (int i = 0; i < 20000; ++i) {
    std::string key = random() % 3 == 0 ? "" : shared.substr(0, random() % (shared.size() + 1));
    const auto tail = random() % 12;
    const char letters[] = {'\0', '\1', 'a', '\x7f', '\xff'};
    for (std::size_t n = 0; n < tail; ++n) key += letters[random() % std::size(letters)];
    const auto value = std::to_string(random());
    if (random() % 4 == 0) {
      changes.set(key, std::nullopt);
      expected[key].reset();
    } else {
      changes.set(key, value);
      expected[key] = value;
    }
  }
  expect_equal(changes, expected);
}

TEST(ChangeSet, IsEmptyAfterClear) {
  for (const int count : {3, 100'000}) {
    ChangeSet changes;
    for (int i = 0; i < count; ++i) changes.set("key " + std::to_string(i), "value");
    EXPECT_GT(changes.bytes(), static_cast<std::size_t>(count) * 9);
    changes.clear();
    EXPECT_EQ(changes.bytes(), 0U);
    EXPECT_EQ(changes.find("key 1"), nullptr);
    EXPECT_TRUE(changes.sorted().empty());
    changes.set("key 1", "again");
    expect_equal(changes, {{"key 1", "again"}});
  }
}

}  // namespace
}  // namespace meent::projections
