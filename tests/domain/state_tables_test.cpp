#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "domain/action.h"

namespace {

using namespace meent::domain;

/// Letter and fields of each record in docs/state-tables.md.
std::map<std::string, std::pair<char, std::string>> documented() {
  std::ifstream file(std::string(MEENT_SOURCE_DIR) + "/docs/state-tables.md");
  std::map<std::string, std::pair<char, std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string none, letter, record, key, fields;
    if (!std::getline(in, none, '|') || !std::getline(in, letter, '|')) continue;
    std::getline(in, record, '|');
    std::getline(in, key, '|');
    std::getline(in, fields, '|');
    const auto end = record.find("Record ");
    if (end == std::string::npos || letter.size() != 3) continue;
    rows[record.substr(1, end + 5)] = {letter[1], fields};
  }
  return rows;
}

struct FieldCount {
  std::size_t count = 0;
  template <class... Ts>
  void operator()(Ts&...) {
    count += sizeof...(Ts);
  }
};

template <class Record>
void expect_documented(const std::string& name) {
  SCOPED_TRACE(name);
  const auto rows = documented();
  ASSERT_TRUE(rows.contains(name));
  const auto& [letter, fields] = rows.at(name);
  EXPECT_EQ(letter, Record::table);
  FieldCount counted;
  Record{}.fields(counted);
  EXPECT_EQ(1 + static_cast<std::size_t>(std::ranges::count(fields, ',')), counted.count);
}

}  // namespace

TEST(StateTables, TheDocumentationHasEachRecordsLetterAndFields) {
  expect_documented<PlatformRecord>("PlatformRecord");
  expect_documented<DirectoryRecord>("DirectoryRecord");
  expect_documented<PlatformNameRecord>("PlatformNameRecord");
  expect_documented<LevelRecord>("LevelRecord");
  expect_documented<PersonRecord>("PersonRecord");
  expect_documented<TokenRecord>("TokenRecord");
  expect_documented<KindRecord>("KindRecord");
  expect_documented<SpaceRecord>("SpaceRecord");
  expect_documented<SpaceSlugRecord>("SpaceSlugRecord");
  expect_documented<ContributionRecord>("ContributionRecord");
  expect_documented<CommentRecord>("CommentRecord");
  expect_documented<SupportRecord>("SupportRecord");
  EXPECT_EQ(documented().size(), 12u);
}

TEST(StateTables, NoTwoTablesShareALetter) {
  std::map<char, std::string> letters;
  for (const auto& [record, row] : documented()) {
    EXPECT_TRUE(letters.emplace(row.first, record).second) << record;
  }
}
