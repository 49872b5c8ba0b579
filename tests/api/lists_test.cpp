#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/api/running_node.h"

/// Every list, page by page: all items, each once, in the order of one large page.
namespace meent::api {
namespace {

struct Lists : testing::Test {
  VillageNode village;
  std::vector<std::string> statements;

  Lists() {
    for (int i = 0; i < 7; ++i) {
      const auto number = std::to_string(i);
      statements.push_back(village.place_statement(village.as_anna, "Stelling " + number));
      village.register_person("Persoon " + number);
      village.accept_locally({.method = "PUT",
                              .target = village.base + "/kinds/soort-" + number,
                              .body = R"({"label":"Soort"})"});
      village.accept_locally(
          {.method = "POST",
           .target = village.base + "/spaces",
           .body = R"({"slug":"plek-)" + number + R"(","title":"Plek","kinds":["idea"]})"});
      village.accept({.method = "POST",
                      .target = village.base + "/contributions/" + village.idea + "/comments",
                      .token = village.as_bram,
                      .body = R"({"body":"Reactie )" + number + R"(","language":"nl"})"});
      village.accept({.method = "PUT",
                      .target = village.base + "/contributions/" + statements.back() + "/support",
                      .token = village.as_bram,
                      .body = R"({"stance":"agree"})"});
      village.accept({.method = "PUT",
                      .target = village.base + "/contributions/" + village.idea,
                      .token = village.as_anna,
                      .body = R"({"title":"Bank","body":"Bank )" + number + R"(","language":"nl"})",
                      .headers = {{"If-Match", "\"r" + std::to_string(i + 1) + "-\""}}});
      village.accept({.method = "PUT",
                      .target = village.base + "/comments/" + village.comment,
                      .token = village.as_bram,
                      .body = R"({"body":"Leuning )" + number + R"("})",
                      .headers = {{"If-Match", "\"r" + std::to_string(i + 1) + "-\""}}});
      village.accept_locally(
          {.method = "POST",
           .target = "/api/v1/platforms",
           .body = R"({"slug":"dorp-)" + number + R"(","name":"Dorp","language":"nl"})"});
    }
    village.wait_for_views();
  }

  /// All items, in pages of `limit`. `next_parameter` takes `next`.
  std::vector<Json> walk(std::string target, const std::string& token, int limit,
                         const std::string& next_parameter) {
    target += (target.find('?') == std::string::npos ? "?limit=" : "&limit=");
    target += std::to_string(limit);
    std::vector<Json> items;
    std::string next;
    for (int page_number = 0; page_number < 100; ++page_number) {
      const auto told = village.get(target + next, token);
      EXPECT_EQ(told.status, 200U) << target + next << told.body;
      const auto page = told.json();
      if (!page.contains("items")) return items;
      EXPECT_LE(page.at("items").size(), static_cast<std::size_t>(limit));
      for (const auto& item : page.at("items")) items.push_back(item);
      const auto& mark = page.at("next");
      if (mark.is_null()) return items;
      next = "&" + next_parameter + "=" +
             (mark.is_string() ? mark.get<std::string>() : std::to_string(mark.get<int>()));
    }
    ADD_FAILURE() << target << " never ends";
    return items;
  }
};

TEST_F(Lists, AreTheSameInSmallPagesAsInLarge) {
  struct Row {
    std::string target, token, next;
    std::size_t count;
  };
  const auto& base = village.base;
  const auto idea = base + "/contributions/" + village.idea;
  const std::vector<Row> rows{
      {base + "/contributions?sort=new", {}, "cursor", 9},
      {base + "/contributions?sort=active", {}, "cursor", 9},
      {base + "/contributions?sort=top", {}, "cursor", 9},
      {base + "/contributions?sort=controversial", {}, "cursor", 9},
      {base + "/contributions?kind=statement", village.as_mina, "cursor", 8},
      {base + "/spaces/" + village.open_space + "/contributions", {}, "cursor", 8},
      {idea + "/comments", {}, "cursor", 8},
      {idea + "/comments?order=newest", {}, "cursor", 8},
      {idea + "/revisions", {}, "before", 7},
      {base + "/comments/" + village.comment + "/revisions", {}, "before", 7},
      {base + "/people", {}, "cursor", 10},
      {base + "/people/" + village.anna + "/deeds", {}, "cursor", 16},
      {base + "/spaces", {}, "cursor", 9},
      {base + "/kinds", {}, "cursor", 10},
      {base + "/tokens", village.as_operator, "cursor", 8},
      {base + "/search?q=", {}, "offset", 17},
      {"/api/v1/platforms", {}, "after", 8},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.target);
    const auto whole = walk(row.target, row.token, 50, row.next);
    EXPECT_EQ(whole.size(), row.count);
    for (const int limit : {1, 2, 3})
      EXPECT_EQ(walk(row.target, row.token, limit, row.next), whole);
    EXPECT_EQ(std::set<Json>(whole.begin(), whole.end()).size(), whole.size());
  }
}

TEST_F(Lists, OfDeedsShowSupportToOneselfOnly) {
  const auto deeds = village.base + "/people/" + village.bram + "/deeds?limit=50";
  const auto count = [](const std::vector<Json>& items) {
    return std::count_if(items.begin(), items.end(),
                         [](const Json& item) { return item.at("deed") == "supported"; });
  };
  EXPECT_EQ(count(walk(deeds, village.as_bram, 50, "cursor")), 7);
  for (const auto& token : {std::string(), village.as_anna, village.as_mina}) {
    EXPECT_EQ(count(walk(deeds, token, 50, "cursor")), 0);
  }
}

TEST_F(Lists, OfRepliesComeWithTheirBranches) {
  auto parent = village.comment;
  for (int level = 2; level <= 5; ++level) {
    parent = village.accept(
        {.method = "POST",
         .target = village.base + "/contributions/" + village.idea + "/comments",
         .token = village.as_anna,
         .body = Json{{"body", "Niveau"}, {"language", "nl"}, {"parent", parent}}.dump()})["id"];
  }
  village.wait_for_views();
  const auto page =
      village.get(village.base + "/contributions/" + village.idea + "/comments?depth=8&limit=1")
          .json();
  EXPECT_EQ(page.at("descendant_count"), 12);
  const auto* node = &page.at("items")[0];
  for (int level = 1; level <= 5; ++level) {
    EXPECT_EQ(node->at("level"), level);
    if (level < 5) node = &node->at("replies")[0];
  }
  const auto branch = village
                          .get(village.base + "/contributions/" + village.idea +
                               "/comments?parent=" + village.comment)
                          .json();
  EXPECT_EQ(branch.at("items").size(), 1U);
  EXPECT_EQ(branch.at("items")[0].at("more_replies"), true);
}

}  // namespace
}  // namespace meent::api
