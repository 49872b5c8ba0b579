#include <gtest/gtest.h>

#include <algorithm>

#include "tests/contract/log_node.h"

/// What every log must do, together with admission and the applier: one suite over all of them.
/// Which, this executable says (contract_logs).
namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;

class LogContract : public testing::TestWithParam<LogKind> {
 protected:
  LogNode node{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Logs, LogContract, testing::ValuesIn(contract_logs()),
                         [](const auto& info) { return name_of(info.param); });

const auto a = platform_of(1);
const auto b = platform_of(2);
using Verdicts = std::vector<std::string>;

TEST_P(LogContract, AppendedEnvelopesComeBackInOrderAndByteForByte) {
  node.begin();
  const std::vector<std::string> envelopes = {"foreign bytes", std::string(100'000, 'x'), "",
                                              "last"};
  node.log().append(0, envelopes);
  std::uint64_t next = 0;
  for (const auto& envelope : envelopes) {
    const auto entry = node.log().next(10s);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->envelope, envelope);
    EXPECT_GE(entry->offset, next);
    next = entry->offset + 1;
  }
  EXPECT_FALSE(node.log().next(0ms));
}

TEST_P(LogContract, AppendingAloneChangesNothingWhatCountsIsWhatComesBack) {
  node.begin();
  const auto before = node.store().next_offset();
  node.log().append(0, std::vector{encode_envelope(node.group(a))});
  EXPECT_EQ(node.store().next_offset(), before);
  EXPECT_EQ(node.store().tip(a).position, 0U);
  EXPECT_EQ(verdicts_of(node.apply_what_comes()), Verdicts{"applied"});
  EXPECT_EQ(node.store().tip(a).position, 1U);
}

TEST_P(LogContract, OneWriteHoldsGroupsOfSeveralPlatforms) {
  node.begin();
  const auto group_a = node.group(a);
  const auto group_b = node.group(b);
  EXPECT_EQ(verdicts_of(node.write({group_a, group_b})), (Verdicts{"applied", "applied"}));
  EXPECT_EQ(node.store().record_at(a, 1)->bytes, std::get<Group>(group_a.body).record);
  EXPECT_EQ(node.store().record_at(b, 1)->bytes, std::get<Group>(group_b.body).record);
}

TEST_P(LogContract, AGroupIsRecognisedByItsHash) {
  node.begin();
  const auto group = node.group(a);
  const auto applied = node.write({group});
  ASSERT_EQ(applied.size(), 1U);
  EXPECT_EQ(applied[0].record_hash, hash_of(std::get<Group>(group.body).record));
  EXPECT_EQ(node.store().tip(a).hash, *applied[0].record_hash);
}

TEST_P(LogContract, SeekGoesToTheFirstEntryNotBefore) {
  node.begin();
  for (int i = 0; i < 9; ++i) node.write({node.group(a)});
  node.log().seek(0, {});
  std::vector<LogEntry> all;
  while (auto entry = node.log().next(node.patience())) all.push_back(*entry);
  ASSERT_EQ(all.size(), 11U);
  for (std::uint64_t from = 0; from <= all.back().offset + 1; ++from) {
    node.log().seek(0, {.next_offset = from, .last = {}});
    const auto entry = node.log().next(node.patience());
    const auto expected =
        std::ranges::find_if(all, [&](const auto& one) { return one.offset >= from; });
    if (expected == all.end()) {
      EXPECT_FALSE(entry);
    } else {
      ASSERT_TRUE(entry);
      EXPECT_EQ(entry->offset, expected->offset);
      EXPECT_EQ(entry->envelope, expected->envelope);
    }
  }
}

TEST_P(LogContract, ReadersDoNotDisturbEachOther) {
  node.begin();
  node.write({node.group(a)});
  const auto first = node.another_reader();
  const auto second = node.another_reader();
  const auto entry = first->next(node.patience());
  ASSERT_TRUE(entry);
  EXPECT_EQ(read_all(*second).size(), 3U);
  EXPECT_EQ(read_all(*first).size(), 2U);
  EXPECT_FALSE(node.log().next(0ms));
}

TEST_P(LogContract, WhatWasAppliedIsReadBackAfterARestart) {
  node.begin();
  node.write({node.group(a)});
  node.write({node.group(b), node.group(a)});
  const auto before = read_all(*node.another_reader());
  ASSERT_EQ(before.size(), 5U);
  const auto tip = node.store().tip(a);
  node.restart();
  EXPECT_EQ(read_all(*node.another_reader()), before);
  EXPECT_TRUE(node.apply_what_comes().empty());
  EXPECT_EQ(node.store().tip(a).hash, tip.hash);
  EXPECT_EQ(verdicts_of(node.write({node.group(a)})), Verdicts{"applied"});
  EXPECT_EQ(node.store().tip(a).position, tip.position + 1);
}

TEST_P(LogContract, AClaimTakesThePartitionOver) {
  node.begin();
  EXPECT_EQ(node.store().partition().claimant, writer_of(1));
  const auto old_writers_group = node.group(a);
  EXPECT_EQ(verdicts_of(node.write({node.claim(2), old_writers_group})),
            (Verdicts{"applied", "zombie"}));
  EXPECT_EQ(node.store().partition().epoch, 2U);
  EXPECT_EQ(node.store().partition().claimant, writer_of(2));
  EXPECT_EQ(node.store().tip(a).position, 0U);
  EXPECT_EQ(verdicts_of(node.write({node.group(a)})), Verdicts{"applied"});
}

TEST_P(LogContract, OfTwoClaimsOfOneEpochTheFirstWins) {
  node.begin();
  const auto first = node.claim(2);
  const auto second = node.claim(3);
  EXPECT_EQ(verdicts_of(node.write({first, second})), (Verdicts{"applied", "lost-race"}));
  EXPECT_EQ(node.store().partition().claimant, writer_of(2));
}

TEST_P(LogContract, ARepeatedGroupIsVoidKeptAndNotAppliedTwice) {
  node.begin();
  const auto group = node.group(a);
  EXPECT_EQ(verdicts_of(node.write({group, group})), (Verdicts{"applied", "duplicate"}));
  EXPECT_EQ(node.store().tip(a).position, 1U);
  std::vector<std::optional<VoidReason>> reasons;
  node.store().read(0, [&](const StoredEnvelope& stored) {
    reasons.push_back(stored.void_reason);
    return true;
  });
  const std::vector<std::optional<VoidReason>> expected = {{}, {}, {}, VoidReason::duplicate};
  EXPECT_EQ(reasons, expected);
}

TEST_P(LogContract, ForeignAndDamagedBytesAreVoidAndPassedOver) {
  node.begin();
  auto damaged = encode_envelope(node.group(a));
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  const auto good = encode_envelope(node.group(a));
  EXPECT_EQ(verdicts_of(node.write_bytes({"{}", damaged, good})),
            (Verdicts{"foreign", "damaged", "applied"}));
}

TEST_P(LogContract, AnEpochFromTheFutureStopsBeforeIt) {
  node.begin();
  auto ahead = node.group(a);
  ahead.epoch += 1;
  const auto before = node.store().next_offset();
  const auto applied = node.write({ahead, node.group(a)});
  EXPECT_EQ(verdicts_of(applied), Verdicts{"epoch-ahead"});
  EXPECT_EQ(node.store().next_offset(), before);
  EXPECT_EQ(node.store().tip(a).position, 0U);
}

TEST_P(LogContract, ANewerEnvelopeStopsBeforeItAndKeepsWhatCameEarlier) {
  node.begin();
  auto newer = encode_envelope(node.group(b));
  newer[4] = 9;
  const auto applied = node.write_bytes({encode_envelope(node.group(a)), newer});
  EXPECT_EQ(verdicts_of(applied), (Verdicts{"applied", "unknown-version"}));
  EXPECT_EQ(node.store().log_place().next_offset, applied[0].entry.offset + 1);
  EXPECT_EQ(node.store().tip(a).position, 1U);
}

TEST_P(LogContract, CheckpointsOfConsumersAreKeptByTheOwnerOnly) {
  node.begin();
  node.write({node.group(a)});
  const auto partition = node.store().partition();
  Envelope mark{
      .epoch = partition.epoch,
      .writer = partition.claimant,
      .body = CheckpointMark{
          .consumer = "mail", .platform = a, .position = 1, .hash = node.store().tip(a).hash}};
  EXPECT_EQ(verdicts_of(node.write({mark})), Verdicts{"applied"});
  mark.writer = writer_of(9);
  std::get<CheckpointMark>(mark.body).position = 7;
  EXPECT_EQ(verdicts_of(node.write({mark})), Verdicts{"zombie"});
  node.restart();
  ASSERT_TRUE(node.store().checkpoint("mail", a));
  EXPECT_EQ(node.store().checkpoint("mail", a)->position, 1U);
}

TEST_P(LogContract, AnUnreadableRecordStopsItsPlatformAndNoOther) {
  node.begin();
  auto unreadable = node.group(a);
  auto record = decode_record(std::get<Group>(unreadable.body).record);
  record->commits[0].events[0].type = "never-heard-of";
  unreadable.body = Group{encode_record(*record)};
  const auto applied = node.write({unreadable, node.group(b)});
  EXPECT_EQ(verdicts_of(applied), (Verdicts{"applied", "applied"}));
  EXPECT_FALSE(applied[0].changed_state);
  EXPECT_TRUE(applied[1].changed_state);
  EXPECT_EQ(node.store().tip(a).position, 1U);  // admission does not depend on what events mean
}

TEST_P(LogContract, AnUnknownOutcomeIsSettledByWhatComesAndNeverTwice) {
  for (const bool lands : {true, false}) {
    SCOPED_TRACE(lands);
    LogNode one(GetParam());
    one.begin();
    one.write({one.group(a)});
    const auto group = one.group(a);
    one.make_next_write_unknown(lands);
    try {
      one.write({group});
      FAIL() << "the outcome was not unknown";
    } catch (const StorageError& error) {
      EXPECT_TRUE(error.outcome_is_unknown());
    }
    one.settle();
    one.apply_what_comes();
    EXPECT_EQ(one.store().tip(a).position, lands ? 2U : 1U);
    // Repeating the same bytes is always right: it lands once.
    const auto applied = one.write({group});
    EXPECT_EQ(verdicts_of(applied), Verdicts{lands ? "duplicate" : "applied"});
    EXPECT_EQ(one.store().tip(a).position, 2U);
    EXPECT_EQ(one.store().tip(a).hash, hash_of(std::get<Group>(group.body).record));
    EXPECT_EQ(verdicts_of(one.write({one.group(a)})), Verdicts{"applied"});
  }
}

TEST_P(LogContract, AnUnknownGroupIsAlsoSettledByAnotherAtItsPosition) {
  node.begin();
  const auto unknown = node.group(a, 1);
  node.make_next_write_unknown(false);
  EXPECT_THROW(node.write({unknown}), StorageError);
  node.settle();
  node.apply_what_comes();
  EXPECT_EQ(verdicts_of(node.write({node.group(a, 2)})), Verdicts{"applied"});
  EXPECT_EQ(verdicts_of(node.write({unknown})), Verdicts{"duplicate"});
}

}  // namespace
}  // namespace meent::eventstore::contract
