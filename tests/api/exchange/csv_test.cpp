#include "api/exchange/csv.h"

#include <gtest/gtest.h>

namespace meent::api {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(Csv, KeepsCommasQuotesAndLineEndsInsideQuotes) {
  const auto table = read_csv("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\nlines\",\n", "t.csv");
  EXPECT_EQ(table.header, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table.rows, (Rows{{"x,y", "say \"hi\""}, {"two\nlines", ""}}));
  EXPECT_EQ(table.column("b"), 1U);
}

TEST(Csv, TakesWindowsLineEndsAByteOrderMarkAndNoLastLineEnd) {
  const auto table = read_csv(
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\r\n3,4",
      "t.csv");
  EXPECT_EQ(table.header.front(), "a");
  EXPECT_EQ(table.rows, (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(Csv, NamesFileAndRowOfWhatIsWrong) {
  const auto complaint = [](std::string_view text) -> std::string {
    try {
      static_cast<void>(read_csv(text, "t.csv").column("a"));
      return "nothing";
    } catch (const SourceError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(complaint("a,b\n1,2\n3\n"), "t.csv row 3: 1 fields, the header has 2");
  EXPECT_EQ(complaint("a\n\"1"), "t.csv row 2: a quote is opened and never closed");
  EXPECT_EQ(complaint(""), "t.csv: the file is empty");
  EXPECT_EQ(complaint("b\n"), "t.csv: there is no column a");
}

TEST(Csv, WritesWhatItReads) {
  const std::vector<std::string> fields{"plain",      "with,comma", "with \"quotes\"",
                                        "two\nlines", "",           "é 主"};
  const auto table = read_csv("a,b,c,d,e,f\n" + csv_row(fields), "t.csv");
  EXPECT_EQ(table.rows, Rows{fields});
  EXPECT_EQ(csv_row({"plain", "also"}), "plain,also\n");
}

}  // namespace
}  // namespace meent::api
