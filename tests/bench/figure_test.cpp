#include "tests/bench/figure.h"

#include <gtest/gtest.h>

namespace meent::bench {
namespace {

TEST(Figure, ReadsBackWhatItWrote) {
  const Figure figure{.name = "feed page",
                      .value = 1.5,
                      .unit = "ms",
                      .reference = "nginx",
                      .ratio = 0.9,
                      .aim = "at least 0.7",
                      .met = true};
  const auto read = figure_from(to_json(figure));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(figure));
}

TEST(Figure, WithoutRatioAndAimItSaysNothingOfThem) {
  const Figure figure{.name = "memory", .value = 3, .unit = "MB"};
  const auto read = figure_from(to_json(figure));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->ratio);
  EXPECT_FALSE(read->met);
  EXPECT_EQ(to_table({figure}).find("aim"), std::string::npos);
}

TEST(Figure, ALineThatIsNoFigureIsNone) {
  EXPECT_FALSE(figure_from("meent serves at http://127.0.0.1:1/"));
  EXPECT_FALSE(figure_from("[1,2]"));
}

TEST(Figure, ATableNamesWhatMissedItsAim) {
  const auto table =
      to_table({{.name = "a", .value = 1, .unit = "ms", .aim = "less", .met = false}});
  EXPECT_NE(table.find("MISSED"), std::string::npos);
}

}  // namespace
}  // namespace meent::bench
