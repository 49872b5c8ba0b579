#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "tests/simulation/mistakes.h"
#include "tests/simulation/moving_world.h"
#include "tests/simulation/world.h"

// The simulation can fail: each mistake, planted into a copy of the production sources, is found.
// Each run of seeds is a process of its own, because a mistake may end it.
namespace meent::simulation {
namespace {

constexpr std::uint64_t most_seeds = 2000;
constexpr int clean_code = 0, found_code = 1;

/// Where to begin, for what few seeds find: a little before one that does. Change it when a change
/// of the simulation makes the test slow.
std::uint64_t first_seed(Mistake mistake) {
  switch (mistake) {
    case Mistake::unknown_record_version_is_void: return 280;
    case Mistake::judges_before_after: return 425;
    default: return 1;
  }
}

/// The wait status of a process that runs the seeds until one fails.
int run_seeds(RunReport (*world)(const RunOptions&), Mistake mistake, std::uint64_t count) {
  const auto child = ::fork();
  if (child == 0) {
    planted_mistake = mistake;
    const auto first = first_seed(mistake);
    for (auto seed = first; seed < first + count; ++seed) {
      const auto report = world({.seed = seed});
      if (report.failure.empty()) continue;
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), report.failure.c_str());
      std::fflush(stdout);
      ::_exit(found_code);
    }
    ::_exit(clean_code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

class Planted : public testing::TestWithParam<int> {};

TEST_P(Planted, IsFound) {
  const auto mistake = static_cast<Mistake>(GetParam());
  EXPECT_NE(run_seeds(is_of_moving(mistake) ? &run_moving : &run, mistake, most_seeds), clean_code);
}

INSTANTIATE_TEST_SUITE_P(EveryMistake, Planted,
                         testing::Range(static_cast<int>(Mistake::none) + 1,
                                        static_cast<int>(Mistake::count)),
                         [](const auto& info) {
                           return std::string(name_of(static_cast<Mistake>(info.param)));
                         });

TEST(PlantedSources, WithNothingPlantedRunClean) {
  EXPECT_EQ(run_seeds(&run, Mistake::none, 20), clean_code);
  EXPECT_EQ(run_seeds(&run_moving, Mistake::none, 20), clean_code);
}

}  // namespace
}  // namespace meent::simulation
