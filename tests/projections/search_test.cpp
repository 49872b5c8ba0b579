#include "projections/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/projections/search_world.h"

namespace meent::projections {
namespace {

using domain::CommentId;
using domain::ContributionId;
using domain::Standing;
using domain::Viewer;

Viewer guest() {
  return {};
}
Viewer moderator() {
  return {.person = {}, .role = domain::Role::moderator, .is_signed_in = true};
}
Viewer as(domain::PersonId person) {
  return {.person = person, .is_signed_in = true};
}

class Search : public testing::Test {
 protected:
  Search() { view.open(world.folder("search@1")); }

  void catch_up() {
    view.apply(world.batch());
    view.dump([](std::string_view) {});
  }
  [[nodiscard]] SearchQuery query(std::string text, const Viewer& viewer = guest()) const {
    SearchQuery out;
    out.platform = world.platform;
    out.text = std::move(text);
    out.viewer = viewer;
    return out;
  }
  [[nodiscard]] SearchPage search(std::string text, const Viewer& viewer = guest()) {
    catch_up();
    return view.search(query(std::move(text), viewer));
  }
  /// What was found, as the items' ids in order.
  [[nodiscard]] static std::vector<std::string> found(const SearchPage& page) {
    std::vector<std::string> out;
    for (const auto& hit : page.hits) {
      out.push_back(hit.comment ? hit.comment->text() : hit.contribution.text());
    }
    return out;
  }
  template <class... Items>
  static std::vector<std::string> ids(const Items&... items) {
    return {items.text()...};
  }
  template <class... Items>
  static std::vector<std::string> sorted(const Items&... items) {
    auto out = ids(items...);
    std::ranges::sort(out);
    return out;
  }
  [[nodiscard]] std::vector<std::string> found_sorted(std::string text,
                                                      const Viewer& viewer = guest()) {
    auto out = found(search(std::move(text), viewer));
    std::ranges::sort(out);
    return out;
  }

  SearchWorld world;
  SearchView view{*world.keys};
};

// What is found ---------------------------------------------------------------------------------

TEST_F(Search, FindsDutchWordsInOtherForms) {
  const auto homes = world.idea({"Meer betaalbare woningen", "Starters vinden geen huis."});
  world.idea({"Een fietspad langs de vaart", "Veilig naar school."});
  EXPECT_EQ(found(search("woning")), ids(homes));
  EXPECT_EQ(found(search("huizen starter")), ids(homes));
}

TEST_F(Search, FindsEnglishWordsInOtherForms) {
  const auto homes = world.idea(
      {.title = "Affordable houses", .body = "Young families are leaving.", .language = "en-GB"});
  EXPECT_EQ(found(search("housing family")), ids(homes));
}

TEST_F(Search, FindsChineseWithoutSpaces) {
  const auto young =
      world.idea({.title = "支持青年住房", .body = "房价太高了。", .language = "zh"});
  world.idea({.title = "自行车道", .body = "上学更安全。", .language = "zh"});
  EXPECT_EQ(found(search("住房")), ids(young));
  EXPECT_EQ(found(search("青年 房价")), ids(young));
  EXPECT_EQ(found(search("高")), ids(young));
  EXPECT_EQ(found(search("\"年住\"")), ids(young));
  EXPECT_TRUE(search("\"房住\"").hits.empty());
}

TEST_F(Search, FindsOtherScriptsByTheirWords) {
  const auto russian = world.idea({.title = "Больше деревьев", .body = "", .language = "ru"});
  const auto arabic = world.idea({.title = "مزيد من الأشجار", .body = "", .language = "ar"});
  EXPECT_EQ(found(search("ДЕРЕВЬЕВ")), ids(russian));
  EXPECT_EQ(found(search("الأشجار")), ids(arabic));
}

TEST_F(Search, FindsWithoutDiacritics) {
  const auto cafe = world.idea({"Een café in het park", "Met coöperatie en ideeën."});
  EXPECT_EQ(found(search("CAFE")), ids(cafe));
  EXPECT_EQ(found(search("cooperatie idee")), ids(cafe));
  EXPECT_EQ(found(search("café")), ids(cafe));
}

TEST_F(Search, FindsCompoundsByTheirFirstPart) {
  const auto compound = world.idea({"De woningbouwopgave", "Tempo maken."});
  const auto plain = world.idea({"Woningbouw", "Tempo maken."});
  EXPECT_EQ(found(search("woningbouw")), ids(plain, compound)) << "the word itself comes first";
}

TEST_F(Search, FindsFormFieldsAndShowsThem) {
  const auto idea = world.idea(
      {.title = "Buurttuin", .body = "Samen groen.", .form = {{"plek", "achter het zwembad"}}});
  const auto page = search("zwembad");
  ASSERT_EQ(found(page), ids(idea));
  EXPECT_EQ(marked(page.hits[0].snippet), "achter het [zwembad]");
}

TEST_F(Search, TitlesCountMoreThanBodies) {
  const auto in_body = world.idea({"Iets anders", "Over het zwembad gesproken."});
  const auto in_title = world.idea({"Het zwembad", "Daarover gesproken, iets."});
  EXPECT_EQ(found(search("zwembad")), ids(in_title, in_body));
  world.idea({"Nog iets anders", "Over het zwembad."});
  EXPECT_EQ(found(search("zwembad")).front(), in_title.text());
}

TEST_F(Search, EveryWordMustBeThereWhenEnoughHaveThem) {
  for (int i = 0; i < 6; ++i) world.idea({"Wonen voor jongeren", "Nummer " + std::to_string(i)});
  const auto other = world.idea({"Sport voor jongeren", ""});
  const auto page = search("wonen jongeren");
  EXPECT_EQ(page.hits.size(), 6U);
  EXPECT_TRUE(page.has_every_word);
  EXPECT_EQ(std::ranges::count(found(page), other.text()), 0);
}

TEST_F(Search, SomeWordsAreEnoughWhenFewHaveThemAll) {
  const auto sport = world.idea({"Sport voor jongeren", ""});
  const auto both = world.idea({"Wonen", "Een plek voor jongeren."});
  const auto homes = world.idea({"Wonen boven winkels", ""});
  world.idea({"Parkeren", ""});
  const auto page = search("wonen jongeren");
  EXPECT_FALSE(page.has_every_word);
  ASSERT_EQ(page.hits.size(), 3U);
  EXPECT_EQ(page.hits[0].contribution, both) << "what has all words comes first";
  EXPECT_EQ(std::ranges::count(found(page), sport.text()), 1);
  EXPECT_EQ(std::ranges::count(found(page), homes.text()), 1);

  auto by_time = query("wonen jongeren");
  by_time.sort = SearchSort::newest;
  EXPECT_EQ(found(view.search(by_time)), ids(both)) << "the others would stand before it";
}

TEST_F(Search, PartsOfACompoundAreEnoughWhenFewHaveTheWord) {
  const auto whole = world.idea({"Jongerenhuisvesting", ""});
  const auto parts = world.idea({"Huisvesting van jongeren", ""});
  world.idea({"Huisvesting van ouderen", "In de huisvesting van toen."});
  world.idea({"Huisvesting", ""});
  world.idea({"Sport voor jongeren", "Ook jongeren van elders."});
  world.idea({"Jongeren", ""});
  const auto page = search("jongerenhuisvesting");
  EXPECT_EQ(found(page), ids(whole, parts));
  EXPECT_FALSE(page.has_every_word);
  EXPECT_EQ(marked(page.hits[1].title), "[Huisvesting] van [jongeren]");
}

TEST_F(Search, SmallWordsAreNotNeeded) {
  const auto idea = world.idea({"Jongeren willen wonen", ""});
  const auto page = search("wonen voor de jongeren");
  EXPECT_EQ(found(page), ids(idea));
  EXPECT_TRUE(page.has_every_word);
  EXPECT_TRUE(search("de").hits.empty());
}

TEST_F(Search, PhrasesAreWordsInARow) {
  const auto row = world.idea({"Sociale huur", ""});
  world.idea({"Huur", "Een sociale buurt met huur."});
  EXPECT_EQ(found(search("\"sociale huur\"")), ids(row));
  EXPECT_EQ(found(search("\"sociale huur")), ids(row)) << "the closing quote may be missing";
  world.idea({"Sociale", "huur"});
  EXPECT_EQ(found(search("\"sociale huur\"")), ids(row)) << "not across title and body";
}

TEST_F(Search, ExcludedWordsExclude) {
  const auto bike = world.idea({"Fietsen naar school", "automatisch veilig"});
  world.idea({"Fietsen of auto", ""});
  world.idea({"Fietsen op een vrij baan", ""});
  EXPECT_EQ(found(search("fiets -auto -\"vrij baan\"")), ids(bike));
  EXPECT_EQ(found(search("-auto -vrij")), ids(bike)) << "only exclusions: everything else";
}

TEST_F(Search, AStarFindsWhatStartsSo) {
  const auto parking = world.idea({"Parkeren", ""});
  EXPECT_EQ(found(search("pa*")), ids(parking));
  EXPECT_TRUE(search("pa").hits.empty());
}

TEST_F(Search, WithoutWordsItIsEverythingNewestFirst) {
  const auto first = world.idea({"Een", ""});
  const auto second = world.idea({"Twee", ""});
  const auto reply = world.comment(first, "Drie");
  EXPECT_EQ(found(search("")), ids(reply, second, first));
  EXPECT_EQ(found(search(" - \" ")), ids(reply, second, first));
}

TEST_F(Search, AnythingIsAnAcceptedText) {
  world.idea({"Idee", "tekst"});
  for (const std::string text :
       {"\"", "((", "AND", "NOT OR", "****", "-", "a*", "Znl:idee", "XSopen", "\xFF\xFE\xFD",
        "title:idee", "idee~", "[a TO b]", "\xF0\x9F\x98\x80"}) {
    EXPECT_NO_THROW(std::ignore = search(text)) << text;
  }
  EXPECT_NO_THROW(std::ignore = search(std::string(100'000, '"')));
  EXPECT_NO_THROW(std::ignore = search(std::string(100'000, 'x')));
  EXPECT_TRUE(search("Znl:idee").hits.empty() || search("Znl:idee").hits.size() == 1U);
}

TEST_F(Search, AnUnknownPlatformHasNothing) {
  auto elsewhere = query("idee");
  elsewhere.platform = domain::PlatformId(domain::IdBytes{9});
  EXPECT_EQ(view.search(elsewhere).estimated_total, 0U);
}

// Hits ------------------------------------------------------------------------------------------

TEST_F(Search, AHitSaysWhatItIs) {
  const auto idea = world.idea({.title = "Meer **bomen**",
                                .body = "# Waarom\nBomen geven [schaduw](https://x.nl/bomen).",
                                .themes = {"groen", "klimaat"}});
  const auto placed = world.now;
  const auto page = search("boom bomen");
  ASSERT_EQ(found(page), ids(idea));
  const auto& hit = page.hits[0];
  EXPECT_EQ(hit.space, world.here);
  EXPECT_EQ(hit.kind, "idea");
  EXPECT_EQ(hit.themes, (std::vector<std::string>{"groen", "klimaat"}));
  EXPECT_EQ(hit.author, world.author_of(idea));
  EXPECT_EQ(hit.standing, Standing::open);
  EXPECT_EQ(hit.scope, domain::Scope::of_space(world.here, domain::Level::open));
  EXPECT_EQ(hit.language, "nl");
  EXPECT_EQ(hit.time, placed);
  EXPECT_EQ(marked(hit.title), "Meer **[bomen]**") << "titles are plain text, not CommonMark";
  EXPECT_EQ(marked(hit.snippet), "Waarom [Bomen] geven schaduw.");
}

TEST_F(Search, ACommentIsFoundUnderItsContribution) {
  const auto idea = world.idea({"Zwembad openhouden", "Het kost weinig."});
  const auto reply = world.comment(idea, "Mijn **kinderen** leren er zwemmen.");
  const auto page = search("kinderen");
  ASSERT_EQ(found(page), ids(reply));
  EXPECT_EQ(page.hits[0].contribution, idea);
  EXPECT_EQ(page.hits[0].comment, reply);
  EXPECT_EQ(page.hits[0].kind, "idea");
  EXPECT_EQ(marked(page.hits[0].title), "Zwembad openhouden");
  EXPECT_EQ(marked(page.hits[0].snippet), "Mijn [kinderen] leren er zwemmen.");
  EXPECT_EQ(page.hits[0].scope.place, domain::Scope::Place::discussion);
}

// Filters, facets, order ------------------------------------------------------------------------

class SearchFilters : public Search {
 protected:
  SearchFilters() {
    green = world.idea({.title = "Bomen planten", .body = "", .themes = {"groen"}});
    world.here = second_space = world.space();
    living = world.idea({.title = "Bomen en wonen", .body = "", .themes = {"groen", "wonen"}},
                        "discussion");
    english = world.idea({.title = "Bomen and trees", .body = "", .language = "en-GB"});
    world.close(english);
    reply = world.comment(living, "Bomen, ja.");
  }
  ContributionId green, living, english;
  CommentId reply;
  domain::SpaceId second_space;

  std::vector<std::string> narrowed(const std::function<void(SearchQuery&)>& narrow) {
    catch_up();
    auto question = query("bomen");
    narrow(question);
    auto out = found(view.search(question));
    std::ranges::sort(out);
    return out;
  }
};

TEST_F(SearchFilters, EachFilterNarrowsDown) {
  EXPECT_EQ(narrowed([](auto&) {}), sorted(green, living, english, reply));
  EXPECT_EQ(narrowed([&](auto& q) { q.space = second_space; }), sorted(living, english, reply));
  EXPECT_EQ(narrowed([](auto& q) { q.kinds = {"discussion"}; }), sorted(living, reply));
  EXPECT_EQ(narrowed([](auto& q) { q.kinds = {"discussion", "idea"}; }),
            sorted(green, living, english, reply));
  EXPECT_EQ(narrowed([](auto& q) { q.themes = {"wonen"}; }), sorted(living, reply));
  EXPECT_EQ(narrowed([](auto& q) { q.standings = {Standing::closed}; }), sorted(english));
  EXPECT_EQ(narrowed([](auto& q) { q.language = "en"; }), sorted(english));
  EXPECT_EQ(narrowed([](auto& q) { q.language = "EN-gb"; }), sorted(english));
  EXPECT_EQ(narrowed([](auto& q) { q.language = "en-US"; }), sorted());
  EXPECT_EQ(narrowed([](auto& q) { q.what = SearchWhat::comments; }), sorted(reply));
  EXPECT_EQ(narrowed([](auto& q) { q.what = SearchWhat::contributions; }),
            sorted(green, living, english));
  EXPECT_EQ(narrowed([](auto& q) {
              q.themes = {"groen"};
              q.what = SearchWhat::contributions;
            }),
            sorted(green, living));
}

TEST_F(SearchFilters, DatesIncludeTheFirstAndNotTheLast) {
  catch_up();
  const auto hits = view.search(query("")).hits;
  const auto time_of = [&](const std::string& id) {
    return std::ranges::find_if(
               hits,
               [&](const SearchHit& hit) { return !hit.comment && hit.contribution.text() == id; })
        ->time;
  };
  const auto from = time_of(living.text());
  const auto until = time_of(english.text());
  EXPECT_EQ(narrowed([&](auto& q) { q.from = from; }), sorted(living, english, reply));
  EXPECT_EQ(narrowed([&](auto& q) { q.until = until; }), sorted(green, living));
  EXPECT_EQ(narrowed([&](auto& q) {
              q.from = from;
              q.until = until;
            }),
            sorted(living));
}

TEST_F(SearchFilters, FacetsCountWhatWasFound) {
  const auto facets = search("bomen").facets;
  EXPECT_EQ(facets.kinds, (std::vector<FacetCount>{{"discussion", 2}, {"idea", 2}}));
  EXPECT_EQ(facets.themes, (std::vector<FacetCount>{{"groen", 3}, {"wonen", 2}}));
  EXPECT_EQ(facets.standings, (std::vector<FacetCount>{{"open", 3}, {"closed", 1}}));
  ASSERT_EQ(facets.spaces.size(), 2U);
  EXPECT_EQ(facets.spaces[0], (FacetCount{second_space.text(), 3}));
}

TEST_F(SearchFilters, NewestSortsByTime) {
  catch_up();
  auto question = query("bomen");
  question.sort = SearchSort::newest;
  EXPECT_EQ(found(view.search(question)), ids(reply, english, living, green));
}

TEST_F(Search, PagesFollowEachOtherWithoutGap) {
  std::vector<std::string> all;
  for (int i = 0; i < 25; ++i) {
    all.push_back(world.idea({"Bomen " + std::to_string(i), ""}).text());
  }
  std::ranges::reverse(all);
  catch_up();
  auto question = query("bomen");
  question.sort = SearchSort::newest;
  question.limit = 10;
  std::vector<std::string> seen;
  for (std::optional<std::uint32_t> at = 0; at; at = view.search(question).next) {
    question.offset = *at;
    const auto page = view.search(question);
    EXPECT_EQ(page.estimated_total, 25U);
    for (auto& id : found(page)) seen.push_back(id);
  }
  EXPECT_EQ(seen, all);
}

TEST_F(Search, PagesAreBounded) {
  for (int i = 0; i < 60; ++i) world.idea({"Bomen", ""});
  catch_up();
  auto question = query("bomen");
  question.limit = 1000;
  EXPECT_EQ(view.search(question).hits.size(), most_search_hits);
  question.limit = 0;
  EXPECT_EQ(view.search(question).hits.size(), 1U);
  question.offset = 4'000'000'000;
  EXPECT_TRUE(view.search(question).hits.empty());
  EXPECT_EQ(view.search(question).next, std::nullopt);
}

// Change, and who may see it --------------------------------------------------------------------

TEST_F(Search, ARevisionReplacesTheText) {
  const auto idea = world.idea({.title = "Zwembad", .body = "oud", .themes = {"sport"}});
  const auto reply = world.comment(idea, "Een reactie");
  catch_up();
  world.revise(idea, {.title = "Sporthal", .body = "nieuw", .themes = {"bouwen"}});
  world.edit(reply, "Een ander antwoord");
  EXPECT_TRUE(search("zwembad").hits.empty());
  EXPECT_TRUE(search("reactie").hits.empty());
  EXPECT_EQ(found(search("sporthal")), ids(idea));
  EXPECT_EQ(found(search("antwoord")), ids(reply));
  auto question = query("");
  question.themes = {"bouwen"};
  EXPECT_EQ(view.search(question).hits.size(), 2U) << "comments follow their contribution's themes";
  EXPECT_EQ(search("zwembat").suggestion, std::nullopt) << "the old word is forgotten";
}

TEST_F(Search, HiddenIsFoundByModeratorsAndItsAuthorOnly) {
  const auto idea = world.idea({"Zwembad", "tekst"});
  world.hide(idea);
  EXPECT_TRUE(search("zwembad").hits.empty());
  EXPECT_EQ(search("zwembad").estimated_total, 0U);
  EXPECT_TRUE(search("zwembad").facets.kinds.empty());
  EXPECT_TRUE(search("zwembad", as(world.person())).hits.empty());
  EXPECT_EQ(found(search("zwembad", as(world.author_of(idea)))), ids(idea));
  const auto page = search("zwembad", moderator());
  ASSERT_EQ(found(page), ids(idea));
  EXPECT_EQ(page.hits[0].standing, Standing::hidden);
  EXPECT_EQ(page.hits[0].scope.level, domain::Level::moderation);
  world.accept(idea);
  EXPECT_EQ(found(search("zwembad")), ids(idea));
}

TEST_F(Search, AcceptingGivesBackHowItStood) {
  const auto idea = world.idea({"Zwembad", ""});
  world.close(idea);
  world.hide(idea);
  world.accept(idea);
  EXPECT_EQ(search("zwembad").facets.standings, (std::vector<FacetCount>{{"closed", 1}}));
  world.reopen(idea);
  EXPECT_EQ(search("zwembad").facets.standings, (std::vector<FacetCount>{{"open", 1}}));
}

TEST_F(Search, CommentsGoWithTheirContribution) {
  const auto idea = world.idea({"Zwembad", ""});
  const auto reply = world.comment(idea, "Reactie over zwemmen");
  catch_up();
  world.hide(idea);
  const auto later = world.comment(idea, "Latere reactie");
  EXPECT_TRUE(search("reactie").hits.empty());
  EXPECT_EQ(found_sorted("reactie", moderator()), sorted(reply, later));
  const auto own = search("reactie", as(world.author_of(reply)));
  ASSERT_EQ(found(own), ids(reply));
  EXPECT_TRUE(own.hits[0].title.empty()) << "the hidden contribution's title is not theirs to see";
  world.accept(idea);
  EXPECT_EQ(found_sorted("reactie"), sorted(reply, later));
}

TEST_F(Search, AHiddenCommentStaysHiddenWhenItsContributionComesBack) {
  const auto idea = world.idea({"Zwembad", ""});
  const auto reply = world.comment(idea, "Reactie");
  world.hide(reply);
  world.hide(idea);
  world.accept(idea);
  EXPECT_TRUE(search("reactie").hits.empty());
  world.accept(reply);
  EXPECT_EQ(found(search("reactie")), ids(reply));
}

TEST_F(Search, WithdrawnIsGoneForOthers) {
  const auto idea = world.idea({"Zwembad", ""});
  const auto other = world.idea({"Sporthal", ""});
  const auto reply = world.comment(other, "Bij het zwembad");
  world.withdraw(idea);
  world.withdraw(reply);
  EXPECT_TRUE(search("zwembad").hits.empty());
  EXPECT_EQ(found(search("zwembad", as(world.author_of(idea)))), ids(idea));
}

TEST_F(Search, WhatADestroyedKeySealedIsNotShown) {
  world.writer = world.person();
  const auto idea = world.idea({"Zwembad", ""});
  catch_up();
  const auto entry = view.search(query("zwembad"));
  ASSERT_EQ(found(entry), ids(idea));
  world.destroy_keys_of(*world.writer);
  EXPECT_TRUE(search("zwembad").hits.empty());
}

// Suggestions -----------------------------------------------------------------------------------

TEST_F(Search, SuggestsTheWordThatWasMeant) {
  world.idea({"Stikstofbeleid", "Boeren en natuur."});
  const auto page = search("stikstofbelied");
  EXPECT_TRUE(page.hits.empty());
  EXPECT_EQ(page.suggestion, "stikstofbeleid");
  EXPECT_EQ(search("het Stikstofbelied -auto \"natuur\"").suggestion,
            "het stikstofbeleid -auto \"natuur\"")
      << "the rest of the text stays as typed";
  EXPECT_EQ(search("stikstofbeleid").suggestion, std::nullopt);
  EXPECT_EQ(search("xylofoonmuziek").suggestion, std::nullopt);
}

TEST_F(Search, SuggestsOnlyWhatTheViewerCanFind) {
  const auto idea = world.idea({"Stikstofbeleid", "Boeren."});
  const auto reply = world.comment(world.idea({"Iets", ""}), "Zwembadkosten lopen op");
  catch_up();
  world.hide(idea);
  world.withdraw(reply);
  EXPECT_EQ(search("stikstofbelied").suggestion, std::nullopt);
  EXPECT_EQ(search("zwembadkosetn").suggestion, std::nullopt);
  EXPECT_EQ(search("stikstofbelied", moderator()).suggestion, std::nullopt)
      << "hidden words are not in the word list at all";
  world.accept(idea);
  EXPECT_EQ(search("stikstofbelied").suggestion, "stikstofbeleid");
}

TEST_F(Search, SuggestsOnlyWhatTheFiltersLeave) {
  world.idea({"Stikstofbeleid", ""});
  catch_up();
  auto question = query("stikstofbelied");
  question.kinds = {"discussion"};
  EXPECT_EQ(view.search(question).suggestion, std::nullopt);
}

TEST_F(Search, AMistakeThatOthersMadeTooIsStillCorrected) {
  for (int i = 0; i < 12; ++i) world.idea({"Stikstofbeleid", ""});
  world.idea({"Stikstofbelied", ""});
  const auto page = search("stikstofbelied");
  EXPECT_EQ(page.hits.size(), 1U);
  EXPECT_EQ(page.suggestion, "stikstofbeleid");
}

}  // namespace
}  // namespace meent::projections
