#include "eventstore/applier.h"

#include <gtest/gtest.h>

#include "domain/platform.h"
#include "eventstore/own_tables.h"
#include "eventstore/store_batch.h"
#include "eventstore/verify.h"
#include "tests/eventstore/examples.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using namespace examples;
using domain::Timestamp;

const auto writer = id_of<WriterId>(0x70);
const auto platform = id_of<domain::PlatformId>(0x10);

/// A log in memory: each call adds an envelope.
class Script {
 public:
  std::vector<LogEntry> entries;

  void add(Envelope envelope) {
    entries.push_back({.offset = entries.size(), .envelope = encode_envelope(envelope)});
  }
  void start() {
    add({.epoch = 0,
         .writer = writer,
         .body = Genesis{.log_id = id_of<domain::LogId>(0x80), .partition = 0, .partitions = 1}});
    add({.epoch = 1, .writer = writer, .body = Claim{}});
  }
  /// One group of one commit of support events.
  void support(std::uint8_t command, std::uint32_t event_count, Timestamp at,
               const std::string& stance = "agree") {
    auto commit = commit_of(command, event_count, at, stance);
    commit.import_progress = ImportProgress{id_of<domain::SourceDigest>(0x50), command};
    record({.header = {.platform = platform,
                       .base_position = position_ + 1,
                       .event_count = event_count,
                       .prev_hash = hash_},
            .commits = {commit}});
  }
  static Commit commit_of(std::uint8_t command, std::uint32_t event_count, Timestamp at,
                          const std::string& stance = "agree") {
    Commit commit = support_commit();
    commit.command_id = domain::CommandId(domain::IdBytes{command});
    commit.recorded_at = at;
    const std::string id = domain::PersonId(domain::IdBytes{command}).text();
    const std::string facts = R"({"contribution":")" + id + R"(","space":")" + id +
                              R"(","person":")" + id + R"(","stance":")" + stance + "\"}";
    commit.events.assign(event_count,
                         {.type = "support-given", .version = 1, .facts = facts, .sealed = {}});
    return commit;
  }
  void record(const Record& record) {
    const auto bytes = encode_record(record);
    add({.epoch = 1, .writer = writer, .body = Group{bytes}});
    position_ = record.header.last_position();
    hash_ = hash_of(bytes);
  }

 private:
  std::uint64_t position_ = 0;
  Hash hash_ = first_prev_hash(platform);
};

class ApplierTest : public testing::Test {
 protected:
  std::unique_ptr<Store> new_store() {
    return Store::open({.folder = scratch_.path() / std::to_string(++stores_)}, real_files());
  }
  /// Everything that is stored of the platform, for comparing two stores.
  static std::string content(const Store& store) {
    std::string out = std::to_string(store.tip(platform).position);
    for (const auto& [key, value] : store.state(platform)->scan("", "", 10'000)) {
      out += key + '=' + value + ';';
    }
    for (const auto& [id, command] : store.commands(platform, {}, 10'000)) {
      out += id.text() + '@' + std::to_string(command.first_position) + ';';
    }
    return out;
  }
  static domain::Stance stance_of(const Store& store, std::uint8_t command) {
    const domain::IdBytes id{command};
    const auto record = domain::find<domain::SupportRecord>(
        *store.state(platform), {domain::ContributionId(id), domain::PersonId(id)});
    return record.value().stance;
  }

  ScratchFolder scratch_;
  int stores_ = 0;
  Script script_;
};

TEST_F(ApplierTest, AppliesWhatWasAdmittedAndKeepsWhatWasNotWithItsReason) {
  script_.start();
  script_.support(1, 1, {1000});
  auto zombie = script_.entries.back();
  zombie.offset = 10;
  script_.entries.push_back(zombie);  // the same group again
  script_.entries.push_back({.offset = 12, .envelope = "somebody else's"});
  const auto store = new_store();
  const auto applier = Applier::make(*store);
  const auto applied = applier->apply(script_.entries, true);
  ASSERT_EQ(applied.size(), 5U);
  EXPECT_TRUE(applied[2].changed_state);
  EXPECT_EQ(std::get<Void>(applied[3].verdict).reason, VoidReason::duplicate);
  EXPECT_EQ(std::get<Void>(applied[4].verdict).reason, VoidReason::foreign);
  EXPECT_EQ(store->tip(platform).position, 1U);
  EXPECT_EQ(store->tip(platform).recorded_at, Timestamp{1000});
  EXPECT_EQ(store->next_offset(), 5U);
  EXPECT_EQ(store->log_place().next_offset, 13U);
  EXPECT_EQ(store->log_place().last->envelope_hash, hash_of("somebody else's"));
  EXPECT_EQ(import_progress(*store->state(platform), id_of<domain::SourceDigest>(0x50)), 1U);
  std::size_t voids = 0;
  store->read(0, [&](const StoredEnvelope& stored) {
    voids += stored.void_reason ? 1U : 0U;
    return true;
  });
  EXPECT_EQ(voids, 2U);
}

/// Two partitions: both with genesis and a claim, and each with a platform of its own.
class TwoPartitions {
 public:
  std::vector<LogEntry> entries;
  const domain::PlatformId in_first = id_in(0), in_second = id_in(1);

  TwoPartitions() {
    for (const std::uint32_t number : {0U, 1U}) {
      add(number, {.epoch = 0,
                   .writer = writer,
                   .body = Genesis{.log_id = {}, .partition = number, .partitions = 2}});
      add(number, {.epoch = 1, .writer = writer, .body = Claim{}});
    }
  }
  void add(std::uint32_t partition, const Envelope& envelope) {
    entries.push_back({.partition = partition,
                       .offset = 10 * ++count_[partition],
                       .envelope = encode_envelope(envelope)});
  }
  static Envelope first_group_of(domain::PlatformId id) {
    return {.epoch = 1,
            .writer = writer,
            .body = Group{encode_record({.header = {.platform = id,
                                                    .base_position = 1,
                                                    .event_count = 1,
                                                    .prev_hash = first_prev_hash(id)},
                                         .commits = {Script::commit_of(1, 1, {1000})}})}};
  }

 private:
  static domain::PlatformId id_in(std::uint32_t partition) {
    domain::IdBytes bytes{};
    bytes[7] = static_cast<std::uint8_t>(2 + partition);
    return domain::PlatformId(bytes);
  }
  std::array<std::uint64_t, 2> count_{};
};

TEST_F(ApplierTest, KeepsEachPartitionsPlaceAndOwner) {
  TwoPartitions log;
  log.add(1, {.epoch = 2, .writer = writer, .body = Claim{}});
  log.add(1, {.epoch = 3, .writer = id_of<WriterId>(0x71), .body = Claim{}});
  log.add(0, TwoPartitions::first_group_of(log.in_first));
  const auto folder = scratch_.path() / "two";
  auto store = Store::open({.folder = folder}, real_files());
  for (const auto& entry : Applier::make(*store)->apply(log.entries, true)) {
    EXPECT_TRUE(std::holds_alternative<Apply>(entry.verdict)) << entry.entry.offset;
  }
  store = nullptr;
  store = Store::open({.folder = folder}, real_files());
  EXPECT_EQ(store->next_offset(), 7U);
  EXPECT_EQ(store->log_place(0).next_offset, 31U);
  EXPECT_EQ(store->log_place(1).next_offset, 41U);
  EXPECT_EQ(store->log_place(1).last->envelope_hash, hash_of(log.entries[5].envelope));
  EXPECT_EQ(store->log_place(2), LogPlace{});
  EXPECT_EQ(store->partition(0).epoch, 1U);
  EXPECT_EQ(store->partition(1).epoch, 3U);
  EXPECT_EQ(store->partition(1).claimant, id_of<WriterId>(0x71));
  EXPECT_EQ(store->partition(1).genesis->partition, 1U);
  EXPECT_EQ(store->tip(log.in_first).position, 1U);
  EXPECT_EQ(store->record_at(log.in_first, 1)->offset, 6U);
  std::vector<EntryPlace> places;
  store->read(0, [&](const StoredEnvelope& stored) {
    places.push_back(stored.entry);
    EXPECT_EQ(stored.bytes, log.entries[stored.offset].envelope);
    return true;
  });
  EXPECT_EQ(places[3], (EntryPlace{.partition = 1, .offset = 20}));
  for (const auto& problem : verify(*store).problems) ADD_FAILURE() << problem.what;
}

TEST_F(ApplierTest, APlatformLivesInOnePartition) {
  TwoPartitions log;
  log.add(0, TwoPartitions::first_group_of(log.in_second));
  log.add(1, TwoPartitions::first_group_of(log.in_second));
  log.add(1, TwoPartitions::first_group_of(domain::directory_id()));
  const auto store = new_store();
  const auto applied = Applier::make(*store)->apply(log.entries, true);
  EXPECT_EQ(std::get<Void>(applied[4].verdict).reason, VoidReason::misplaced);
  EXPECT_TRUE(std::holds_alternative<Apply>(applied[5].verdict));
  EXPECT_EQ(std::get<Void>(applied[6].verdict).reason, VoidReason::misplaced);
}

TEST_F(ApplierTest, AStoppedPartitionStopsNoOther) {
  TwoPartitions log;
  log.add(0, {.epoch = 7, .writer = writer, .body = Claim{}});
  log.add(0, TwoPartitions::first_group_of(log.in_first));
  log.add(1, TwoPartitions::first_group_of(log.in_second));
  const auto store = new_store();
  const auto applier = Applier::make(*store);
  const auto applied = applier->apply(log.entries, true);
  ASSERT_EQ(applied.size(), 6U);
  EXPECT_EQ(std::get<Stop>(applied[4].verdict).reason, StopReason::epoch_ahead);
  EXPECT_TRUE(std::holds_alternative<Apply>(applied[5].verdict));
  EXPECT_EQ(store->tip(log.in_first).position, 0U);
  EXPECT_EQ(store->log_place(0).next_offset, 21U);
  EXPECT_TRUE(applier->apply(std::span(log.entries).subspan(5, 1), true).empty());
}

TEST_F(ApplierTest, EndsTheBatchBeforeWhatNoReaderCanMeet) {
  script_.start();
  script_.support(1, 1, {1000});
  script_.add({.epoch = 5, .writer = writer, .body = Claim{}});
  script_.support(2, 1, {1000});
  const auto store = new_store();
  const auto applied = Applier::make(*store)->apply(script_.entries, true);
  ASSERT_EQ(applied.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<Stop>(applied.back().verdict));
  EXPECT_EQ(store->next_offset(), 3U);
}

TEST_F(ApplierTest, SeesEarlierGroupsOfTheSameBatch) {
  script_.start();
  for (int i = 0; i < 5; ++i) script_.support(1, 1, {1000}, i % 2 == 0 ? "agree" : "pass");
  const auto store = new_store();
  for (const auto& entry : Applier::make(*store)->apply(script_.entries, true)) {
    EXPECT_TRUE(std::holds_alternative<Apply>(entry.verdict));
  }
  EXPECT_EQ(stance_of(*store, 1), domain::Stance::agree);
  EXPECT_EQ(store->tip(platform).position, 5U);
}

TEST_F(ApplierTest, ForgetsCommandIdsAfterPositionsAndTimeHoweverTheLogIsBatched) {
  const Remembrance remembrance{.positions = 20, .ms = 1000};
  script_.start();
  for (std::uint8_t i = 1; i <= 60; ++i) {
    // Every third takes long, and the first id comes again and again.
    script_.support(i % 17 == 0 ? 1 : i, 1 + i % 3, {1000 + 40 * i + (i % 3 == 0 ? 30 : 0)});
  }
  const auto one_by_one = new_store(), reopened = new_store();
  const auto applier = Applier::make(*one_by_one, remembrance);
  for (const auto& entry : script_.entries) applier->apply(std::span(&entry, 1), false);
  for (std::size_t i = 0; i < script_.entries.size(); i += 7) {
    const auto count = std::min<std::size_t>(7, script_.entries.size() - i);
    Applier::make(*reopened, remembrance)
        ->apply(std::span(script_.entries).subspan(i, count), false);
  }
  EXPECT_EQ(content(*one_by_one), content(*reopened));
  EXPECT_FALSE(one_by_one->command(platform, domain::CommandId(domain::IdBytes{2})));
  EXPECT_TRUE(one_by_one->command(platform, domain::CommandId(domain::IdBytes{1})));
  EXPECT_TRUE(one_by_one->command(platform, domain::CommandId(domain::IdBytes{60})));
  const auto remembered = one_by_one->commands(platform, {}, 1000).size();
  EXPECT_LT(remembered, 40U);
  EXPECT_GT(remembered, 20U);
}

TEST_F(ApplierTest, RemembersUntilBothHavePassed) {
  const Remembrance remembrance;
  const RememberedCommand command{
      .request_mac = {}, .first_position = 10, .event_count = 1, .recorded_at = {1000}};
  const Timestamp week_later{1000 + 7LL * 24 * 60 * 60 * 1000};
  EXPECT_TRUE(remembrance.has_passed(command, 1'000'010, week_later));
  EXPECT_FALSE(remembrance.has_passed(command, 1'000'009, week_later));
  EXPECT_FALSE(remembrance.has_passed(command, 1'000'010, {week_later.ms - 1}));
}

TEST_F(ApplierTest, StopsAPlatformAtWhatItCannotReadAndKeepsItsChain) {
  script_.start();
  script_.support(1, 1, {1000});
  script_.support(2, 1, {1000}, "perhaps");  // no such stance
  script_.support(3, 1, {1000});
  const auto store = new_store();
  {
    const auto applier = Applier::make(*store);
    const auto applied = applier->apply(script_.entries, true);
    EXPECT_TRUE(std::holds_alternative<Apply>(applied[3].verdict));
    EXPECT_FALSE(applied[3].changed_state);
    EXPECT_FALSE(applied[4].changed_state);
    ASSERT_EQ(applier->stopped().size(), 1U);
    EXPECT_EQ(applier->stopped()[0].position, 2U);
  }
  EXPECT_EQ(store->tip(platform).position, 3U);
  EXPECT_FALSE(store->command(platform, domain::CommandId(domain::IdBytes{3})));
  const auto applier = Applier::make(*store);  // a restart does not forget it
  ASSERT_EQ(applier->stopped().size(), 1U);
  EXPECT_EQ(applier->stopped()[0].position, 2U);
}

TEST_F(ApplierTest, GoesOnWhereItStoppedOnceTheRecordCanBeRead) {
  script_.start();
  for (std::uint8_t i = 1; i <= 3; ++i) script_.support(i, 1, {1000 + i});
  const auto expected = new_store();
  Applier::make(*expected)->apply(script_.entries, true);
  // As an older software would have left it: the second record in the chain, but not in the state.
  const auto store = new_store();
  Applier::make(*store)->apply(std::span(script_.entries).first(3), true);
  auto batch = store->begin();
  for (std::size_t i = 3; i < 5; ++i) {
    const auto& entry = script_.entries[i];
    const auto envelope = decode_envelope(entry.envelope).value();
    const auto& bytes = std::get<Group>(envelope.body).record;
    const auto record = decode_record(bytes).value();
    batch->put_envelope(entry.offset, {0, entry.offset}, std::nullopt, entry.envelope);
    batch->put_record(entry.offset, record.header, hash_of(bytes),
                      record.commits.back().recorded_at);
  }
  batch->put_state(platform, domain::state_key<StopRecord>({}),
                   domain::pack(StopRecord{.position = 2, .why = "unknown"}));
  store->write(std::move(batch), true);
  EXPECT_NE(content(*store), content(*expected));
  const auto applier = Applier::make(*store);
  EXPECT_TRUE(applier->stopped().empty());
  EXPECT_EQ(content(*store), content(*expected));
}

}  // namespace
}  // namespace meent::eventstore
