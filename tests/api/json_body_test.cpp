#include "api/json_body.h"

#include <gtest/gtest.h>

namespace meent::api {
namespace {

std::vector<std::string> faults_of(JsonBody& body) {
  std::vector<std::string> out;
  const auto problem = body.problem();
  if (!problem) return out;
  for (const auto& error : problem->errors) out.push_back(error.field + ":" + error.code);
  return out;
}

TEST(JsonBody, NotesEveryFaultAndTheFieldsNobodyAskedFor) {
  auto body = JsonBody::parse(R"({"a":1,"b":"x","list":[{"c":2,"d":3}],"extra":true})");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->text("a"), "");
  EXPECT_EQ(body->number("b", 1, 5), std::nullopt);
  EXPECT_EQ(body->text("missing"), "");
  const auto list = body->objects("list", 5);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]->number("c", 1, 5), 2);
  EXPECT_EQ(faults_of(*body),
            (std::vector<std::string>{"a:wrong-type", "b:out-of-range", "missing:required",
                                      "extra:unknown-field", "list.0.d:unknown-field"}));
}

TEST(JsonBody, IsForbiddenOnlyWhenNothingElseIsWrong) {
  auto body = JsonBody::parse(R"({"a":"1"})");
  body->text("a");
  body->forbid("a", "Not for you.");
  EXPECT_EQ(body->problem()->type, &problems::not_allowed);
  auto worse = JsonBody::parse(R"({"a":"1"})");
  worse->text("a");
  worse->forbid("a", "Not for you.");
  worse->fault("b", "required", "Missing.");
  EXPECT_EQ(worse->problem()->type, &problems::invalid_fields);
}

TEST(JsonBody, CountsNumbersUpToTheirLimits) {
  auto body = JsonBody::parse(
      R"({"least":1,"most":5,"below":0,"above":6,"huge":18446744073709551615,"half":1.5})");
  EXPECT_EQ(body->number("least", 1, 5), 1);
  EXPECT_EQ(body->number("most", 1, 5), 5);
  for (const auto* field : {"below", "above", "huge", "half"}) body->number(field, 1, 5);
  EXPECT_EQ(faults_of(*body).size(), 4U);
}

TEST(Rfc3339, TakesOffsetsAndFractionsAndWritesMilliseconds) {
  const std::pair<const char*, const char*> rows[] = {
      {"2014-06-18T01:16:54Z", "2014-06-18T01:16:54.000Z"},
      {"2014-06-18T03:16:54+02:00", "2014-06-18T01:16:54.000Z"},
      {"2014-06-17T20:16:54-05:00", "2014-06-18T01:16:54.000Z"},
      {"2014-06-18t01:16:54.1z", "2014-06-18T01:16:54.100Z"},
      {"2014-06-18T01:16:54.123456Z", "2014-06-18T01:16:54.123Z"},
      {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"},
      {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
  };
  for (const auto& [given, written] : rows) {
    const auto time = parse_rfc3339(given);
    ASSERT_TRUE(time.has_value()) << given;
    EXPECT_EQ(rfc3339(*time), written);
  }
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const auto* text :
       {"", "now", "2014-06-18", "2014-06-18T01:16:54", "2014-02-30T00:00:00Z",
        "2014-13-01T00:00:00Z", "2014-06-18T24:00:00Z", "2014-06-18T01:60:00Z",
        "2014-06-18T01:16:54.Z", "2014-06-18T01:16:54+0200", "2014-06-18T01:16:54+25:00",
        "2014-06-18T01:16:54 Z", "2014-06-18T01:16:54Zz", "14-06-18T01:16:54Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace meent::api
