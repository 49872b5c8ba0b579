#include "tests/api/wrong_requests.h"

#include <thread>

#include "tests/api/test_client.h"

namespace meent::api {
namespace {

/// The same text with one character changed in the midst of it.
std::string tampered(std::string text) {
  auto& c = text[text.size() / 2];
  c = c == 'A' ? 'B' : 'A';
  return text;
}

TEST_F(WrongRequests, WithCursorsAndTokensOfElsewhereAreRefused) {
  const std::string type = "invalid-cursor";
  village.place_statement(village.as_anna, "Meer bomen.");
  village.place_statement(village.as_anna, "Meer gras.");
  village.wait_for_views();
  const std::string feed = village.get(village.base + "/contributions?limit=1").json().at("next");
  const std::string people = village.get(village.base + "/people?limit=1").json().at("next");
  const std::string deeds =
      village.get(village.base + "/people/" + village.anna + "/deeds?limit=1").json().at("next");
  const auto events = village.get(village.base + "/events?limit=1").body;
  const std::string event = Json::parse(events).at("id");
  const std::string other = village.accept_locally(
      {.method = "POST",
       .target = "/api/v1/platforms",
       .body = R"({"slug":"elders","name":"Elders","language":"nl"})"})["id"];
  const auto cursor = [](const std::string& text) { return "?limit=1&cursor=" + text; };
  expect_refused({
      {"no cursor", reading("/contributions" + cursor("")), bad, type},
      {"not base64", reading("/contributions" + cursor("!!")), bad, type},
      {"a guess", reading("/contributions" + cursor("QUJD")), bad, type},
      {"very long", reading("/contributions" + cursor(std::string(5000, 'A'))), bad, type},
      {"tampered with", reading("/contributions" + cursor(tampered(feed))), bad, type},
      {"of another list", reading("/contributions" + cursor(people)), bad, type},
      {"of another order", reading("/contributions" + cursor(feed) + "&sort=top"), bad, type},
      {"of another filter", reading("/contributions" + cursor(feed) + "&kind=idea"), bad, type},
      {"of another feed",
       reading("/spaces/" + village.open_space + "/contributions" + cursor(feed)), bad, type},
      {"of another person", reading("/people/" + village.bram + "/deeds" + cursor(deeds)), bad,
       type},
      {"of another platform",
       {.target = "/api/v1/platforms/" + other + "/contributions" + cursor(feed)},
       bad,
       type},
      {"a list's cursor for events", reading("/events" + cursor(feed)), bad, type},
      {"an event's id for a list", reading("/contributions" + cursor(event)), bad, type},
      {"resuming from nothing", reading("/events", {{"Last-Event-ID", "7"}}), bad, type},
      {"fresh as an event", reading("/contributions", {{"Meent-After", event}}), bad, type},
      {"fresh as nothing", reading("/contributions", {{"Meent-After", "x"}}), bad, type},
      {"writing after nothing",
       {.method = "DELETE",
        .target = contribution(village.idea),
        .token = village.as_anna,
        .headers = {{"Meent-After", "x"}}},
       bad,
       type},
  });
}

TEST_F(WrongRequests, ByNobodyKnownAreNotSignedIn) {
  const std::string type = "not-signed-in";
  const auto revoked = village.accept_locally(
      {.method = "POST",
       .target = village.base + "/tokens",
       .body = Json{{"label", "oud"}, {"scopes", {"operate"}}, {"expires_at", time_from_now(60000)}}
                   .dump()});
  village.accept_locally(
      {.method = "DELETE",
       .target = village.base + "/tokens/" + revoked.at("id").get<std::string>()});
  const auto expired = village.token(village.anna, {"act"}, 200);
  village.accept_locally({.method = "POST",
                          .target = "/api/v1/platforms",
                          .body = R"({"slug":"elders","name":"Elders","language":"nl"})"});
  const std::string elsewhere = village.accept_locally(
      {.method = "POST",
       .target = "/api/v1/platforms/elders/tokens",
       .body = Json{{"label", "x"}, {"scopes", {"operate"}}, {"expires_at", time_from_now(60000)}}
                   .dump()})["secret"];
  const auto deleting = [&](std::string token, Headers headers = {}) {
    return Ask{.method = "DELETE",
               .target = contribution(village.idea),
               .token = std::move(token),
               .headers = std::move(headers)};
  };
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  expect_refused({
      {"no token", deleting({}), unauthorized, type},
      {"no token's form", deleting("abc"), unauthorized, type},
      {"a token nobody made", deleting("meent_" + nowhere + "_" + std::string(43, 'A')),
       unauthorized, type},
      {"a secret tampered with", deleting(village.as_anna.substr(0, 81) + "x"), unauthorized, type},
      {"another scheme", deleting({}, {{"Authorization", "Basic YTpi"}}), unauthorized, type},
      {"a scheme alone", deleting({}, {{"Authorization", "Bearer "}}), unauthorized, type},
      {"an expired token", deleting(expired), unauthorized, type},
      {"an expired token that reads",
       {.target = village.base + "/contributions", .token = expired},
       unauthorized,
       type},
      {"a revoked token", deleting(revoked.at("secret")), unauthorized, type},
      {"a token of another platform", deleting(elsewhere), unauthorized, type},
      {"tokens without a token", reading("/tokens"), unauthorized, type},
      {"imports without a token", reading("/imports/" + nowhere), unauthorized, type},
      {"founding without a token",
       {.method = "POST",
        .target = "/api/v1/platforms",
        .body = R"({"slug":"x","name":"X","language":"nl"})"},
       unauthorized,
       type},
  });
}

TEST_F(WrongRequests, BeyondOnesRightsAreNotAllowed) {
  const std::string type = "not-allowed";
  const auto by = [&](const std::string& token, std::string method, std::string path,
                      std::string body = {}) {
    return Ask{.method = std::move(method),
               .target = village.base + path,
               .token = token,
               .body = std::move(body)};
  };
  const auto idea = "/contributions/" + village.idea;
  const auto place = "/spaces/" + village.open_space + "/contributions";
  const std::string text = R"("kind":"statement","body":"a","language":"nl"})";
  const std::string hide = R"({"verdict":"hidden","reason":"zo"})";
  expect_refused({
      {"support for somebody else",
       by(village.as_anna, "PUT", idea + "/support",
          R"({"stance":"agree","person":")" + village.bram + R"("})"),
       forbidden,
       type,
       {"person"}},
      {"a contribution for somebody else",
       by(village.as_anna, "POST", place, R"({"author":")" + village.bram + R"(",)" + text),
       forbidden,
       type,
       {"author"}},
      {"a comment for somebody else",
       by(village.as_anna, "POST", idea + "/comments",
          R"({"body":"a","language":"nl","author":")" + village.bram + R"("})"),
       forbidden,
       type,
       {"author"}},
      {"a time of one's own",
       by(village.as_anna, "POST", place, R"({"occurred_at":"2020-01-01T00:00:00Z",)" + text),
       forbidden,
       type,
       {"occurred_at"}},
      {"a time by an operator",
       by(village.as_operator, "PUT", idea + "/support",
          R"({"stance":"agree","occurred_at":"2020-01-01T00:00:00Z","person":")" + village.bram +
              R"("})"),
       forbidden,
       type,
       {"occurred_at"}},
      {"an id of one's own",
       by(village.as_anna, "POST", place, R"({"id":")" + nowhere + R"(",)" + text),
       forbidden,
       type,
       {"id"}},
      {"a source's id of one's own",
       by(village.as_anna, "POST", place, R"({"external_id":"7",)" + text),
       forbidden,
       type,
       {"external_id"}},
      {"another's contribution", by(village.as_bram, "DELETE", idea), forbidden, type},
      {"closing another's contribution",
       by(village.as_bram, "PUT", idea + "/standing", R"({"standing":"closed"})"), forbidden, type},
      {"closing by a moderator's token without that scope",
       by(village.as_mina_plain, "PUT", idea + "/standing", R"({"standing":"closed"})"), forbidden,
       type},
      {"another's comment", by(village.as_anna, "DELETE", "/comments/" + village.comment),
       forbidden, type},
      {"hiding by anyone", by(village.as_anna, "PUT", idea + "/moderation", hide), forbidden, type},
      {"hiding by a moderator's token without that scope",
       by(village.as_mina_plain, "PUT", idea + "/moderation", hide), forbidden, type},
      {"hiding with the scope but without the role",
       by(village.token(village.bram, {"act", "moderate"}), "PUT", idea + "/moderation", hide),
       forbidden, type},
      {"hiding a comment by anyone",
       by(village.as_anna, "PUT", "/comments/" + village.comment + "/moderation", hide), forbidden,
       type},
      {"a space by a moderator",
       by(village.as_mina, "POST", "/spaces", R"({"slug":"x","title":"X","kinds":["idea"]})"),
       forbidden, type},
      {"a kind by a person", by(village.as_anna, "PUT", "/kinds/vraag", R"({"label":"V"})"),
       forbidden, type},
      {"a person by a person", by(village.as_anna, "POST", "/people", R"({"name":"C"})"), forbidden,
       type},
      {"a role by oneself",
       by(village.as_anna, "PUT", "/people/" + village.anna + "/role", R"({"role":"operator"})"),
       forbidden, type},
      {"a role by an importer",
       by(village.as_importer, "PUT", "/people/" + village.anna + "/role",
          R"({"role":"operator"})"),
       forbidden, type},
      {"an operator by an importer",
       by(village.as_importer, "POST", "/people", R"({"name":"C","role":"operator"})"), forbidden,
       type},
      {"a token by a person",
       by(village.as_anna, "POST", "/tokens",
          R"({"label":"x","scopes":["act"],"expires_at":"2027-01-01T00:00:00Z"})"),
       forbidden, type},
      {"a token by an importer",
       by(village.as_importer, "POST", "/tokens",
          R"({"label":"x","scopes":["act"],"expires_at":"2027-01-01T00:00:00Z"})"),
       forbidden, type},
      {"the tokens for a person", by(village.as_anna, "GET", "/tokens"), forbidden, type},
      {"the tokens for an importer", by(village.as_importer, "GET", "/tokens"), forbidden, type},
      {"the imports for an operator", by(village.as_operator, "GET", "/imports/" + nowhere),
       forbidden, type},
      {"an act by an analyst", by(village.as_analyst, "DELETE", idea), forbidden, type},
      {"founding by a platform's operator",
       {.method = "POST",
        .target = "/api/v1/platforms",
        .token = village.as_operator,
        .body = R"({"slug":"x","name":"X","language":"nl"})"},
       unauthorized,
       "not-signed-in"},
  });
}

TEST_F(WrongRequests, AgainstTheStateOfThingsAreRefused) {
  const std::string refused = "refused";
  const auto by_anna = [&](std::string method, std::string target, std::string body = {}) {
    return Ask{.method = std::move(method),
               .target = std::move(target),
               .token = village.as_anna,
               .body = std::move(body)};
  };
  const auto withdrawn = village.place_statement(village.as_anna, "Toch niet.");
  village.accept(by_anna("DELETE", contribution(withdrawn)));
  const std::string stance = R"({"stance":"agree"})";
  const std::string revision = R"({"title":"T","body":"b","language":"nl"})";
  const auto revising = [&](std::string match) {
    return Ask{.method = "PUT",
               .target = contribution(village.idea),
               .token = village.as_anna,
               .body = revision,
               .headers = {{"If-Match", match}}};
  };
  expect_refused({
      {"placing in a closed space",
       by_anna("POST", village.base + "/spaces/" + village.closed_space + "/contributions",
               R"({"kind":"idea","title":"T","body":"b","language":"nl"})"),
       conflict, refused},
      {"supporting in a closed space",
       by_anna("PUT", contribution(village.closed_idea, "/support"), stance), conflict, refused},
      {"supporting what is hidden",
       by_anna("PUT", contribution(village.hidden, "/support"), stance), conflict, refused},
      {"commenting on what is withdrawn",
       by_anna("POST", contribution(withdrawn, "/comments"), R"({"body":"a","language":"nl"})"),
       conflict, refused},
      {"withdrawing twice", by_anna("DELETE", contribution(withdrawn)), conflict, refused},
      {"withdrawing support never given", by_anna("DELETE", contribution(village.idea, "/support")),
       conflict, refused},
      {"reopening what is open",
       by_anna("PUT", contribution(village.idea, "/standing"), R"({"standing":"open"})"), conflict,
       refused},
      {"hiding twice",
       {.method = "PUT",
        .target = contribution(village.hidden, "/moderation"),
        .token = village.as_mina,
        .body = R"({"verdict":"hidden","reason":"nog eens"})"},
       conflict,
       refused},
      {"a slug that is taken",
       by_operator("POST", "/spaces", R"({"slug":"ideeen","title":"T","kinds":["idea"]})"),
       conflict,
       refused,
       {"slug"}},
      {"a role that one has",
       by_operator("PUT", "/people/" + village.mina + "/role", R"({"role":"moderator"})"),
       conflict,
       refused,
       {"role"}},
      {"a stale revision", revising("\"r7-x\""), 412, "precondition-failed", {"revision"}},
      {"an ETag of elsewhere", revising("\"abc\""), 412, "precondition-failed"},
      {"any revision", revising("*"), 412, "precondition-failed"},
      {"no If-Match", by_anna("PUT", contribution(village.idea), revision), 428,
       "precondition-required"},
      {"no If-Match on a comment",
       {.method = "PUT",
        .target = village.base + "/comments/" + village.comment,
        .token = village.as_bram,
        .body = R"({"body":"b"})"},
       428,
       "precondition-required"},
  });
}

TEST_F(WrongRequests, ThatUseAKeyAgainForSomethingElseAreRefused) {
  const auto supporting = [&](std::string stance, std::string target) {
    return Ask{.method = "PUT",
               .target = std::move(target),
               .token = village.as_anna,
               .body = R"({"stance":")" + stance + R"("})",
               .headers = {{"Idempotency-Key", "een"}}};
  };
  village.accept(supporting("agree", contribution(village.idea, "/support")));
  const auto other = village.place_statement(village.as_bram, "Meer licht.");
  auto commenting = supporting("agree", contribution(village.idea, "/comments"));
  commenting.method = "POST";
  commenting.body = R"({"body":"a","language":"nl"})";
  expect_refused({
      {"another body", supporting("pass", contribution(village.idea, "/support")), 422,
       "key-reused"},
      {"another target", supporting("agree", contribution(other, "/support")), 422, "key-reused"},
      {"another command", commenting, 422, "key-reused"},
  });
}

TEST_F(WrongRequests, WithAnotherMethodLearnWhichThereAre) {
  struct Row {
    std::string method, target, allow;
  };
  const std::vector<Row> rows{
      {"DELETE", "/api/v1/platforms", "GET, HEAD, POST, OPTIONS"},
      {"PATCH", contribution(village.idea), "GET, HEAD, PUT, DELETE, OPTIONS"},
      {"POST", village.base + "/contributions", "GET, HEAD, OPTIONS"},
      {"GET", contribution(village.idea, "/support"), "PUT, DELETE, OPTIONS"},
      {"TRACE", village.base + "/search", "GET, HEAD, OPTIONS"},
      {"POST", "/api/v1/openapi.json", "GET, HEAD, OPTIONS"},
  };
  const auto before = village.end();
  for (const auto& row : rows) {
    SCOPED_TRACE(row.method + " " + row.target);
    const auto told =
        village.ask({.method = row.method, .target = row.target, .token = village.as_operator});
    EXPECT_EQ(told.status, 405U);
    EXPECT_EQ(told.problem(), "method-not-allowed");
    EXPECT_EQ(told.header("allow"), row.allow);
  }
  EXPECT_EQ(village.end(), before);
}

TEST_F(WrongRequests, InAnotherMediaTypeLearnWhichThereIs) {
  const auto before = village.end();
  for (const std::string type : {"text/plain", "application/x-www-form-urlencoded",
                                 "application/xml", "application/jsonp", "json"}) {
    SCOPED_TRACE(type);
    auto ask = placing(R"({"kind":"statement","body":"a","language":"nl"})");
    ask.content_type = type;
    const auto told = village.ask(ask);
    EXPECT_EQ(told.status, 415U);
    EXPECT_EQ(told.problem(), "unsupported-media-type");
    EXPECT_EQ(told.header("accept-post"), "application/json");
  }
  EXPECT_EQ(village.end(), before);
}

TEST_F(WrongRequests, BelowTheRouterAreAnsweredAlike) {
  struct Row {
    std::string what, bytes;
    unsigned status;
    std::string problem;
  };
  const auto head = "POST " + village.base + "/spaces HTTP/1.1\r\nHost: x\r\n";
  const std::vector<Row> rows{
      {"a body over a megabyte", head + "Content-Length: 2000000\r\n\r\n", 413,
       "content-too-large"},
      {"an address too long", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
       414, "target-too-long"},
      {"headers too large", head + "X: " + std::string(20'000, 'a') + "\r\n\r\n", 431,
       "headers-too-large"},
      {"an address that is not UTF-8", "GET /api/v1/platforms/%FF HTTP/1.1\r\nHost: x\r\n\r\n", 400,
       "bad-request"},
      {"an address with NUL", "GET /api/v1/platforms/a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400,
       "bad-request"},
      {"half a percent sequence", "GET /api/v1/platforms/%4 HTTP/1.1\r\nHost: x\r\n\r\n", 400,
       "bad-request"},
      {"a parameter that is not UTF-8",
       "GET " + village.base + "/search?q=%C3%28 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"},
      {"no HTTP", "GET\r\n\r\n", 400, "bad-request"},
      {"another HTTP", "GET / HTTP/2.5\r\nHost: x\r\n\r\n", 505, "http-version-not-supported"},
  };
  const auto before = village.end();
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    TestClient client(village.port());
    const auto answer = client.ask(row.bytes);
    EXPECT_EQ(answer.status, row.status);
    EXPECT_EQ(Json::parse(answer.body).value("type", ""), "/problems/" + row.problem);
  }
  EXPECT_EQ(village.end(), before);
}

}  // namespace
}  // namespace meent::api
