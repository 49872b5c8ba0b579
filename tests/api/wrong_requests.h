#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/api/running_node.h"

/// Bad input: a clear answer that names what is wrong, and nothing in the log.
namespace meent::api {

struct Wrong {
  std::string what;
  Ask ask;
  unsigned status;
  std::string problem;
  std::vector<std::string> fields = {};
};

inline constexpr unsigned bad = 400, unauthorized = 401, forbidden = 403, missing = 404,
                          conflict = 409;
inline const std::string nowhere(32, '7');

struct WrongRequests : testing::Test {
  VillageNode village;

  std::string contribution(const std::string& id, const std::string& part = {}) {
    return village.base + "/contributions/" + id + part;
  }
  /// Anna places in the open space.
  Ask placing(std::string body) {
    return {.method = "POST",
            .target = village.base + "/spaces/" + village.open_space + "/contributions",
            .token = village.as_anna,
            .body = std::move(body)};
  }
  Ask by_operator(std::string method, std::string path, std::string body) {
    return {.method = std::move(method),
            .target = village.base + path,
            .token = village.as_operator,
            .body = std::move(body)};
  }
  Ask reading(std::string path, Headers headers = {}) {
    return {.target = village.base + path, .headers = std::move(headers)};
  }

  void expect_refused(const std::vector<Wrong>& rows) {
    const auto before = village.end();
    for (const auto& row : rows) {
      SCOPED_TRACE(row.what);
      const auto told = village.ask(row.ask);
      EXPECT_EQ(told.status, row.status) << told.body.substr(0, 400);
      EXPECT_EQ(told.header("content-type"), "application/problem+json");
      EXPECT_EQ(told.header("api-version"), "1.0.0");
      if (told.header("content-type") != "application/problem+json") continue;
      EXPECT_EQ(told.problem(), row.problem) << told.body;
      EXPECT_EQ(told.fields(), row.fields) << told.body;
      EXPECT_EQ(told.json().value("status", 0U), told.status);
      EXPECT_EQ(village.end(), before) << "something was written";
    }
  }
};

}  // namespace meent::api
