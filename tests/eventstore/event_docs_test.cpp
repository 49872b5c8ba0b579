#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "eventstore/codec.h"

namespace meent::eventstore {
namespace {

std::string name_of(Audience audience) {
  switch (audience) {
    case Audience::everyone: return "everyone";
    case Audience::scope: return "scope";
    case Audience::analysts: return "analysts";
    case Audience::operators: return "operators";
  }
  return "";
}

/// The row docs/events.md must have for this type.
std::string row_of(const EventType& type) {
  const auto list = [](const auto& items, const auto& show) {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : ", ") + show(item);
    return out;
  };
  const auto named = [](std::string_view name) { return std::string(name); };
  return "| " + std::string(type.name) + " | " + std::to_string(type.version) + " | " +
         name_of(type.audience) + " | " +
         list(type.facts,
              [](const Fact& fact) {
                return std::string(fact.name) + (fact.is_sealed ? "*" : "") +
                       (fact.is_optional ? "?" : "");
              }) +
         " | " + list(type.analyst_facts, named) + " | " +
         (type.public_form.says == PublicForm::Says::facts ? list(type.public_form.facts, named)
                                                           : "nothing") +
         " |";
}

TEST(EventDocs, HaveEachTypeWithItsAudienceAndFacts) {
  std::ifstream file(std::string(MEENT_SOURCE_DIR) + "/docs/events.md");
  std::vector<std::string> rows;
  bool is_table = false;
  for (std::string line; std::getline(file, line);) {
    if (is_table && line.starts_with("| ") && !line.starts_with("| type ")) rows.push_back(line);
    is_table = is_table || line == "## The types";
  }
  std::vector<std::string> expected;
  for (const auto& type : event_types()) expected.push_back(row_of(type));
  std::ostringstream all;
  for (const auto& row : expected) all << row << '\n';
  EXPECT_EQ(rows, expected) << "The table is to be:\n" << all.str();
}

TEST(EventDocs, WithholdOnlyFactsThatExist) {
  for (const auto& type : event_types()) {
    for (const auto name : type.analyst_facts) {
      const bool exists =
          std::ranges::any_of(type.facts, [&](const Fact& fact) { return fact.name == name; });
      EXPECT_TRUE(exists) << type.name << ' ' << name;
    }
  }
}

}  // namespace
}  // namespace meent::eventstore
