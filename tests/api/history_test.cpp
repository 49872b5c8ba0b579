#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "api/seals.h"
#include "tests/api/running_node.h"
#include "tests/api/test_client.h"

/// A platform's events, as lines and as a stream.
namespace meent::api {
namespace {

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> out;
  std::size_t start = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    out.push_back(Json::parse(text.substr(start, end - start)));
    start = end + 1;
  }
  EXPECT_EQ(start, text.size()) << "the last line is cut off";
  return out;
}

struct History : testing::Test {
  VillageNode village;

  std::vector<Json> events(const std::string& query = {}, const std::string& token = {}) {
    const auto told = village.get(village.base + "/events" + query, token);
    EXPECT_EQ(told.status, 200U) << told.body;
    EXPECT_EQ(told.header("content-type"), "application/x-ndjson");
    return lines_of(told.body);
  }
  std::vector<std::string> types(const std::vector<Json>& events) {
    std::vector<std::string> out;
    for (const auto& event : events) out.push_back(event.at("type"));
    return out;
  }
  Json support(const std::string& stance) {
    return village.accept({.method = "PUT",
                           .target = village.base + "/contributions/" + village.idea + "/support",
                           .token = village.as_bram,
                           .body = R"({"stance":")" + stance + R"("})"});
  }
  void comment(const std::string& body) {
    village.accept({.method = "POST",
                    .target = village.base + "/contributions/" + village.idea + "/comments",
                    .token = village.as_bram,
                    .body = Json{{"body", body}, {"language", "nl"}}.dump()});
  }
  std::string stream_request(const std::string& token, const std::string& last_id,
                             const std::string& query = {},
                             const std::string& accept = "text/event-stream") {
    return "GET " + village.base + "/events" + query + " HTTP/1.1\r\nHost: x\r\nAccept: " + accept +
           "\r\n" + (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") +
           (last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n") + "\r\n";
  }
};

struct StreamedEvent {
  std::string id, type;
  Json data;
};

/// The next event; heartbeats and the sizes of chunks are passed over.
StreamedEvent next_event(TestClient& client) {
  for (;;) {
    const auto text = client.until("\n\n");
    const auto line = [&](const std::string& name) -> std::string {
      const auto at = text.find(name);
      if (at == std::string::npos) return {};
      return text.substr(at + name.size(), text.find('\n', at) - at - name.size());
    };
    const auto data = line("data: ");
    if (!data.empty()) return {line("id: "), line("event: "), Json::parse(data)};
  }
}

TEST_F(History, IsToldFromTheFirstEventOn) {
  const auto told = types(events());
  ASSERT_GE(told.size(), 10U);
  EXPECT_EQ(told[0], "platform-placed");
  EXPECT_EQ(told[1], "platform-created");
  EXPECT_EQ(told.back(), "item-hidden");
  EXPECT_EQ(std::count(told.begin(), told.end(), "token-issued"), 0) << "only for operators";
  const auto by_operator = types(events({}, village.as_operator));
  EXPECT_EQ(std::count(by_operator.begin(), by_operator.end(), "token-issued"), 8);
}

TEST_F(History, GoesOnBehindACursor) {
  const auto all = events();
  std::vector<Json> pieces;
  for (std::string cursor; pieces.size() < all.size();) {
    const auto piece = events("?limit=3" + cursor);
    ASSERT_FALSE(piece.empty());
    ASSERT_LE(piece.size(), 3U);
    pieces.insert(pieces.end(), piece.begin(), piece.end());
    cursor = "&cursor=" + piece.back().at("id").get<std::string>();
  }
  ASSERT_EQ(pieces.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(pieces[i].at("facts"), all[i].at("facts"));
  const auto last = pieces.back().at("id").get<std::string>();
  EXPECT_TRUE(events("?cursor=" + last).empty());
}

TEST_F(History, IsFilteredByTypeSpaceAndContribution) {
  support("agree");
  EXPECT_EQ(types(events("?type=comment-placed")), std::vector<std::string>{"comment-placed"});
  EXPECT_EQ(types(events("?type=comment-placed&type=item-hidden")),
            (std::vector<std::string>{"comment-placed", "item-hidden"}));
  EXPECT_EQ(types(events("?contribution=" + village.idea)),
            (std::vector<std::string>{"contribution-placed", "comment-placed", "support-given"}));
  EXPECT_EQ(types(events("?space=" + village.closed_space)),
            (std::vector<std::string>{"space-created", "contribution-placed", "space-changed"}));
  EXPECT_EQ(types(events("?type=support-given&contribution=" + village.closed_idea)),
            std::vector<std::string>{});
}

TEST_F(History, GivesTheFactsThatOnlyAnalystsGetToThemAlone) {
  support("agree");
  village.accept({.method = "POST",
                  .target = village.base + "/spaces/" + village.open_space + "/contributions",
                  .token = village.as_importer,
                  .body = Json{{"kind", "statement"},
                               {"body", "Van elders."},
                               {"language", "nl"},
                               {"author", village.anna},
                               {"external_id", "17"}}
                              .dump()});
  for (const auto& token : {std::string(), village.as_anna, village.as_mina}) {
    for (const auto& event : events({}, token)) {
      EXPECT_FALSE(event.contains("position"));
      const auto& facts = event.at("facts");
      for (const auto* fact : {"external_id", "identity_key", "content_key", "secret_hash"}) {
        EXPECT_FALSE(facts.contains(fact)) << event;
      }
      if (event.at("type") == "support-given") {
        EXPECT_FALSE(facts.contains("person")) << event;
        EXPECT_FALSE(event.at("actor").contains("id")) << event;
      }
    }
  }
  const auto given = events("?type=support-given", village.as_analyst);
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].at("facts").at("person"), village.bram);
  EXPECT_TRUE(given[0].at("position").is_number());
  const auto placed = events("?type=contribution-placed", village.as_analyst);
  EXPECT_EQ(placed.back().at("facts").at("external_id"), "17");
}

TEST_F(History, ThatWasRestoredAnswersTokensOfTheOtherOneWith410) {
  const auto platform = find_platform(village.node().store, village.platform);
  const auto of_elsewhere = [&](Seal kind, std::uint64_t position, std::string list) {
    auto place = place_at(village.node().store, platform->id, position);
    place.hash_prefix ^= 1;
    place.list = std::move(list);
    return seal(village.node().keys, platform->id, platform->record.platform_key, kind, place);
  };
  const auto beyond = [&](Seal kind, std::string list) { return of_elsewhere(kind, 99999, list); };
  struct Row {
    std::string target;
    Headers headers;
  };
  const auto& base = village.base;
  const std::vector<Row> rows{
      {base + "/contributions", {{"Meent-After", of_elsewhere(Seal::token, 5, {})}}},
      {base + "/contributions", {{"Meent-After", beyond(Seal::token, {})}}},
      {base + "/contributions?cursor=" + of_elsewhere(Seal::cursor, 5, "contributions"), {}},
      {base + "/people?cursor=" + of_elsewhere(Seal::cursor, 5, "people"), {}},
      {base + "/events?cursor=" + of_elsewhere(Seal::stream, 5, {}), {}},
      {base + "/events", {{"Last-Event-ID", beyond(Seal::stream, {})}}},
  };
  for (const auto& row : rows) {
    const auto told = village.ask({.target = row.target, .headers = row.headers});
    EXPECT_EQ(told.status, 410U) << row.target << told.body;
    EXPECT_EQ(told.problem(), "history-restored");
  }
  const auto told = village.ask({.method = "DELETE",
                                 .target = base + "/contributions/" + village.idea,
                                 .token = village.as_anna,
                                 .headers = {{"Meent-After", of_elsewhere(Seal::token, 5, {})}}});
  EXPECT_EQ(told.status, 410U);
}

TEST_F(History, StreamsWhatHappensFromNowOn) {
  TestClient client(village.port());
  client.send(stream_request({}, {}));
  const auto head = client.answer();
  EXPECT_EQ(head.headers.at("Content-Type"), "text/event-stream");
  while (village.hub().count() == 0) std::this_thread::yield();
  support("pass");
  const auto event = next_event(client);
  EXPECT_EQ(event.type, "support-given");
  EXPECT_EQ(event.data.at("id"), event.id);
  EXPECT_EQ(event.data.at("facts").at("stance"), "pass");
}

TEST_F(History, StreamsResumeWithoutAGapOrRepeatWhileCommandsComeIn) {
  constexpr int command_count = 300;
  const auto last_before = events({}, village.as_analyst).back();
  const auto first_position = last_before.at("position").get<std::uint64_t>() + 1;
  auto last_id = last_before.at("id").get<std::string>();
  std::atomic<bool> failed = false;
  std::thread writer([&] {
    for (int i = 0; i < command_count; ++i) {
      const auto told =
          village.ask({.method = "PUT",
                       .target = village.base + "/contributions/" + village.idea + "/support",
                       .token = village.as_bram,
                       .body = i % 2 == 0 ? R"({"stance":"agree"})" : R"({"stance":"pass"})"});
      if (told.status != 200) failed = true;
    }
  });
  std::vector<std::uint64_t> positions;
  while (positions.size() < command_count) {
    TestClient client(village.port());
    client.send(stream_request(village.as_analyst, last_id));
    client.answer();
    // Leaves after a few events, and comes back.
    for (int i = 0; i < 37 && positions.size() < command_count; ++i) {
      const auto event = next_event(client);
      positions.push_back(event.data.at("position"));
      last_id = event.id;
    }
  }
  writer.join();
  EXPECT_FALSE(failed);
  for (std::size_t i = 0; i < positions.size(); ++i) ASSERT_EQ(positions[i], first_position + i);
}

TEST_F(History, IsGivenAsCloudEventsToThoseWhoAcceptThem) {
  support("agree");
  for (const auto& token : {std::string(), village.as_mina, village.as_analyst}) {
    const auto told = village.ask(
        {.target = village.base + "/events",
         .token = token,
         .headers = {{"Accept", "application/cloudevents+json"}, {"Host", "meent.example"}}});
    ASSERT_EQ(told.status, 200U) << told.body;
    EXPECT_EQ(told.header("content-type"),
              R"(application/x-ndjson; profile="application/cloudevents+json")");
    EXPECT_EQ(told.header("vary"), "Accept");
    const auto cloud = lines_of(told.body);
    const auto plain = events({}, token);
    ASSERT_EQ(cloud.size(), plain.size()) << "the same audience";
    std::set<std::string> ids;
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      EXPECT_EQ(cloud[i].at("data"), plain[i].at("facts"));
      EXPECT_EQ(cloud[i].at("type"), "nl.meent." + plain[i].at("type").get<std::string>());
      EXPECT_EQ(cloud[i].contains("actorid"), plain[i].at("actor").contains("id"));
      EXPECT_EQ(cloud[i].contains("position"), plain[i].contains("position"));
      ids.insert(cloud[i].at("id").get<std::string>());
      const auto schema = cloud[i].at("dataschema").get<std::string>();
      ASSERT_TRUE(schema.starts_with("http://meent.example/api/v1/schemas/events/")) << schema;
      const auto served =
          village.ask({.target = schema.substr(20), .headers = {{"Host", "meent.example"}}});
      EXPECT_EQ(served.status, 200U) << schema;
      EXPECT_EQ(served.header("content-type"), "application/schema+json");
      EXPECT_EQ(served.json().at("$id"), schema);
    }
    EXPECT_EQ(ids.size(), cloud.size());
    const auto rest = events("?cursor=" + cloud[cloud.size() - 2].at("cursor").get<std::string>());
    EXPECT_EQ(rest.size(), 1U);
  }
}

TEST_F(History, StreamsCloudEventsWithTheIdsThatEveryReaderSees) {
  TestClient client(village.port());
  client.send(stream_request({}, {}, "?format=cloudevents"));
  EXPECT_EQ(client.answer().headers.at("Content-Type"), "text/event-stream");
  while (village.hub().count() == 0) std::this_thread::yield();
  support("pass");
  const auto event = next_event(client);
  EXPECT_EQ(event.type, "support-given");
  EXPECT_EQ(event.data.at("type"), "nl.meent.support-given");
  EXPECT_EQ(event.data.at("cursor"), event.id);
  const auto lines = lines_of(village
                                  .ask({.target = village.base + "/events",
                                        .token = village.as_analyst,
                                        .headers = {{"Accept", "application/cloudevents+json"}}})
                                  .body);
  EXPECT_EQ(lines.back().at("id"), event.data.at("id"));
}

TEST_F(History, SaysThatAFormatOrSchemaIsNotThere) {
  const auto told = village.get(village.base + "/events?format=xml");
  EXPECT_EQ(told.status, 400U);
  EXPECT_EQ(told.fields(), std::vector<std::string>{"query.format"});
  for (const auto* path : {"sun-risen/1", "comment-placed/0", "comment-placed/2",
                           "comment-placed/1x", "comment-placed/99999999999"}) {
    EXPECT_EQ(village.get(std::string("/api/v1/schemas/events/") + path).status, 404U) << path;
  }
}

TEST_F(History, AStreamThatIsReadTooSlowlyEndsWithTheIdToResumeFrom) {
  const auto first = events({}, village.as_analyst).back().at("position").get<std::uint64_t>();
  TestClient client(village.port(), 4096);
  client.send(stream_request(village.as_analyst, {}));
  client.answer();
  while (village.hub().count() == 0) std::this_thread::yield();
  constexpr int comment_count = 200;
  for (int i = 0; i < comment_count; ++i) comment(std::string(9000, 'a'));
  std::uint64_t expected = first + 1;
  std::string resume_from;
  while (resume_from.empty()) {
    const auto event = next_event(client);
    if (event.type == "closed") {
      EXPECT_EQ(event.data.at("closed"), "too-slow");
      resume_from = event.data.at("id");
    } else {
      ASSERT_EQ(event.data.at("position"), expected++);
    }
  }
  EXPECT_LT(expected, first + 1 + comment_count) << "it was not slow at all";
  const auto rest = events("?cursor=" + resume_from, village.as_analyst);
  ASSERT_EQ(rest.size(), first + 1 + comment_count - expected);
  EXPECT_EQ(rest.front().at("position"), expected);
}

TEST_F(History, AStreamEndsWhenItsTokenIsRevoked) {
  const auto issued = village.accept_locally(
      {.method = "POST",
       .target = village.base + "/tokens",
       .body = Json{{"label", "x"}, {"scopes", {"analyse"}}, {"expires_at", time_from_now(60'000)}}
                   .dump()});
  TestClient client(village.port());
  client.send(stream_request(issued.at("secret"), {}));
  client.answer();
  while (village.hub().count() == 0) std::this_thread::yield();
  village.accept_locally(
      {.method = "DELETE",
       .target = village.base + "/tokens/" + issued.at("id").get<std::string>()});
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  support("agree");
  EXPECT_EQ(client.rest().find("support-given"), std::string::npos);
}

TEST_F(History, AskedForItsHeadOnlyKeepsNoStreamOpen) {
  TestClient client(village.port());
  client.send("HEAD " + village.base + "/events HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.answer(true);
  EXPECT_EQ(head.status, 200U);
  client.leave();
  for (int i = 0; i < 200 && village.hub().count() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(village.hub().count(), 0U);
}

}  // namespace
}  // namespace meent::api
