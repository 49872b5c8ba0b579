#include <gtest/gtest.h>

#include "tests/simulation/moving_world.h"
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

TEST(Simulation, APlatformMovesThereAndBackUnderFaults) {
  std::uint64_t moves = 0, kills = 0, accepted = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    auto report = run_moving({.seed = seed});
    expect_clean(report);
    moves += report.faults["(moves)"];
    kills += report.faults["mover killed"];
    accepted += report.people.accepted;
    refused += report.people.refused;
  }
  EXPECT_GT(moves, 60U);
  EXPECT_GT(kills, 30U);
  EXPECT_GT(accepted, 30U * 20);
  EXPECT_GT(refused, 30U * 5);
}

TEST(Simulation, AMovingSeedRepeatsItselfToo) {
  const auto first = run_moving({.seed = 5});
  EXPECT_EQ(first.digest, run_moving({.seed = 5}).digest);
  EXPECT_NE(first.digest, run_moving({.seed = 6}).digest);
}

}  // namespace
}  // namespace meent::simulation
