#include "api/pages/format.h"

#include <gtest/gtest.h>

#include "api/pages/web_files.h"

namespace meent::api::pages {
namespace {

using domain::Timestamp;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;
constexpr Timestamp noon{1'795'518'000'000};  // Tuesday 24 November 2026, 12:00 in Utrecht

const Texts& dutch() {
  static const Texts texts("nl", web_file("text/nl.json"));
  return texts;
}

TEST(Format, AMomentForMachinesIsInUtc) {
  EXPECT_EQ(iso_time(noon), "2026-11-24T11:00:00Z");
  EXPECT_EQ(iso_time(Timestamp{-1}), "1969-12-31T23:59:59Z");
}

TEST(Format, ADateIsThatOfTheNetherlands) {
  EXPECT_EQ(date_words(dutch(), noon), "24 november 2026");
  EXPECT_EQ(date_words(dutch(), Timestamp{noon.ms + 11 * hour}), "24 november 2026");
  EXPECT_EQ(date_words(dutch(), Timestamp{noon.ms + 12 * hour}), "25 november 2026");
}

TEST(Format, TheNearPastIsToldAsPeopleSayIt) {
  const auto ago = [](std::int64_t ms) {
    return time_words(dutch(), Timestamp{noon.ms - ms}, noon);
  };
  EXPECT_EQ(ago(0), "zojuist");
  EXPECT_EQ(ago(minute), "1 minuut geleden");
  EXPECT_EQ(ago(59 * minute), "59 minuten geleden");
  EXPECT_EQ(ago(5 * hour), "5 uur geleden");
  EXPECT_EQ(ago(13 * hour), "gisteren");
  EXPECT_EQ(ago(day), "gisteren");
  EXPECT_EQ(ago(6 * day), "6 dagen geleden");
  EXPECT_EQ(ago(7 * day), "17 november 2026");
  EXPECT_EQ(ago(-2 * day), "26 november 2026");
}

TEST(Format, InitialsAreTheFirstLettersOfFirstAndLastName) {
  EXPECT_EQ(initials("Harm Wolterink"), "HW");
  EXPECT_EQ(initials("Jan ter Haar"), "JH");
  EXPECT_EQ(initials("Élise"), "É");
  EXPECT_EQ(initials(""), "");
  EXPECT_EQ(initials("  "), "");
}

TEST(Format, ADayStartsAtMidnightInTheNetherlands) {
  EXPECT_EQ(day_start("2026-11-24"), Timestamp{noon.ms - 12 * hour});
  EXPECT_EQ(iso_time(*day_start("2026-07-01")), "2026-06-30T22:00:00Z");
  for (const auto* wrong :
       {"", "2026-13-01", "2026-02-30", "24-11-2026", "2026-1-1", "2026-11-2x"}) {
    EXPECT_FALSE(day_start(wrong)) << wrong;
  }
}

TEST(Format, NumbersAreGroupedAndCountedInWords) {
  EXPECT_EQ(dutch().number(999), "999");
  EXPECT_EQ(dutch().number(1'204'001), "1.204.001");
  EXPECT_EQ(dutch().count("comments", 1), "1 reactie");
  EXPECT_EQ(dutch().count("comments", 0), "0 reacties");
  EXPECT_EQ(dutch().count("comments", 1204), "1.204 reacties");
}

}  // namespace
}  // namespace meent::api::pages
