#include "domain/text.h"

#include <gtest/gtest.h>

#include <string>

using namespace meent::domain;
using namespace std::string_literals;

TEST(Text, WellFormedUtf8IsText) {
  for (const auto* text : {"", "a", "één boom", "開放政府", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xC2\x80", "🌳", "\n\t"}) {
    EXPECT_TRUE(is_text(text)) << text;
  }
}

TEST(Text, MalformedUtf8IsNoText) {
  const struct {
    std::string bytes;
    const char* what;
  } rows[] = {
      {"a\0b"s, "NUL"},
      {"\x80", "continuation without a lead"},
      {"\xC3", "lead without a continuation"},
      {"\xC3(", "lead before a letter"},
      {"\xC0\x80", "overlong NUL"},
      {"\xC1\xBF", "overlong in two bytes"},
      {"\xE0\x9F\xBF", "overlong in three bytes"},
      {"\xF0\x8F\xBF\xBF", "overlong in four bytes"},
      {"\xED\xA0\x80", "first surrogate"},
      {"\xED\xBF\xBF", "last surrogate"},
      {"\xF4\x90\x80\x80", "beyond the last code point"},
      {"\xF8\x88\x80\x80\x80", "five bytes"},
      {"\xFF", "a byte that never occurs"},
      {"\xE2\x82", "cut in three"},
      {"\xF0\x9F\x8C", "cut in four"},
      {"goed \xE2\x28\xA1", "wrong second byte"},
  };
  for (const auto& row : rows) EXPECT_FALSE(is_text(row.bytes)) << row.what;
}

TEST(Text, LengthCountsCodePoints) {
  EXPECT_EQ(length(""), 0u);
  EXPECT_EQ(length("één"), 3u);
  EXPECT_EQ(length("開放🌳"), 3u);
}

TEST(Text, BlankIsNothingButWhiteSpaceAndInvisibleCharacters) {
  for (const auto* text : {"", " \t\r\n", "\u00A0\u3000", "\u200B\uFEFF", "\u2003"}) {
    EXPECT_TRUE(is_blank(text));
  }
  for (const auto* text : {"a", " . ", "\u200Ba", "\xFF", "開"}) EXPECT_FALSE(is_blank(text));
}

TEST(Text, ALabelIsShortAndSaysSomething) {
  EXPECT_TRUE(is_label("één", 3));
  EXPECT_FALSE(is_label("vier", 3));
  EXPECT_FALSE(is_label(" ", 3));
  EXPECT_FALSE(is_label("", 3));
  EXPECT_FALSE(is_label("\xFF", 3));
}

TEST(Text, Slugs) {
  for (const auto& slug : {"a"s, "groen-in-de-wijk"s, "2026"s, std::string(64, 'a')}) {
    EXPECT_TRUE(is_slug(slug)) << slug;
  }
  for (const auto& slug :
       {""s, "-a"s, "a-"s, "a--b"s, "A"s, "a b"s, "a_b"s, "é"s, "a/b"s, std::string(65, 'a')}) {
    EXPECT_FALSE(is_slug(slug)) << slug;
  }
}

TEST(Text, LanguageTags) {
  for (const auto* tag : {"nl", "en-GB", "zh-Hant", "zh-Hant-TW", "es-419", "fry", "NL",
                          "de-CH-1996", "sl-rozaj-biske", "sr-Latn-RS"}) {
    EXPECT_TRUE(is_language_tag(tag)) << tag;
  }
  for (const auto* tag :
       {"", "n", "dutch", "nl-", "-nl", "nl--BE", "nl_BE", "n1", "nl-B", "nl-12", "zh-TW-Hant",
        "nl-BE-BE", "nl BE", "één", "sl-rozaj-biske-rozaj-biske-rozaj-bis"}) {
    EXPECT_FALSE(is_language_tag(tag)) << tag;
  }
}
