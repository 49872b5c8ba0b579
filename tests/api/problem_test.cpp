#include "api/problem.h"

#include <set>
#include <gtest/gtest.h>

namespace meent::api {
namespace {

TEST(Problem, NamesEveryInvalidField) {
  const Problem problem{.type = &problems::invalid_fields,
                        .detail = "Two fields are wrong.",
                        .errors = {{"title", "required", "A title is needed."},
                                   {"themes.2", "too-long", "At most 40 characters."}}};
  const Response answer = to_response(problem, "/api/v1/x");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.body.view(),
            R"({"type":"/problems/invalid-fields","title":"Invalid fields","status":400,)"
            R"("detail":"Two fields are wrong.","instance":"/api/v1/x","errors":[)"
            R"({"field":"title","code":"required","detail":"A title is needed."},)"
            R"({"field":"themes.2","code":"too-long","detail":"At most 40 characters."}]})");
}

TEST(Problem, SaysHowToSignInAndWhenToRepeat) {
  EXPECT_EQ(to_response(Problem{.type = &problems::not_signed_in}).headers.find("WWW-Authenticate"),
            "Bearer");
  const Problem busy{.type = &problems::not_ready, .retry_after = std::chrono::seconds(3)};
  EXPECT_EQ(to_response(busy).headers.find("Retry-After"), "3");
}

TEST(Problem, StaysJsonWhenItQuotesBytesThatAreNotText) {
  const Problem problem{.type = &problems::bad_request, .detail = "\xff"};
  EXPECT_NE(to_response(problem).body.view().find("\xef\xbf\xbd"), std::string_view::npos);
}

TEST(ProblemTypes, AreUniqueAndFoundByTheirName) {
  std::set<std::string_view> slugs;
  for (const ProblemType* type : problem_types()) {
    EXPECT_TRUE(slugs.insert(type->slug).second) << type->slug;
    EXPECT_EQ(find_problem_type(type->slug), type);
    EXPECT_FALSE(type->explanation.empty()) << type->slug;
  }
  EXPECT_EQ(find_problem_type("no-such"), nullptr);
}

}  // namespace
}  // namespace meent::api
