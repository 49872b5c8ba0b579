#include "api/asyncapi.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace meent::api {
namespace {

using Json = nlohmann::ordered_json;

/// JSON as YAML in block style. Keys and texts are quoted as in JSON, which YAML reads too.
void append_yaml(std::string& out, const Json& json, std::size_t depth) {
  const std::string indent(2 * depth, ' ');
  if (!json.is_structured() || json.empty()) {
    out += ' ' + json.dump() + '\n';
    return;
  }
  out += '\n';
  for (const auto& [key, value] : json.items()) {
    const bool is_plain = key.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_-.") == std::string::npos;
    out += indent + (json.is_array() ? "-" : (is_plain ? key : Json(key).dump()) + ":");
    append_yaml(out, value, depth + 1);
  }
}

std::string as_yaml(const std::string& text) {
  std::string out =
      "# Made from the program; tests/api/asyncapi_test.cpp compares it, and with\n"
      "# MEENT_WRITE_DOCS=1 writes it anew. Served as JSON at /api/v1/asyncapi.json.";
  append_yaml(out, Json::parse(text), 0);
  return out;
}

TEST(AsyncApi, InTheDocsIsWhatTheProgramSays) {
  const auto path = std::string(MEENT_SOURCE_DIR) + "/docs/asyncapi.yaml";
  const auto expected = as_yaml(asyncapi_document());
  if (std::getenv("MEENT_WRITE_DOCS") != nullptr) std::ofstream(path) << expected;
  std::ifstream file(path);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(written == expected) << path << " is not what the program says";
}

TEST(AsyncApi, SaysInPublicOnlyWhatIsPublic) {
  const auto document = Json::parse(asyncapi_document());
  const auto& channels = document.at("channels");
  const auto& topic = channels.at("publicEvents").at("messages");
  const auto& history = channels.at("history").at("messages");
  EXPECT_TRUE(topic.contains("support-given"));
  for (const auto* name : {"person-registered", "role-granted", "token-issued"}) {
    EXPECT_FALSE(topic.contains(name)) << name;
    EXPECT_TRUE(history.contains(name)) << name;
  }
}

}  // namespace
}  // namespace meent::api
