#include "eventstore/store_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "eventstore/bytes.h"
#include "eventstore/fault_files.h"
#include "tests/eventstore/examples.h"
#include "tests/eventstore/history.h"

namespace meent::eventstore {
namespace {

using namespace examples;

/// Six envelopes: genesis, claim, two groups of each platform.
void write_history(FaultFiles& files) {
  const auto store = Store::open({.folder = "/data"}, files);
  HistoryWriter history(*store);
  history.write_genesis_and_claim();
  for (const auto platform : {platform_a(), platform_b(), platform_a(), platform_b()}) {
    history.write_group(platform);
  }
}

using Damage = std::function<void(const Database&)>;

/// Changes rows behind the store's back, in the WAL alone; then starts. Returns the refusal.
std::string refusal_after(const Damage& damage, bool accept_tip = false) {
  FaultFiles files;
  write_history(files);
  damage(Database::open("/data/log", files, std::make_shared<Failure>(), 48 << 20));
  if (accept_tip) files.disk().cut_file("/data/tip", 0);
  try {
    (void)Store::open({.folder = "/data"}, files);
  } catch (const StartRefused& refused) {
    return refused.what();
  }
  return "";
}

void put(const Database& database, Family family, const std::string& key, const std::string& row) {
  ASSERT_TRUE(database.db().Put(rocksdb::WriteOptions(), database.family(family), key, row).ok());
}

/// The row of an envelope put back as another, with the ordinal given: it then lies in the WAL.
void put_envelope(const Database& database, std::uint64_t offset, std::uint64_t ordinal,
                  const std::string& bytes) {
  put(database, Family::envelopes, envelope_key(offset),
      encode_envelope_mark({ordinal, std::nullopt}) + bytes);
}

std::string group_of(const Record& record) {
  return encode_envelope(
      {.epoch = 1, .writer = id_of<WriterId>(0x70), .body = Group{encode_record(record)}});
}

/// The record that would come next on platform a.
Record next_record(const Database& database) {
  const auto tip = decode_tip(*database.get(Family::meta, tip_key(platform_a())));
  return {.header = {.platform = platform_a(),
                     .base_position = tip.position + 1,
                     .event_count = 1,
                     .prev_hash = tip.hash},
          .commits = {support_commit()}};
}

/// One envelope more, with all that belongs to it; `spoil` changes one thing.
struct Appended {
  std::uint64_t offset = 6, ordinal = 6, next_offset = 7, count = 7;
  Record record;
  bool has_index = true, has_tip = true;
};
Damage appending(const std::function<void(Appended&)>& spoil) {
  return [=](const Database& database) {
    Appended appended;
    appended.record = next_record(database);
    spoil(appended);
    const auto& header = appended.record.header;
    const auto hash = hash_of(encode_record(appended.record));
    put_envelope(database, appended.offset, appended.ordinal, group_of(appended.record));
    put(database, Family::meta, std::string(progress_key),
        encode_progress({appended.next_offset, appended.count}));
    if (appended.has_index) {
      put(database, Family::index, index_key(header.platform, header.base_position),
          encode_indexed({appended.offset, header.base_position, header.event_count, hash}));
    }
    if (appended.has_tip) {
      put(database, Family::meta, tip_key(header.platform),
          encode_tip({header.last_position(), hash, {}}));
    }
  };
}

void expect_refused(const std::string& because, const Damage& damage) {
  const auto refusal = refusal_after(damage);
  EXPECT_NE(refusal.find(because), std::string::npos) << "said: " << refusal;
  EXPECT_NE(refusal.find("Nothing was changed"), std::string::npos);
}

TEST(StoreCheck, TakesAHistoryThatGoesBeyondTheKeptTip) {
  EXPECT_EQ(refusal_after(appending([](Appended&) {})), "");
}

TEST(StoreCheck, RefusesAHoleThatAWalLeft) {
  expect_refused("there is a hole before offset 8", appending([](Appended& appended) {
                   appended.offset = appended.ordinal = 8;
                   appended.next_offset = appended.count = 9;
                 }));
}

TEST(StoreCheck, TakesOffsetsWithGapsWhereNothingIsMissing) {
  EXPECT_EQ(refusal_after(appending([](Appended& appended) {
              appended.offset = 8;
              appended.next_offset = 9;
            })),
            "");
}

TEST(StoreCheck, RefusesFewerEnvelopesThanWereWritten) {
  expect_refused("it holds 7 envelopes where 9 were written",
                 appending([](Appended& appended) { appended.next_offset = appended.count = 9; }));
}

TEST(StoreCheck, RefusesABrokenChain) {
  expect_refused("the chain of platform",
                 appending([](Appended& appended) { appended.record.header.prev_hash[0] ^= 1; }));
  expect_refused("the chain of platform",
                 appending([](Appended& appended) { ++appended.record.header.base_position; }));
}

TEST(StoreCheck, RefusesARecordThatTheIndexDoesNotKnow) {
  expect_refused("the index lacks position 3",
                 appending([](Appended& appended) { appended.has_index = false; }));
}

TEST(StoreCheck, RefusesATipThatIsNotTheLastRecord) {
  expect_refused("the tip of platform",
                 appending([](Appended& appended) { appended.has_tip = false; }));
}

TEST(StoreCheck, RefusesAnEnvelopeThatIsNotTheAcknowledgedOne) {
  expect_refused("the envelope at offset 5 is not the one that was acknowledged",
                 [](const Database& database) { put_envelope(database, 5, 5, "another"); });
}

TEST(StoreCheck, RefusesADamagedEnvelopeInTheWal) {
  expect_refused("the envelope at offset 6 is damaged", [](const Database& database) {
    put_envelope(database, 6, 6, "MEENnonsense");
    put(database, Family::meta, std::string(progress_key), encode_progress({7, 7}));
  });
}

TEST(StoreCheck, AnEmptiedTipDoesNotExcuseAHole) {
  const auto hole = appending([](Appended& appended) {
    appended.offset = appended.ordinal = 8;
    appended.next_offset = appended.count = 9;
  });
  EXPECT_NE(refusal_after(hole, true).find("there is a hole"), std::string::npos);
}

}  // namespace
}  // namespace meent::eventstore
