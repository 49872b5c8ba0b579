#include "api/exchange/demo.h"

#include <gtest/gtest.h>

#include "api/exchange/demo_script.h"
#include "api/pages/pages.h"
#include "api/pages/web_files.h"
#include "tests/api/pages/visitor.h"

namespace meent::api {
namespace {

using pages::Visitor;

const std::vector<std::string> slugs{"overijssel", "manege", "techniek", "standaard"};

DemoReport load(RunningNode& node) {
  return load_demo(*dispatch_caller(
      [&node](Request& request, Respond respond) { node.dispatch(request, std::move(respond)); }));
}

Json file_of(const std::string& slug) {
  return Json::parse(pages::web_file("demo/" + slug + ".json"));
}

TEST(Demo, LoadsWholeAndASecondTimeChangesNothing) {
  RunningNode node;
  const auto first = load(node);
  EXPECT_EQ(first.platform_count, slugs.size());
  EXPECT_EQ(first.refused, 0U);
  EXPECT_GT(first.accepted, 6'000U);
  const auto end = node.node().store.next_offset();
  EXPECT_EQ(load(node).accepted, 0U);
  EXPECT_EQ(node.node().store.next_offset(), end);
  node.restart();
  EXPECT_EQ(load(node).accepted, 0U);
}

TEST(Demo, EveryContributionHasTheLeanItsAuthorGaveIt) {
  RunningNode node;
  load(node);
  node.wait_for_views();
  for (const auto& slug : slugs) {
    const auto platform = find_platform(node.node().store, slug);
    ASSERT_TRUE(platform);
    const auto page = node.node().tables.feed.get()->page({.platform = platform->id,
                                                           .space = {},
                                                           .kind = {},
                                                           .theme = {},
                                                           .standing = {},
                                                           .accepted = {},
                                                           .limit = 100,
                                                           .cursor = {},
                                                           .viewer = {}});
    std::multiset<std::vector<std::uint64_t>> shown;
    for (const auto& row : page.items) {
      shown.insert({row.counts.agree, row.counts.pass, row.counts.disagree});
    }
    std::multiset<std::vector<std::uint64_t>> wanted;
    for (const auto& item : file_of(slug)["contributions"]) {
      const auto lean = item.value("lean", Json{{"agree", 0}, {"pass", 0}, {"disagree", 0}});
      wanted.insert(std::vector<std::uint64_t>{lean["agree"].get<std::uint64_t>(),
                                               lean["pass"].get<std::uint64_t>(),
                                               lean["disagree"].get<std::uint64_t>()});
    }
    EXPECT_EQ(shown, wanted) << slug;
  }
}

TEST(Demo, StepsAreTheSameEveryTimeAndNoneIsAheadOfItsDay) {
  const auto json = pages::web_file("demo/manege.json");
  const domain::PlatformId platform(domain::IdBytes{1});
  const domain::Timestamp now{1'800'000'000'000};
  const auto first = demo_steps(json, platform, now);
  const auto second = demo_steps(json, platform, now);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t at = 0; at < first.size(); ++at) {
    EXPECT_EQ(first[at].at, second[at].at);
    EXPECT_LE(first[at].at, now);
  }
}

TEST(Demo, AFileThatLacksSomethingSaysWhat) {
  EXPECT_THROW(demo_head("{}"), std::runtime_error);
  EXPECT_THROW(demo_steps("[]", {}, {}), std::runtime_error);
}

TEST(Demo, APlatformOfOthersUnderItsSlugIsLeftAlone) {
  RunningNode node;
  node.accept_locally({.method = "POST",
                       .target = "/api/v1/platforms",
                       .body = R"({"slug":"manege","name":"Een andere","language":"nl"})"});
  EXPECT_EQ(load(node).platform_count, 3U);
  const auto spaces = node.get("/api/v1/platforms/manege/spaces").json();
  EXPECT_TRUE(spaces["items"].empty());
}

TEST(Demo, IsFilledByTheOperatorAlone) {
  RunningNode node;
  const std::string platform =
      node.accept_locally({.method = "POST",
                           .target = "/api/v1/platforms",
                           .body = R"({"slug":"dorp","name":"Dorp","language":"nl"})"})["id"];
  const auto end = node.log_end(platform);
  EXPECT_EQ(node.ask({.method = "POST", .target = demo_path(platform, "manege", 0)}).status, 404U);
  EXPECT_EQ(node.ask_locally({.method = "POST", .target = demo_path(platform, "dorp", 0)}).status,
            404U);
  EXPECT_EQ(node.log_end(platform), end);
  const auto part =
      node.accept_locally({.method = "POST", .target = demo_path(platform, "manege", 0)});
  EXPECT_EQ(part.at("accepted"), 1000);
  EXPECT_EQ(part.at("next"), 1000);
  // The same rows again are the same commands.
  EXPECT_EQ(node.accept_locally({.method = "POST", .target = demo_path(platform, "manege", 0)})
                .at("accepted"),
            0);
}

TEST(Demo, ItsPagesHoldTogether) {
  RunningNode node;
  load(node);
  node.wait_for_views();
  node.add_pages();
  Visitor guest(node);
  for (const auto& slug : slugs) {
    const auto home = guest.get("/p/" + slug);
    EXPECT_EQ(home.status, 200U);
    std::size_t read = 0;
    for (const auto& href : pages::attributes(home.body, "href")) {
      if (href.find("/c/") == std::string::npos || href.find('#') != std::string::npos) continue;
      const auto told = guest.get(href);
      EXPECT_EQ(told.status, 200U) << href;
      for (const auto* tag : {"ol", "li", "article", "section", "form", "details", "div", "p"}) {
        const std::string name(tag);
        EXPECT_EQ(pages::count_of(told.body, "<" + name + ">") +
                      pages::count_of(told.body, "<" + name + " "),
                  pages::count_of(told.body, "</" + name + ">"))
            << href << " " << tag;
      }
      ++read;
    }
    EXPECT_GE(read, 15U);
  }
}

}  // namespace
}  // namespace meent::api
