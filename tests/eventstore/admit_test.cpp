#include "eventstore/admit.h"

#include <gtest/gtest.h>

#include "domain/platform.h"
#include "tests/eventstore/examples.h"

namespace meent::eventstore {
namespace {

using namespace examples;

const auto owner = id_of<WriterId>(0x70);
const auto other = id_of<WriterId>(0x71);
const auto platform = id_of<domain::PlatformId>(0x10);

/// Epoch 5, claimed by `owner`; the platform has had its first record.
const PartitionState partition{
    .genesis = Genesis{id_of<domain::LogId>(0x80), 0, 1}, .epoch = 5, .claimant = owner};
const ChainPoint tip{1, hash_of(encode_record(first_record()))};

Envelope next_group() {
  return {.epoch = 5, .writer = owner, .body = Group{encode_record(second_record())}};
}
Envelope claim_of(std::uint64_t epoch) {
  return {.epoch = epoch, .writer = other, .body = Claim{}};
}
Envelope mark() {
  return {.epoch = 5, .writer = owner, .body = CheckpointMark{"mail", platform, 1, tip.hash}};
}
template <class T>
T with(T envelope, std::uint64_t epoch, WriterId writer) {
  envelope.epoch = epoch;
  envelope.writer = writer;
  return envelope;
}

void expect_applied(const Envelope& envelope) {
  EXPECT_TRUE(std::holds_alternative<Apply>(admit(partition, tip, envelope)));
}
void expect_void(VoidReason reason, const std::expected<Envelope, EnvelopeError>& envelope) {
  const auto verdict = admit(partition, tip, envelope);
  ASSERT_TRUE(std::holds_alternative<Void>(verdict));
  EXPECT_STREQ(name_of(std::get<Void>(verdict).reason), name_of(reason));
}
void expect_stop(StopReason reason, const std::expected<Envelope, EnvelopeError>& envelope,
                 const PartitionState& in = partition) {
  const auto verdict = admit(in, tip, envelope);
  ASSERT_TRUE(std::holds_alternative<Stop>(verdict));
  EXPECT_STREQ(name_of(std::get<Stop>(verdict).reason), name_of(reason));
}

TEST(Admit, VoidsWhatLiesInAnotherPartitionThanItsPlatforms) {
  for (const std::uint32_t number : {0U, 1U, 2U}) {
    auto here = partition;
    here.genesis->partition = number;
    here.genesis->partitions = 3;
    const auto is_home = partition_of(platform, 3) == number;
    for (const auto& envelope : {next_group(), mark()}) {
      const auto verdict = admit(here, tip, envelope);
      EXPECT_EQ(std::holds_alternative<Apply>(verdict), is_home);
      if (is_home) continue;
      EXPECT_EQ(std::get<Void>(verdict).reason, VoidReason::misplaced);
    }
  }
}

TEST(Admit, GivesEveryPlatformOnePartition) {
  domain::IdBytes bytes{};
  bytes[6] = 1;  // 256 + 4
  bytes[7] = 4;
  bytes[8] = 9;  // not looked at
  const domain::PlatformId id(bytes);
  EXPECT_EQ(partition_of(id, 1), 0U);
  EXPECT_EQ(partition_of(id, 7), 260U % 7);
  EXPECT_EQ(partition_of(id, 256), 4U);
  EXPECT_EQ(partition_of(domain::directory_id(), 7), 0U);
}

TEST(Admit, AppliesAClaimOfTheNextEpoch) {
  expect_applied(claim_of(6));
}

TEST(Admit, VoidsAClaimThatLostTheRace) {
  expect_void(VoidReason::lost_race, claim_of(5));
  expect_void(VoidReason::lost_race, claim_of(1));
}

TEST(Admit, StopsAtAClaimThatSkipsAnEpoch) {
  expect_stop(StopReason::epoch_ahead, claim_of(7));
}

TEST(Admit, AppliesAGroupThatFitsInEverything) {
  expect_applied(next_group());
}

TEST(Admit, VoidsAGroupOfAnOlderEpoch) {
  expect_void(VoidReason::zombie, with(next_group(), 4, owner));
}

TEST(Admit, VoidsAGroupOfAnotherWriterInThisEpoch) {
  expect_void(VoidReason::zombie, with(next_group(), 5, other));
}

TEST(Admit, VoidsACheckpointOfAZombie) {
  expect_void(VoidReason::zombie, with(mark(), 4, owner));
  expect_void(VoidReason::zombie, with(mark(), 5, other));
}

TEST(Admit, AppliesTheOwnersCheckpoint) {
  expect_applied(mark());
}

TEST(Admit, StopsAtAGroupOrCheckpointFromAnEpochThatWasNeverClaimed) {
  expect_stop(StopReason::epoch_ahead, with(next_group(), 6, owner));
  expect_stop(StopReason::epoch_ahead, with(mark(), 6, owner));
}

TEST(Admit, VoidsAGroupWhoseBaseIsNotNext) {
  auto record = second_record();
  record.header.base_position = 3;
  expect_void(VoidReason::duplicate, Envelope{5, owner, Group{encode_record(record)}});
}

TEST(Admit, VoidsAGroupWhosePrevIsNotTheTip) {
  auto record = second_record();
  record.header.prev_hash[31] ^= 1;
  expect_void(VoidReason::duplicate, Envelope{5, owner, Group{encode_record(record)}});
}

TEST(Admit, VoidsTheSameGroupTheSecondTime) {
  expect_void(VoidReason::duplicate, Envelope{5, owner, Group{encode_record(first_record())}});
}

TEST(Admit, AppliesAPlatformsFirstGroup) {
  const auto verdict = admit(partition, ChainPoint{0, first_prev_hash(platform)},
                             Envelope{5, owner, Group{encode_record(first_record())}});
  EXPECT_TRUE(std::holds_alternative<Apply>(verdict));
}

TEST(Admit, VoidsForeignBytes) {
  expect_void(VoidReason::foreign, std::unexpected(EnvelopeError::foreign));
}

TEST(Admit, VoidsDamagedBytes) {
  expect_void(VoidReason::damaged, std::unexpected(EnvelopeError::damaged));
  expect_void(VoidReason::damaged, Envelope{5, owner, Group{"\x01"}});
}

TEST(Admit, StopsAtAnUnknownEnvelopeVersion) {
  expect_stop(StopReason::unknown_version, std::unexpected(EnvelopeError::unknown_version));
}

TEST(Admit, StopsAtAnUnknownRecordVersion) {
  auto bytes = encode_record(second_record());
  bytes[0] = 2;
  expect_stop(StopReason::unknown_version, Envelope{5, owner, Group{bytes}});
}

TEST(Admit, JudgesAZombieByItsEnvelopeAlone) {
  auto bytes = encode_record(second_record());
  bytes[0] = 2;
  expect_void(VoidReason::zombie, Envelope{4, owner, Group{bytes}});
}

TEST(Admit, LooksAtNothingBehindTheRecordHeader) {
  auto bytes = encode_record(second_record());
  bytes.resize(record_header_bytes);
  expect_applied(Envelope{5, owner, Group{bytes + "no commits at all"}});
}

TEST(Admit, AppliesGenesisOnlyAsTheFirst) {
  const Envelope genesis{.epoch = 0, .writer = owner, .body = *partition.genesis};
  EXPECT_TRUE(std::holds_alternative<Apply>(admit(PartitionState{}, ChainPoint{}, genesis)));
  expect_void(VoidReason::misplaced, genesis);
}

TEST(Admit, StopsWhenTheFirstOfOursIsNotGenesis) {
  expect_stop(StopReason::no_genesis, claim_of(1), PartitionState{});
  expect_stop(StopReason::no_genesis, next_group(), PartitionState{});
}

}  // namespace
}  // namespace meent::eventstore
