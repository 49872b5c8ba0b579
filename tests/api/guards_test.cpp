#include <gtest/gtest.h>

#include <set>

#include "tests/api/running_node.h"

/// What holds for every route there is, the ones that come later included.
namespace meent::api {
namespace {

const std::string secret_word = "tuinstoelen";  // in what Mina hid, see VillageNode
const std::string withdrawn_word = "regenworm";

struct Guards : testing::Test {
  VillageNode village;
  std::map<std::string, std::string> ids{{"type", "support-given"},
                                         {"version", "1"},

                                         {"platform", village.platform},
                                         {"space", village.open_space},
                                         {"kind", "idea"},
                                         {"contribution", village.idea},
                                         {"comment", village.comment},
                                         {"person", village.bram},
                                         {"token", std::string(32, '7')},
                                         {"source", std::string(32, '7')}};

  std::string address(const Route& route) const {
    std::string out = route.path;
    for (auto at = out.find('{'); at != std::string::npos; at = out.find('{')) {
      const auto end = out.find('}', at);
      out.replace(at, end + 1 - at, ids.at(out.substr(at + 1, end - at - 1)));
    }
    return out;
  }
  /// As its description says it should be asked.
  Ask asking(const Route& route, const std::string& token) const {
    Ask ask{.method = std::string(to_string(route.method)),
            .target = address(route),
            .token = token,
            .body = route.operation.body.example};
    for (const auto& parameter : route.operation.parameters) {
      if (parameter.place == ParameterPlace::header && parameter.is_required) {
        ask.headers.add(parameter.name, Json::parse(parameter.example).get<std::string>());
      }
    }
    return ask;
  }
  /// Where no token of a platform is known.
  static bool is_of_directory(const Route& route) {
    return route.path == "/api/v1/platforms" || route.path == "/api/v1/level";
  }
  std::vector<const Route*> routes(bool reading) {
    std::vector<const Route*> out;
    for (const auto& route : village.router().routes()) {
      const bool is_read = route->method == Method::get;
      if (route->path.starts_with("/api/") && is_read == reading) out.push_back(route.get());
    }
    return out;
  }
};

TEST_F(Guards, EveryRouteSaysWhichPolicyItAsks) {
  ASSERT_GT(village.router().routes().size(), 30U);
  for (const auto& route : village.router().routes()) {
    const auto& guard = route->operation.guard;
    const bool is_write = route->method != Method::get;
    EXPECT_TRUE(guard.starts_with("may_act(") ||
                (!is_write && (guard.starts_with("may_see(") || guard.starts_with("open: "))))
        << route->path << ": " << guard;
  }
}

TEST_F(Guards, EveryWriteRefusesGuests) {
  const auto before = village.end();
  for (const auto* route : routes(false)) {
    SCOPED_TRACE(route->operation.id);
    EXPECT_TRUE(route->operation.needs_token);
    const auto told = village.ask(asking(*route, {}));
    EXPECT_EQ(told.status, 401U) << told.body;
    EXPECT_EQ(told.problem(), "not-signed-in");
    EXPECT_EQ(told.header("www-authenticate"), "Bearer");
  }
  EXPECT_EQ(village.end(), before);
}

TEST_F(Guards, EveryWriteRefusesThoseWithoutTheRight) {
  const auto before = village.end();
  for (const auto* route : routes(false)) {
    if (is_of_directory(*route)) continue;
    SCOPED_TRACE(route->operation.id);
    const auto told = village.ask(asking(*route, village.as_analyst));
    EXPECT_EQ(told.status, 403U) << told.body;
    EXPECT_EQ(told.problem(), "not-allowed");
  }
  EXPECT_EQ(village.end(), before);
}

TEST_F(Guards, WhatOthersDoAPersonMayNot) {
  const std::set<std::string> of_anyone{"placeContribution", "placeComment", "giveSupport",
                                        "withdrawSupport"};
  const auto cora = village.token(village.register_person("Cora"), {"act"});
  const auto before = village.end();
  for (const auto* route : routes(false)) {
    const auto& id = route->operation.id;
    if (of_anyone.contains(id) || is_of_directory(*route)) continue;
    SCOPED_TRACE(id);
    const auto told = village.ask(asking(*route, cora));
    EXPECT_EQ(told.status, 403U) << told.body;
  }
  EXPECT_EQ(village.end(), before);
}

struct HiddenThings : Guards {
  std::string hidden_comment, withdrawn;

  HiddenThings() {
    hidden_comment = village.accept(
        {.method = "POST",
         .target = village.base + "/contributions/" + village.idea + "/comments",
         .token = village.as_bram,
         .body = Json{{"body", "Alleen hier " + secret_word}, {"language", "nl"}}.dump()})["id"];
    village.accept({.method = "PUT",
                    .target = village.base + "/comments/" + hidden_comment + "/moderation",
                    .token = village.as_mina,
                    .body = R"({"verdict":"hidden","reason":"Weer reclame."})"});
    withdrawn = village.place_statement(village.as_bram, "Een " + withdrawn_word);
    village.accept({.method = "DELETE",
                    .target = village.base + "/contributions/" + withdrawn,
                    .token = village.as_bram});
    village.wait_for_views();
  }

  /// Every reading route, asked about every item.
  std::vector<std::string> answers_to(const std::string& token) {
    std::vector<std::string> out;
    for (const auto& contribution : {village.idea, village.hidden, withdrawn}) {
      for (const auto& comment : {village.comment, hidden_comment}) {
        ids["contribution"] = contribution;
        ids["comment"] = comment;
        for (const auto* route : routes(true)) {
          auto target = address(*route);
          if (route->operation.id == "search") target += "?q=" + secret_word;
          out.push_back(target + "\n" + village.get(target, token).body);
        }
      }
    }
    for (const auto* sort : {"new", "active", "top", "controversial"}) {
      const auto target = village.base + "/contributions?limit=100&sort=" + sort;
      out.push_back(target + "\n" + village.get(target, token).body);
    }
    for (const auto* standing : {"hidden", "withdrawn"}) {
      const auto target = village.base + "/contributions?standing=" + std::string(standing);
      out.push_back(target + "\n" + village.get(target, token).body);
    }
    return out;
  }
};

TEST_F(HiddenThings, AreInNoAnswerForOthers) {
  for (const auto& token : {std::string(), village.as_anna, village.as_mina_plain,
                            village.as_analyst, village.as_importer}) {
    if (token == village.as_importer) continue;  // acts with an operator's role
    for (const auto& answer : answers_to(token)) {
      // A search that finds nothing may still say what was asked.
      EXPECT_EQ(answer.find(secret_word, answer.find('\n')), std::string::npos) << answer;
      EXPECT_EQ(answer.find(withdrawn_word), std::string::npos) << answer;
    }
  }
}

TEST_F(HiddenThings, AreThereForTheirAuthorAndForModerators) {
  for (const auto& token : {village.as_bram, village.as_mina}) {
    for (const auto& contribution : {village.hidden, withdrawn}) {
      const auto told = village.get(village.base + "/contributions/" + contribution, token).json();
      EXPECT_TRUE(told.at("readable"));
      EXPECT_TRUE(told.at("body").is_string());
    }
    const auto told = village.get(village.base + "/comments/" + hidden_comment, token).json();
    EXPECT_NE(told.at("body").get<std::string>().find(secret_word), std::string::npos);
  }
}

TEST_F(HiddenThings, LeaveATombstoneWithTheReason) {
  const auto told = village.get(village.base + "/contributions/" + village.hidden).json();
  EXPECT_EQ(told.at("standing"), "hidden");
  EXPECT_EQ(told.at("readable"), false);
  EXPECT_EQ(told.at("hide_reason"), village.hidden_reason);
  for (const auto* field : {"author", "title", "body", "form", "themes", "counts"}) {
    EXPECT_FALSE(told.contains(field)) << field;
  }
  const auto tally = village.get(village.base + "/contributions/" + village.hidden + "/tally");
  EXPECT_EQ(tally.status, 404U) << tally.body;
  const auto comments =
      village.get(village.base + "/contributions/" + village.idea + "/comments").json();
  EXPECT_EQ(comments.at("items").size(), 2U);
  const auto comment = village.get(village.base + "/comments/" + hidden_comment).json();
  EXPECT_EQ(comment.at("readable"), false);
  EXPECT_EQ(comment.at("hide_reason"), "Weer reclame.");
  EXPECT_FALSE(comment.contains("author"));
}

}  // namespace
}  // namespace meent::api
