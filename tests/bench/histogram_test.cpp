#include "tests/bench/histogram.h"

#include <gtest/gtest.h>

namespace meent::bench {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, FindsPercentilesWithinAThirtySecondAndNeverTooLow) {
  Histogram histogram;
  for (int i = 1; i <= 100'000; ++i) histogram.record(nanoseconds(i * 37));
  for (const double share : {0.001, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = share * 100'000 * 37;
    const auto found = static_cast<double>(histogram.percentile(share).count());
    EXPECT_GE(found, exact - 37) << share;
    EXPECT_LE(found, exact * (1 + 1.0 / 32) + 37) << share;
  }
}

TEST(Histogram, KeepsSmallValuesExact) {
  Histogram histogram;
  for (const int value : {0, 1, 2, 63}) histogram.record(nanoseconds(value));
  EXPECT_EQ(histogram.percentile(0.25).count(), 0);
  EXPECT_EQ(histogram.percentile(0.5).count(), 1);
  EXPECT_EQ(histogram.percentile(0.75).count(), 2);
  EXPECT_EQ(histogram.percentile(1).count(), 63);
}

TEST(Histogram, OfNothingIsZero) {
  EXPECT_EQ(Histogram().percentile(0.5).count(), 0);
}

TEST(Histogram, MergedIsTheHistogramOfBoth) {
  Histogram low;
  Histogram high;
  low.record(nanoseconds(10));
  high.record(nanoseconds(1'000'000));
  low.merge(high);
  EXPECT_EQ(low.count(), 2u);
  EXPECT_EQ(low.longest().count(), 1'000'000);
  EXPECT_EQ(low.percentile(0.5).count(), 10);
}

}  // namespace
}  // namespace meent::bench
