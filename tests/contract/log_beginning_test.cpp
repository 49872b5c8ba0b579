#include <gtest/gtest.h>

#include "tests/contract/log_node.h"

/// What holds for logs that a node itself begins, and for a simulated broker, which can do on
/// demand what a real one does now and then.
namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;

const auto a = platform_of(1);
using Verdicts = std::vector<std::string>;

class LogBeginning : public testing::TestWithParam<LogKind> {
 protected:
  LogNode node{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Logs, LogBeginning, testing::Values(LogKind::rocks, LogKind::sim),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(LogBeginning, AnEmptyLogGivesNothing) {
  EXPECT_FALSE(node.log().next(0ms));
  EXPECT_FALSE(node.log().next(5ms));
  EXPECT_EQ(node.store().next_offset(), 0U);
}

TEST_P(LogBeginning, GenesisComesFirstAndOnce) {
  EXPECT_EQ(verdicts_of(node.write({node.genesis()})), Verdicts{"applied"});
  ASSERT_TRUE(node.store().partition().genesis);
  EXPECT_EQ(verdicts_of(node.write({node.genesis()})), Verdicts{"misplaced"});
  node.restart();
  EXPECT_TRUE(node.store().partition().genesis);
}

TEST_P(LogBeginning, NothingIsAppliedBeforeGenesis) {
  EXPECT_EQ(verdicts_of(node.write({node.claim(1)})), Verdicts{"no-genesis"});
  EXPECT_EQ(node.store().next_offset(), 0U);
}

// What only a log with a broker between can show. -------------------------------------------------

class BrokeredLog : public testing::Test {
 protected:
  void SetUp() override { node.begin(); }
  LogNode node{LogKind::sim};
};

TEST_F(BrokeredLog, ALostAppendShowsOnlyByNotComing) {
  node.broker().plan({SimFate::is_lost});
  EXPECT_TRUE(node.write({node.group(a)}).empty());
  EXPECT_EQ(verdicts_of(node.write({node.group(a)})), Verdicts{"applied"});
}

TEST_F(BrokeredLog, ADuplicatedAppendIsAppliedOnce) {
  node.broker().plan({SimFate::lands_twice});
  EXPECT_EQ(verdicts_of(node.write({node.group(a)})), (Verdicts{"applied", "duplicate"}));
}

TEST_F(BrokeredLog, ALateAppendIsVoidOnceAnotherTookItsPosition) {
  node.broker().plan({SimFate::lands_late});
  EXPECT_TRUE(node.write({node.group(a, 1)}).empty());
  EXPECT_EQ(verdicts_of(node.write({node.group(a, 2)})), Verdicts{"applied"});
  node.broker().land_late();
  EXPECT_EQ(verdicts_of(node.apply_what_comes()), Verdicts{"duplicate"});
}

TEST_F(BrokeredLog, ALateAppendOfAnOlderEpochIsAZombies) {
  node.broker().plan({SimFate::throws_and_lands_late});
  EXPECT_THROW(node.write({node.group(a)}), StorageError);
  node.write({node.claim(2)});
  node.broker().land_late();
  EXPECT_EQ(verdicts_of(node.apply_what_comes()), Verdicts{"zombie"});
}

TEST_F(BrokeredLog, AFailedReadSkipsNothing) {
  const auto group = node.group(a);
  node.log().append(0, std::vector{encode_envelope(group)});
  node.broker().fail_reads(2);
  EXPECT_THROW(node.apply_what_comes(), StorageError);
  EXPECT_THROW(node.apply_what_comes(), StorageError);
  EXPECT_EQ(verdicts_of(node.apply_what_comes()), Verdicts{"applied"});
}

TEST_F(BrokeredLog, ACutLogIsNoticedByTheEpochThatFollows) {
  node.write({node.claim(2)});
  const auto tail = node.claim(3);
  node.broker().cut(node.store().log_place().next_offset - 1);  // the claim of epoch 2 is gone
  node.broker().put(encode_envelope(tail));
  LogNode other(LogKind::sim);
  for (const auto& entry : node.broker().entries()) other.broker().put(entry.envelope);
  EXPECT_EQ(verdicts_of(other.apply_what_comes()), (Verdicts{"applied", "applied", "epoch-ahead"}));
}

TEST_F(BrokeredLog, WaitsForWhatAnotherWriterAppends) {
  EXPECT_FALSE(node.log().next(1ms));
  node.broker().put("from elsewhere");
  const auto entry = node.log().next(1s);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->envelope, "from elsewhere");
}

}  // namespace
}  // namespace meent::eventstore::contract
