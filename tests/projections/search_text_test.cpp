#include "projections/search_text.h"

#include <gtest/gtest.h>

#include "projections/search_excerpt.h"
#include "projections/search_parse.h"
#include "tests/projections/search_world.h"

namespace meent::projections {
namespace {

std::vector<std::string> folded(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& word : words_of(text)) out.push_back(word.folded);
  return out;
}
using Words = std::vector<std::string>;

TEST(SearchText, CaseAndDiacriticsDoNotCount) {
  EXPECT_EQ(folded("Café ÉÉN ideeën"), (Words{"cafe", "een", "ideeen"}));
  EXPECT_EQ(folded("Łódź, Århus & Straße"), (Words{"lodz", "arhus", "strasse"}));
  EXPECT_EQ(folded("cafe\xCC\x81"), (Words{"cafe"})) << "the mark as a code point of its own";
}

TEST(SearchText, ApostrophesJoinAndHyphensSeparate) {
  EXPECT_EQ(folded("foto's in Den Haag's GLB-premies"),
            (Words{"fotos", "in", "den", "haags", "glb", "premies"}));
  EXPECT_EQ(folded("'s avonds"), (Words{"s", "avonds"}));
}

TEST(SearchText, ScriptsWithoutSpacesComeSignBySign) {
  const auto words = words_of("支持青年 housing");
  ASSERT_EQ(words.size(), 5U);
  EXPECT_TRUE(words[0].is_sign);
  EXPECT_FALSE(words[0].joins);
  EXPECT_TRUE(words[1].joins);
  EXPECT_FALSE(words[4].is_sign);
  EXPECT_EQ(words[4].folded, "housing");
}

TEST(SearchText, VowelSignsOfIndicScriptsAreKept) {
  EXPECT_EQ(folded("हिन्दी"), (Words{"हिन्दी"}));
}

TEST(SearchText, MalformedUtf8SeparatesWords) {
  EXPECT_EQ(folded("a\xFFg\xE2\x82"), (Words{"a", "g"}));
  EXPECT_EQ(folded(std::string_view("\0x", 2)), (Words{"x"}));
}

TEST(SearchText, PlacesAreBytesOfTheText) {
  const std::string text = "één café";
  const auto words = words_of(text);
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(text.substr(words[1].begin, words[1].end - words[1].begin), "café");
}

TEST(SearchText, LongWordsAreCutBetweenCharacters) {
  std::string word;
  for (int i = 0; i < 50; ++i) word += "ж";
  const auto words = words_of("x" + word);
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].folded.size(), 63U);
}

TEST(SearchText, StemsAreThoseOfTheLanguage) {
  EXPECT_EQ(stem_of("woningen", Tongue::dutch), stem_of("woning", Tongue::dutch));
  for (const auto& [one, other] :
       std::vector<std::pair<std::string, std::string>>{{"ideeen", "idee"},
                                                        {"fietsen", "fiets"},
                                                        {"huizen", "huis"},
                                                        {"zwemmen", "zwem"},
                                                        {"fotos", "foto"},
                                                        {"brieven", "brief"},
                                                        {"scholen", "school"},
                                                        {"betaalbare", "betaalbaar"}}) {
    EXPECT_EQ(stem_of(one, Tongue::dutch), stem_of(other, Tongue::dutch)) << one;
  }
  for (const auto& [one, other] : std::vector<std::pair<std::string, std::string>>{
           {"huis", "huur"}, {"bos", "bot"}, {"bus", "bui"}, {"les", "lef"}, {"kans", "kant"}}) {
    EXPECT_NE(stem_of(one, Tongue::dutch), stem_of(other, Tongue::dutch)) << one;
  }
  EXPECT_EQ(stem_of("housing", Tongue::english), stem_of("houses", Tongue::english));
  EXPECT_EQ(tongue_of("nl-BE"), Tongue::dutch);
  EXPECT_EQ(tongue_of("zh-Hant"), std::nullopt);
}

TEST(SearchText, MarkupIsNoText) {
  EXPECT_EQ(plain_of("# Kop\n\n- een *sterk* punt\n- `code`\n\n> citaat\n\n---\n1. eerste"),
            "Kop een sterk punt code citaat eerste");
  EXPECT_EQ(plain_of("zie [de kaart](https://voorbeeld.nl/a_(b)) en ![foto](x.png)!"),
            "zie de kaart en foto!");
  EXPECT_EQ(plain_of("snake_case _nadruk_ \\*ster\\* ~~weg~~ 2*3"),
            "snake_case nadruk *ster* weg 23");
  EXPECT_EQ(plain_of("[los] haakje ]( open"), "[los] haakje ]( open");
}

TEST(SearchText, NestedBracketsTakeNoTime) {
  std::string text;
  for (int i = 0; i < 30000; ++i) text += "[](";
  EXPECT_FALSE(plain_of(text).empty());
}

struct Read {
  SearchPiece::Sort sort;
  bool is_excluded;
  Words words;
  bool operator==(const Read&) const = default;
};
std::vector<Read> read(std::string_view text) {
  std::vector<Read> out;
  for (const auto& piece : parse_search_text(text)) {
    Read one{piece.sort, piece.is_excluded, {}};
    for (const auto& word : piece.words) one.words.push_back(word.folded);
    out.push_back(std::move(one));
  }
  return out;
}
using enum SearchPiece::Sort;

TEST(SearchParse, QuotesMakePhrasesAndMinusesExclude) {
  EXPECT_EQ(read("fiets -auto \"sociale huur\" -\"vrij baan\" -a-b"),
            (std::vector<Read>{{word, false, {"fiets"}},
                               {word, true, {"auto"}},
                               {phrase, false, {"sociale", "huur"}},
                               {phrase, true, {"vrij", "baan"}},
                               {phrase, true, {"a", "b"}}}));
}

TEST(SearchParse, NothingIsAnError) {
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("\"").empty());
  EXPECT_TRUE(read("- -- * \"\" -\"\" ()!").empty());
  EXPECT_EQ(read("\"open eind"), (std::vector<Read>{{phrase, false, {"open", "eind"}}}));
  EXPECT_EQ(read("\xFF\xFE ja"), (std::vector<Read>{{word, false, {"ja"}}}));
  EXPECT_EQ(read("„wijk” kind*"),
            (std::vector<Read>{{phrase, false, {"wijk"}}, {word, false, {"kind"}}}));
}

TEST(SearchParse, ARunOfSignsIsOnePiece) {
  EXPECT_EQ(read("青年住房 ok"),
            (std::vector<Read>{{signs, false, {"青", "年", "住", "房"}}, {word, false, {"ok"}}}));
}

TEST(SearchParse, OnlyTheFirstFewWordsStandForLongerOnes) {
  const auto pieces =
      parse_search_text("de aa* fiets \"boot\" auto trein lopen tram metro bus* pont");
  std::string begin;
  for (const auto& piece : pieces) {
    if (piece.begins_words) begin += piece.words.front().folded + " ";
  }
  EXPECT_EQ(begin, "aa fiets auto trein lopen tram ");
}

TEST(SearchParse, WhatIsTooLongIsCut) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "woord ";
  EXPECT_EQ(read(text).size(), most_search_pieces);
  EXPECT_EQ(parse_search_text(std::string(5000, 'a')).front().words.front().folded.size(),
            longest_word);
  EXPECT_LE(parse_search_text("\"" + text).front().words.size(), most_phrase_words);
}

std::string excerpt(std::string_view query, std::string_view text, std::string_view language,
                    std::size_t characters = 60) {
  return marked(Highlighter(parse_search_text(query), language).excerpt(text, characters));
}

TEST(SearchExcerpt, MarksTheWordsItWasFoundBy) {
  EXPECT_EQ(excerpt("woning fiets", "Nieuwe woningen, fietspad en Fiets.", "nl"),
            "Nieuwe [woningen], [fietspad] en [Fiets].");
  EXPECT_EQ(excerpt("\"vrij baan\"", "Vrij baan voor vrijheid", "nl"),
            "[Vrij] [baan] voor vrijheid");
  EXPECT_EQ(excerpt("住房", "支持青年住房计划", "zh"), "支持青年[住房]计划");
  EXPECT_EQ(excerpt("cafe", "Een café hier", "nl"), "Een [café] hier");
  EXPECT_EQ(excerpt("-fiets huis", "fiets huis", "nl"), "fiets [huis]");
}

TEST(SearchExcerpt, SmallWordsAreMarkedOnlyWhenThereIsNothingElse) {
  EXPECT_EQ(excerpt("wonen voor de jeugd", "De stad wil wonen voor jeugd", "nl"),
            "De stad wil [wonen] voor [jeugd]");
  EXPECT_EQ(excerpt("de", "De stad", "nl"), "[De] stad");
}

TEST(SearchExcerpt, ShowsThePlaceThatHasMostOfTheQuery) {
  std::string text = "wonen ";
  for (int i = 0; i < 40; ++i) text += "vulling ";
  text += "hier wonen jongeren goedkoop ";
  for (int i = 0; i < 40; ++i) text += "vulling ";
  const auto shown = excerpt("wonen jongeren", text, "nl", 60);
  EXPECT_NE(shown.find("[wonen] [jongeren]"), std::string::npos) << shown;
  EXPECT_TRUE(shown.starts_with("… ")) << shown;
  EXPECT_TRUE(shown.ends_with(" …")) << shown;
  EXPECT_LE(character_count(shown), 60U + 12U);
}

TEST(SearchExcerpt, WithoutAMatchItIsTheBeginning) {
  EXPECT_EQ(excerpt("ergens", "Korte tekst.", "nl"), "Korte tekst.");
  EXPECT_EQ(excerpt("ergens", "", "nl"), "");
  EXPECT_EQ(excerpt("", "een twee drie vier", "nl", 9), "een twee …");
}

}  // namespace
}  // namespace meent::projections
