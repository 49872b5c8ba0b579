#include "eventstore/level.h"

#include <gtest/gtest.h>

#include "eventstore/codec.h"
#include "eventstore/embedded.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

class LevelTest : public testing::Test {
 protected:
  /// Software that knows levels up to this one, on the same folder.
  [[nodiscard]] Embedded open(std::uint32_t level) const {
    SequencerOptions options;
    options.level = level;
    return Embedded::open(scratch_.path(), real_files(), options);
  }
  static Outcome raise(Embedded& embedded, std::uint32_t level) {
    return embedded.sequencer->run({.platform = domain::directory_id(),
                                    .command = domain::PlatformCommand(domain::RaiseLevel{
                                        .level = level, .newest = embedded.sequencer->level()}),
                                    .actor = {.kind = domain::ActorKind::operator_, .id = {}},
                                    .role = domain::Role::operator_,
                                    .occurred_at = std::nullopt,
                                    .import_progress = std::nullopt,
                                    .idempotency_key = "level " + std::to_string(level),
                                    .request = "raise"});
  }
  ScratchFolder scratch_;
};

TEST_F(LevelTest, ANewLogBeginsAtTheLevelOfTheSoftwareThatMadeIt) {
  {
    auto embedded = open(1);
    EXPECT_EQ(level_of(*embedded.store), 1U);
    EXPECT_EQ(embedded.store->tip(domain::directory_id()).position, 2U);  // says nothing of it
  }
  ScratchFolder another;
  SequencerOptions options;
  options.level = 3;
  const auto embedded = Embedded::open(another.path(), real_files(), options);
  EXPECT_EQ(level_of(*embedded.store), 3U);
}

TEST_F(LevelTest, AnOldLogStaysAtItsLevelUntilItIsRaised) {
  {
    const auto opened = open(1);
  }
  auto embedded = open(3);
  EXPECT_EQ(level_of(*embedded.store), 1U);
  EXPECT_TRUE(std::holds_alternative<Refused>(raise(embedded, 4)));
  EXPECT_TRUE(std::holds_alternative<Accepted>(raise(embedded, 2)));
  EXPECT_EQ(level_of(*embedded.store), 2U);
  EXPECT_TRUE(std::holds_alternative<Accepted>(raise(embedded, 2)));  // the same command again
  EXPECT_TRUE(std::holds_alternative<Accepted>(raise(embedded, 3)));
  EXPECT_EQ(level_of(*embedded.store), 3U);
}

TEST_F(LevelTest, SoftwareThatDoesNotKnowTheLevelDoesNotStart) {
  {
    const auto opened = open(3);
  }
  try {
    const auto opened = open(2);
    FAIL() << "it started";
  } catch (const StorageError& error) {
    EXPECT_NE(std::string(error.what()).find("Install the newer software"), std::string::npos);
  }
  EXPECT_EQ(level_of(*open(3).store), 3U);
}

TEST_F(LevelTest, WhatIsNewIsNotWrittenBelowItsLevel) {
  const auto needed = [](const domain::Event& event) {
    return std::holds_alternative<domain::PersonEvent>(event) ? 2U : 1U;
  };
  const std::vector<domain::Event> old{domain::TokenEvent(domain::TokenRevoked{})};
  const std::vector<domain::Event> fresh{domain::PersonEvent(domain::RoleGranted{})};
  const std::vector<domain::Event> raising{domain::PlatformEvent(domain::LevelRaised{2}),
                                           domain::PersonEvent(domain::RoleGranted{})};
  auto embedded = open(1);
  EXPECT_FALSE(level_missing(old, *embedded.store, needed));
  EXPECT_EQ(level_missing(fresh, *embedded.store, needed), 2U);
  EXPECT_FALSE(level_missing(raising, *embedded.store, needed));
  EXPECT_FALSE(level_missing(fresh, *embedded.store));  // by the codec it is old
  embedded = {};
  embedded = open(2);
  EXPECT_TRUE(std::holds_alternative<Accepted>(raise(embedded, 2)));
  EXPECT_FALSE(level_missing(fresh, *embedded.store, needed));
}

TEST_F(LevelTest, EveryEventThatIsWrittenTodayIsOfAKnownLevel) {
  for (const auto& type : event_types()) {
    EXPECT_GE(type.level, 1U) << type.name;
    EXPECT_LE(type.level, newest_level) << type.name;
  }
}

}  // namespace
}  // namespace meent::eventstore
