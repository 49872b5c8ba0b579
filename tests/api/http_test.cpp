#include "api/http.h"

#include <gtest/gtest.h>

namespace meent::api {
namespace {

Request request_for(std::string target) {
  Request request;
  request.target = std::move(target);
  return request;
}

TEST(Headers, AreFoundWithoutRegardToCase) {
  const Headers headers{{"Content-Type", "text/plain"}, {"ETag", "\"1\""}};
  EXPECT_EQ(headers.find("content-type"), "text/plain");
  EXPECT_EQ(headers.find("etag"), "\"1\"");
  EXPECT_FALSE(headers.find("e-tag"));
}

TEST(Headers, CannotBeBrokenOutOf) {
  Headers headers;
  headers.add("Location", "/a\r\nSet-Cookie: x=1");
  EXPECT_EQ(headers.wire(), "Location: /a  Set-Cookie: x=1\r\n");
}

TEST(Headers, SettingReplacesEveryLineOfThatName) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.set("A", "4");
  EXPECT_EQ(headers.wire(), "B: 2\r\nA: 4\r\n");
  EXPECT_EQ(headers.find("A"), "4");
}

TEST(Headers, AppendingKeepsBothFindable) {
  Headers headers{{"A", "1"}};
  headers.append(Headers{{"B", "2"}});
  EXPECT_EQ(headers.find("a"), "1");
  EXPECT_EQ(headers.find("b"), "2");
}

TEST(Target, IsSplitAndDecoded) {
  Request request = request_for("/p/caf%C3%A9%2Fbar?q=a+b&q=%63&empty&x=1=2");
  ASSERT_TRUE(parse_target(request));
  EXPECT_EQ(request.segments, (std::vector<std::string>{"p", "café/bar"}));
  EXPECT_EQ(request.query_values("q"), (std::vector<std::string_view>{"a b", "c"}));
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("x"), "1=2");
  EXPECT_EQ(request.raw_path(), "/p/caf%C3%A9%2Fbar");
}

TEST(Target, InAbsoluteFormIsReadLikeItsPath) {
  Request request = request_for("http://meent.example/a?b=c");
  ASSERT_TRUE(parse_target(request));
  EXPECT_EQ(request.segments, std::vector<std::string>{"a"});
  EXPECT_EQ(request.query_value("b"), "c");
}

TEST(Target, KnowsRootEmptySegmentsAndTrailingSlash) {
  Request root = request_for("/");
  ASSERT_TRUE(parse_target(root));
  EXPECT_TRUE(root.segments.empty());
  EXPECT_FALSE(root.has_trailing_slash);
  Request trailing = request_for("/a/b/");
  ASSERT_TRUE(parse_target(trailing));
  EXPECT_EQ(trailing.segments, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(trailing.has_trailing_slash);
  Request doubled = request_for("/a//b");
  ASSERT_TRUE(parse_target(doubled));
  EXPECT_EQ(doubled.segments, (std::vector<std::string>{"a", "", "b"}));
}

TEST(Target, ThatIsNotTextIsRefused) {
  for (const char* bad : {"/%00", "/%C3", "/%ED%A0%80", "/%C0%AF", "/%F5%80%80%80", "/a%2", "/a%zz",
                          "a", "", "/a?b=%FF", "/a?b=%00"}) {
    Request request = request_for(bad);
    EXPECT_FALSE(parse_target(request)) << bad;
  }
}

TEST(Target, KeepsAStrayPercentOfTheQuery) {
  Request request = request_for("/?q=100%&r=%4");
  ASSERT_TRUE(parse_target(request));
  EXPECT_EQ(request.query_value("q"), "100%");
  EXPECT_EQ(request.query_value("r"), "%4");
}

TEST(Request, ReadsNumbersOnlyWithinTheirLimits) {
  Request request = request_for("/?a=5&b=x&c=500&d=5x&e=");
  ASSERT_TRUE(parse_target(request));
  EXPECT_EQ(request.query_number("a", 1, 100), 5);
  for (const char* name : {"b", "c", "d", "e", "absent"})
    EXPECT_FALSE(request.query_number(name, 1, 100)) << name;
}

TEST(Request, FindsCookiesAndTheBodysType) {
  Request request;
  request.headers =
      Headers{{"Cookie", "a=1; meent=x=y ;b"}, {"Content-Type", "Application/JSON; charset=x"}};
  EXPECT_EQ(request.cookie("meent"), "x=y");
  EXPECT_EQ(request.cookie("a"), "1");
  EXPECT_FALSE(request.cookie("b"));
  EXPECT_EQ(request.content_type(), "application/json");
}

TEST(Form, IsStrictAboutItsEncoding) {
  const auto form = parse_form("title=Een+idee%21&body=a%0D%0Ab");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->at(0).second, "Een idee!");
  EXPECT_EQ(form->at(1).second, "a\r\nb");
  EXPECT_FALSE(parse_form("title=100%"));
}

TEST(PercentEncoding, IsTheInverseOfDecoding) {
  const std::string text = "a/b ?&=%é+";
  Request request = request_for("/" + percent_encode(text));
  ASSERT_TRUE(parse_target(request));
  EXPECT_EQ(request.segments, std::vector<std::string>{text});
}

TEST(Respond, DestroyedWithoutAnAnswerAnswers500) {
  unsigned status = 0;
  {
    const Respond respond([&](Response response) { status = response.status; });
  }
  EXPECT_EQ(status, 500u);
}

TEST(Respond, AnswersOnceAlthoughItWasMoved) {
  int answers = 0;
  {
    Respond first([&](Response) { ++answers; });
    Respond second(std::move(first));
    EXPECT_FALSE(first);
    second(Response(204));
  }
  EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace meent::api
