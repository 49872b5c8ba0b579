#include <gtest/gtest.h>

#include "tests/simulation/world.h"

namespace meent::simulation {
namespace {

void expect_clean(const RunReport& report) {
  if (report.failure.empty()) return;
  ADD_FAILURE() << "seed " << report.seed << ": " << report.failure;
  for (const auto& line : report.story) std::printf("    %s\n", line.c_str());
}

TEST(Simulation, SomeSeedsRunClean) {
  std::uint64_t faults = 0, accepted = 0, refused = 0, reads = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto report = run({.seed = seed});
    expect_clean(report);
    faults += report.fault_count;
    accepted += report.people.accepted;
    refused += report.people.refused;
    reads += report.people.reads;
  }
  // It did what it is for.
  EXPECT_GT(faults, 60U * 30);
  EXPECT_GT(accepted, 60U * 30);
  EXPECT_GT(refused, 60U * 5);
  EXPECT_GT(reads, 60U * 5);
}

TEST(Simulation, ASeedRepeatsItselfToTheLastEvent) {
  for (const std::uint64_t seed : {3U, 14U, 159U}) {
    const auto first = run({.seed = seed});
    const auto again = run({.seed = seed});
    EXPECT_EQ(first.digest, again.digest);
    EXPECT_EQ(first.fault_count, again.fault_count);
    EXPECT_EQ(first.people.accepted, again.people.accepted);
    EXPECT_NE(first.digest, run({.seed = seed + 1}).digest);
  }
}

}  // namespace
}  // namespace meent::simulation
