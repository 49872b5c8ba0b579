#include <cstdint>
#include <string_view>

#include "api/json_body.h"
#include "domain/ids.h"
#include "tests/fuzz/expect.h"

using meent::api::JsonBody;
using Need = JsonBody::Need;

namespace {

/// Reads fields of every shape that routes read.
void read_all(JsonBody& body) {
  expect(body.text("title").size() <= 400'000, "a text keeps to its limit");
  expect(body.text("label", Need::optional, 8).size() <= 8, "a text keeps to its limit");
  const auto word = body.word("value", {"agree", "pass", "disagree"});
  expect(word >= -1 && word < 3, "a word is one of those asked for");
  const auto number = body.number("limit", 1, 100);
  expect(!number || (*number >= 1 && *number <= 100), "a number is within its limits");
  body.flag("is_open", false);
  body.time("expires_at");
  expect(body.texts("themes", 10, 100).size() <= 10, "a list keeps to its limit");
  expect(body.text_map("form", 20).size() <= 20, "a map keeps to its limit");
  body.id<meent::domain::PersonId>("person");
}

}  // namespace

/// Any bytes: refused as a whole, or a body whose every field is valid or is named in the problem.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto body = JsonBody::parse({reinterpret_cast<const char*>(data), size});
  if (!body) return 0;
  read_all(*body);
  for (auto* object : body->objects("fields", 50)) read_all(*object);
  const auto problem = body->problem();
  expect(!problem || !problem->errors.empty(), "a problem names the fields it is about");
  return 0;
}
