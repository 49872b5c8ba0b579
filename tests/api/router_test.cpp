#include "api/router.h"

#include <gtest/gtest.h>

namespace meent::api {
namespace {

Route route(Method method, std::string path, std::string id, Handler handler) {
  Route made{.method = method, .path = std::move(path), .handler = std::move(handler)};
  made.operation.id = std::move(id);
  made.operation.guard = "open: a test";
  return made;
}

Handler answering(std::string text) {
  return [text](const Request&, Respond respond) { respond(Response::text(text)); };
}

struct RouterTest : testing::Test {
  Router router;

  Response ask(std::string method, std::string target, Headers headers = {},
               std::string body = {}) {
    Request request;
    request.method = method_from(method);
    request.method_name = method;
    request.target = std::move(target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    EXPECT_TRUE(parse_target(request));
    Response answer(0);
    router.dispatch(request, Respond([&](Response response) { answer = std::move(response); }));
    return answer;
  }
};

TEST_F(RouterTest, GivesTheHandlerItsPathParametersDecoded) {
  router.add(route(Method::get, "/api/v1/platforms/{platform}/spaces/{space}", "getSpace",
                   [](const Request& request, Respond respond) {
                     respond(Response::text(std::string(request.path_parameter("platform")) + "|" +
                                            std::string(request.path_parameter("space"))));
                   }));
  EXPECT_EQ(ask("GET", "/api/v1/platforms/a%20b/spaces/%C3%A9").body.view(), "a b|é");
}

TEST_F(RouterTest, PrefersALiteralSegmentToAParameter) {
  router.add(route(Method::get, "/a/{x}", "any", answering("any")));
  router.add(route(Method::get, "/a/me", "me", answering("me")));
  EXPECT_EQ(ask("GET", "/a/me").body.view(), "me");
  EXPECT_EQ(ask("GET", "/a/you").body.view(), "any");
}

TEST_F(RouterTest, AnswersHeadFromTheGetRow) {
  router.add(route(Method::get, "/a", "a", answering("a")));
  EXPECT_EQ(ask("HEAD", "/a").status, 200u);
}

TEST_F(RouterTest, AnswersUnknownPathsWithAProblemThatNamesThem) {
  router.add(route(Method::get, "/api/v1/a", "a", answering("a")));
  const Response answer = ask("GET", "/api/v1/b?c=d");
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.body.view(), R"({"type":"/problems/not-found","title":"Not found","status":404,)"
                                R"("instance":"/api/v1/b"})");
  EXPECT_EQ(ask("GET", "/api/v1").status, 404u);
  EXPECT_EQ(ask("GET", "/api/v1/a/a").status, 404u);
}

TEST_F(RouterTest, NamesTheMethodsThatAreAllowed) {
  router.add(route(Method::get, "/api/a", "a", answering("a")));
  router.add(route(Method::remove, "/api/a", "b", answering("b")));
  for (const char* method : {"POST", "TRACE", "QUERY", "CONNECT"}) {
    const Response answer = ask(method, "/api/a");
    EXPECT_EQ(answer.status, 405u) << method;
    EXPECT_EQ(answer.headers.find("Allow"), "GET, HEAD, DELETE, OPTIONS") << method;
  }
  const Response options = ask("OPTIONS", "/api/a");
  EXPECT_EQ(options.status, 204u);
  EXPECT_EQ(options.headers.find("Allow"), "GET, HEAD, DELETE, OPTIONS");
}

TEST_F(RouterTest, TakesOnlyBodiesOfTheTypesOfTheRow) {
  Route row = route(Method::post, "/api/a", "a", answering("a"));
  row.operation.body.media_types = {"application/json"};
  router.add(std::move(row));
  EXPECT_EQ(
      ask("POST", "/api/a", {{"Content-Type", "application/json; charset=utf-8"}}, "{}").status,
      200u);
  const Response wrong = ask("POST", "/api/a", {{"Content-Type", "text/xml"}}, "<a/>");
  EXPECT_EQ(wrong.status, 415u);
  EXPECT_EQ(wrong.headers.find("Accept-Post"), "application/json");
  EXPECT_EQ(ask("POST", "/api/a", {}, "{}").status, 415u);
  EXPECT_EQ(ask("POST", "/api/a").status, 400u);
}

TEST_F(RouterTest, PutsTheVersionOnEveryAnswerUnderApi) {
  router.add(route(Method::get, "/api/a", "a", answering("a")));
  router.add(route(Method::get, "/page", "page", answering("page")));
  for (const char* target : {"/api/a", "/api/missing", "/api/a/"})
    EXPECT_EQ(ask("GET", target).headers.find("API-Version"), "1.0.0") << target;
  EXPECT_EQ(ask("DELETE", "/api/a").headers.find("API-Version"), "1.0.0");
  EXPECT_FALSE(ask("GET", "/page").headers.find("API-Version"));
}

TEST_F(RouterTest, PutsSecurityHeadersOnEveryPage) {
  router.add(route(Method::get, "/page", "page", answering("page")));
  for (const char* target : {"/page", "/missing"}) {
    const Response answer = ask("GET", target);
    ASSERT_TRUE(answer.headers.find("Content-Security-Policy")) << target;
    EXPECT_EQ(answer.headers.find("Content-Security-Policy")->find("unsafe-inline"),
              std::string_view::npos);
    EXPECT_EQ(answer.headers.find("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(answer.headers.find("Referrer-Policy"));
  }
}

TEST_F(RouterTest, LeadsPagesToTheirAddressWithoutATrailingSlashAndNeverToAnotherHost) {
  router.add(route(Method::get, "/p/{slug}", "page", answering("page")));
  router.add(route(Method::get, "/{other}", "other", answering("other")));
  router.add(route(Method::get, "/api/a", "a", answering("a")));
  const Response moved = ask("GET", "/p/dorp/?sort=new");
  EXPECT_EQ(moved.status, 308u);
  EXPECT_EQ(moved.headers.find("Location"), "/p/dorp?sort=new");
  EXPECT_EQ(ask("GET", "/api/a/").status, 404u);
  EXPECT_EQ(ask("GET", "//evil.example/").status, 404u);
}

TEST_F(RouterTest, RefusesRowsThatCannotBeMeant) {
  router.add(route(Method::get, "/a/{x}", "a", answering("a")));
  EXPECT_THROW(router.add(route(Method::get, "/a/{x}", "b", answering("b"))),
               std::invalid_argument);
  EXPECT_THROW(router.add(route(Method::put, "/a/{y}", "b", answering("b"))),
               std::invalid_argument);
  EXPECT_THROW(router.add(route(Method::get, "/b", "a", answering("b"))), std::invalid_argument);
  EXPECT_THROW(router.add(route(Method::get, "/b/", "b", answering("b"))), std::invalid_argument);
  Route unguarded = route(Method::get, "/c", "c", answering("c"));
  unguarded.operation.guard.clear();
  EXPECT_THROW(router.add(std::move(unguarded)), std::invalid_argument);
  Route astray = route(Method::get, "/d", "d", answering("d"));
  astray.operation.parameters.push_back({.name = "x", .place = ParameterPlace::path});
  EXPECT_THROW(router.add(std::move(astray)), std::invalid_argument);
}

TEST_F(RouterTest, TellsItsObserverTheRowAndTheStatus) {
  std::string seen;
  router.set_observer([&](const Route* row, unsigned status, std::chrono::nanoseconds) {
    seen += (row != nullptr ? row->operation.id : "none") + ":" + std::to_string(status) + " ";
  });
  router.add(route(Method::get, "/a", "a", answering("a")));
  ask("GET", "/a");
  ask("GET", "/b");
  EXPECT_EQ(seen, "a:200 none:404 ");
}

TEST_F(RouterTest, MakesPagesOfProblemsOutsideTheApi) {
  router.set_problem_page([](const Request&, const Problem& problem) {
    return Response::html("<p>" + std::string(problem.type->title), problem.type->status);
  });
  EXPECT_EQ(ask("GET", "/nothing").body.view(), "<p>Not found");
  EXPECT_EQ(ask("GET", "/api/nothing").headers.find("Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace meent::api
