#include "domain/policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

using Cells = std::vector<std::string>;

/// The rows of the table in docs/policy.md whose head starts with these columns; the head first.
std::vector<Cells> table_of_the_documentation(const std::string& first, const std::string& second) {
  std::ifstream file(std::string(MEENT_SOURCE_DIR) + "/docs/policy.md");
  std::vector<Cells> rows;
  for (std::string line; std::getline(file, line);) {
    Cells cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, '|');) {
      const auto start = cell.find_first_not_of(' ');
      if (start == std::string::npos) continue;
      cells.push_back(cell.substr(start, cell.find_last_not_of(' ') - start + 1));
    }
    const bool is_row = line.starts_with('|') && cells.size() > 2;
    if (rows.empty() ? is_row && cells[0] == first && cells[1] == second
                     : is_row && !cells[0].starts_with('-')) {
      rows.push_back(cells);
    } else if (!rows.empty() && !is_row) {
      break;
    }
  }
  return rows;
}

const std::map<std::string, ActorKind> actors = {
    {"guest", ActorKind::guest},       {"clock", ActorKind::clock},
    {"person", ActorKind::person},     {"officer", ActorKind::officer},
    {"importer", ActorKind::importer}, {"operator", ActorKind::operator_}};
const std::map<std::string, Role> roles = {
    {"person", Role::person}, {"moderator", Role::moderator}, {"operator", Role::operator_}};
const std::map<std::string, Capability> capabilities = {
    {"found", Capability::found},       {"enrol", Capability::enrol},
    {"entrust", Capability::entrust},   {"place", Capability::place},
    {"conclude", Capability::conclude}, {"discuss", Capability::discuss},
    {"support", Capability::support},   {"moderate", Capability::moderate},
    {"analyse", Capability::analyse}};

const Target of_anna{.concerned = anna, .author = anna};
const Target of_bram{.concerned = bram, .author = bram};

const std::map<std::string, Viewer> viewers = {
    {"guest", Viewer{}},
    {"person", Viewer{.person = bram, .is_signed_in = true}},
    {"author", Viewer{.person = anna, .is_signed_in = true}},
    {"moderator", Viewer{.person = mo, .role = Role::moderator, .is_signed_in = true}},
    {"operator", Viewer{.person = {}, .role = Role::operator_, .is_signed_in = true}}};
const std::map<std::string, Scope> places = {
    {"platform", Scope::of_platform()},
    {"space", Scope::of_space(green, Level::open)},
    {"discussion", {Scope::Place::discussion, bench.value(), Level::open}},
    {"conversation", {Scope::Place::conversation, bench.value(), Level::open}},
    {"person", {Scope::Place::person, anna.value(), Level::open}}};

}  // namespace

TEST(Policy, WhoMayDoWhatIsWhatTheDocumentationSays) {
  const auto rows = table_of_the_documentation("actor", "role");
  ASSERT_EQ(rows.size(), 1u + 13u);
  for (std::size_t row = 1; row < rows.size(); ++row) {
    ASSERT_EQ(rows[row].size(), 2 + capabilities.size());
    const Actor actor{actors.at(rows[row][0]), anna.value()};
    const auto role = roles.at(rows[row][1]);
    for (std::size_t i = 2; i < rows[row].size(); ++i) {
      const auto capability = capabilities.at(rows[0][i]);
      const auto& cell = rows[row][i];
      ASSERT_TRUE(cell == "yes" || cell == "own" || cell == "no") << cell;
      SCOPED_TRACE(rows[row][0] + " with role " + rows[row][1] + ", " + rows[0][i]);
      EXPECT_EQ(may_act(actor, role, capability, of_anna), cell != "no");
      EXPECT_EQ(may_act(actor, role, capability, of_bram), cell == "yes");
      EXPECT_EQ(may_act(actor, role, capability, {}), cell == "yes");
    }
  }
}

TEST(Policy, WhoMaySeeWhatIsWhatTheDocumentationSays) {
  const auto rows = table_of_the_documentation("place", "level");
  ASSERT_EQ(rows.size(), 1u + 10u);
  for (std::size_t row = 1; row < rows.size(); ++row) {
    ASSERT_EQ(rows[row].size(), 2 + viewers.size());
    auto scope = places.at(rows[row][0]);
    if (rows[row][1] == "moderation") scope.level = Level::moderation;
    for (std::size_t i = 2; i < rows[row].size(); ++i) {
      EXPECT_EQ(may_see(viewers.at(rows[0][i]), scope, anna), rows[row][i] == "yes")
          << rows[row][0] << ", " << rows[row][1] << ", " << rows[0][i];
    }
  }
}

TEST(Policy, NobodyIsTheAuthorOfARowWithoutOne) {
  const auto hidden = Scope::of_space(green, Level::moderation);
  EXPECT_FALSE(may_see(viewers.at("author"), hidden));
  EXPECT_FALSE(may_see(viewers.at("guest"), hidden));
  EXPECT_TRUE(may_see(viewers.at("moderator"), hidden));
}

TEST(Policy, ARoleCountsOnlyForWhoIsSignedIn) {
  const auto hidden = Scope::of_space(green, Level::moderation);
  EXPECT_FALSE(may_see({.person = {}, .role = Role::operator_}, hidden, anna));
  EXPECT_FALSE(may_see({.person = {}, .is_signed_in = true, .may_analyse = true}, hidden, anna));
}
