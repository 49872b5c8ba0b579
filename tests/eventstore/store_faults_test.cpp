#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "eventstore/fault_files.h"
#include "eventstore/store.h"
#include "tests/eventstore/examples.h"
#include "tests/eventstore/history.h"

namespace meent::eventstore {
namespace {

using namespace examples;

const std::string folder = "/data";

std::unique_ptr<Store> open_store(FaultFiles& files) {
  return Store::open({.folder = folder}, files);
}

/// Groups whose write returned, in order.
using Acknowledged = std::vector<std::string>;

constexpr int sessions = 3;
constexpr int groups_a_session = 4;

/// Opens, writes and closes a few times; stops where the disk fails.
Acknowledged run_until_fault(FaultFiles& files) {
  Acknowledged out;
  try {
    for (int session = 0; session < sessions; ++session) {
      const auto store = open_store(files);
      HistoryWriter history(*store);
      if (store->next_offset() == 0) history.write_genesis_and_claim();
      for (int i = 0; i < groups_a_session; ++i) {
        out.push_back(history.write_group(i % 2 == 0 ? platform_a() : platform_b()));
      }
    }
  } catch (const StorageError&) {
  } catch (const StartRefused&) {
    // Opening reads through the fault too. Whether the refusal was right shows when the fault is
    // gone: then nothing acknowledged may be missing.
  }
  return out;
}

/// The recovered store holds every acknowledged envelope, and chains without a hole.
void expect_whole(const Store& store, const Acknowledged& acknowledged) {
  Acknowledged groups;
  std::uint64_t next = 0;
  std::map<domain::PlatformId, PlatformTip> ends;
  store.read(0, [&](const StoredEnvelope& stored) {
    EXPECT_EQ(stored.offset, next++);
    const auto envelope = decode_envelope(stored.bytes);
    if (!envelope) {
      ADD_FAILURE() << "damaged envelope at " << stored.offset;
      return false;
    }
    if (const auto* group = std::get_if<Group>(&envelope->body)) {
      groups.push_back(stored.bytes);
      const auto header = decode_record_header(group->record);
      if (!header) {
        ADD_FAILURE() << "damaged record at " << stored.offset;
        return false;
      }
      auto& end = ends[header->platform];
      if (end.position == 0) end.hash = first_prev_hash(header->platform);
      EXPECT_EQ(header->base_position, end.position + 1);
      EXPECT_EQ(header->prev_hash, end.hash);
      end.position = header->last_position();
      end.hash = hash_of(group->record);
      EXPECT_EQ(store.state(header->platform)->get("v" + std::to_string(end.position)), "agree");
    }
    return true;
  });
  EXPECT_EQ(next, store.next_offset());
  ASSERT_GE(groups.size(), acknowledged.size());
  EXPECT_LE(groups.size(), acknowledged.size() + 1);  // the one in flight may have landed
  EXPECT_TRUE(std::equal(acknowledged.begin(), acknowledged.end(), groups.begin()));
  for (const auto& [platform, end] : ends) {
    EXPECT_EQ(store.tip(platform).position, end.position);
    EXPECT_EQ(store.tip(platform).hash, end.hash);
  }
}

/// After recovery the store works on.
void expect_usable(Store& store) {
  HistoryWriter history(store);
  if (store.next_offset() == 0) history.write_genesis_and_claim();
  history.write_group(platform_a());
}

std::uint64_t operations_of_a_run() {
  FaultFiles files;
  run_until_fault(files);
  return files.disk().operation_count();
}

// Every operation is a test point; spread over shards that run beside each other.
constexpr std::uint64_t shards = 4;

class PowerLossAt : public testing::TestWithParam<std::tuple<PowerLoss, std::uint64_t>> {};

TEST_P(PowerLossAt, AnyOperationLosesNothing) {
  const auto [loss, shard] = GetParam();
  const auto operations = operations_of_a_run();
  ASSERT_GT(operations, 150U);
  for (auto at = shard + 1; at <= operations; at += shards) {
    SCOPED_TRACE("power goes at operation " + std::to_string(at));
    FaultFiles files;
    files.disk().cut_power_at(at);
    auto acknowledged = run_until_fault(files);
    files.disk().lose_power(loss, at);
    {
      const auto store = open_store(files);
      expect_whole(*store, acknowledged);
      // And once more: what recovery found must itself be durable before anything is answered.
      acknowledged.clear();
      store->read(0, [&](const StoredEnvelope& stored) {
        if (stored.offset > 1) acknowledged.push_back(stored.bytes);
        return true;
      });
      files.disk().cut_power_at(files.disk().operation_count() + 1);
    }
    files.disk().lose_power(loss, at + 1);
    const auto store = open_store(files);
    expect_whole(*store, acknowledged);
    expect_usable(*store);
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Store, PowerLossAt,
                         testing::Combine(testing::Values(PowerLoss::drops_unsynced,
                                                          PowerLoss::tears_unsynced),
                                          testing::Range<std::uint64_t>(0, shards)),
                         [](const auto& info) {
                           const bool drops = std::get<0>(info.param) == PowerLoss::drops_unsynced;
                           return std::string(drops ? "Drops" : "Tears") +
                                  std::to_string(std::get<1>(info.param));
                         });

std::vector<std::string> files_of(FaultFiles& files, const std::string& ending) {
  std::vector<std::string> out;
  for (const auto& name : files.disk().children(folder + "/log")) {
    if (name.ends_with(ending)) out.push_back(folder + "/log/" + name);
  }
  return out;
}

/// More than two flushes leave, and fewer than all of them: some were compacted.
constexpr std::size_t family_files_after_two_flushes = 10;

/// One session that flushes and compacts in the background while it writes.
Acknowledged run_busily_until_fault(FaultFiles& files, std::size_t& tables) {
  Acknowledged out;
  try {
    const auto store = Store::open({.folder = folder, .most_buffered_bytes = 100'000}, files);
    HistoryWriter history(*store);
    history.write_genesis_and_claim();
    for (int i = 0; i < 100; ++i) {
      out.push_back(history.write_group(i % 2 == 0 ? platform_a() : platform_b()));
    }
  } catch (const StorageError&) {
  } catch (const StartRefused&) {
  }
  tables = files_of(files, ".sst").size();
  return out;
}

TEST_P(PowerLossAt, AnyMomentOfFlushingAndCompactingLosesNothing) {
  const auto [loss, shard] = GetParam();
  FaultFiles counting;
  std::size_t tables = 0;
  run_busily_until_fault(counting, tables);
  ASSERT_GT(tables, family_files_after_two_flushes);
  const auto operations = counting.disk().operation_count();
  std::mt19937_64 random(shard);
  for (int i = 0; i < 3; ++i) {
    const auto at = 100 + random() % operations;
    SCOPED_TRACE("power goes at operation " + std::to_string(at));
    FaultFiles files;
    files.disk().cut_power_at(at);
    const auto acknowledged = run_busily_until_fault(files, tables);
    files.disk().lose_power(loss, at);
    const auto store = open_store(files);
    expect_whole(*store, acknowledged);
    expect_usable(*store);
    if (HasFailure()) break;
  }
}

TEST(StoreFaults, StopsAtAnyFailedSyncAndLosesNothing) {
  FaultFiles counting;
  run_until_fault(counting);
  const auto syncs = counting.disk().sync_count();
  ASSERT_GT(syncs, 50U);
  for (std::uint64_t at = 1; at <= syncs; ++at) {
    SCOPED_TRACE("sync " + std::to_string(at) + " fails");
    FaultFiles files;
    files.disk().fail_sync(at);
    auto acknowledged = run_until_fault(files);
    files.disk().kill_process();  // the page cache still shows what never reached the platter
    {
      const auto store = open_store(files);
      expect_whole(*store, acknowledged);
      acknowledged.clear();
      store->read(0, [&](const StoredEnvelope& stored) {
        if (stored.offset > 1) acknowledged.push_back(stored.bytes);
        return true;
      });
    }
    files.disk().lose_power(PowerLoss::drops_unsynced, at);
    const auto store = open_store(files);
    expect_whole(*store, acknowledged);
    expect_usable(*store);
    if (HasFailure()) break;
  }
}

TEST(StoreFaults, RefusesEveryWriteAfterAFailedOne) {
  FaultFiles files;
  const auto store = open_store(files);
  HistoryWriter history(*store);
  history.write_genesis_and_claim();
  files.disk().fail_sync(files.disk().sync_count() + 1);
  EXPECT_THROW(history.write_group(platform_a()), StorageError);
  try {
    history.write_group(platform_a());
    FAIL() << "wrote after a failed sync";
  } catch (const StorageError& error) {
    EXPECT_TRUE(error.outcome_is_unknown());
  }
  EXPECT_EQ(store->next_offset(), 2U);
}

TEST(StoreFaults, FullDiskLosesNothing) {
  for (std::uint64_t bytes = 0; bytes < 60'000; bytes += 331) {
    SCOPED_TRACE("full after " + std::to_string(bytes) + " bytes");
    FaultFiles files;
    files.disk().limit_bytes(bytes);
    const auto acknowledged = run_until_fault(files);
    files.disk().kill_process();  // and room was made
    const auto store = open_store(files);
    expect_whole(*store, acknowledged);
    expect_usable(*store);
    if (testing::Test::HasFailure()) break;
  }
}

/// Opens, reads all, and either gets everything that was acknowledged or a clear error.
bool is_served_whole(FaultFiles& files, const Acknowledged& acknowledged) {
  try {
    const auto store = open_store(files);
    expect_whole(*store, acknowledged);
    return true;
  } catch (const StartRefused& refused) {
    EXPECT_FALSE(std::string(refused.what()).empty());
  } catch (const StorageError& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
  }
  return false;
}

TEST(StoreFaults, AFlippedBitIsNeverServed) {
  // One session's groups lie in the WAL, those of earlier sessions in flushed files.
  FaultFiles counting;
  run_until_fault(counting);
  std::map<std::string, int> refused;
  for (const std::string kind : {".log", ".sst", "tip"}) {
    const auto paths = kind == "tip" ? std::vector{folder + "/tip"} : files_of(counting, kind);
    ASSERT_FALSE(paths.empty()) << kind;
    const std::uint64_t step = kind == ".log" ? 401 : 4001;
    for (const auto& path : paths) {
      for (std::uint64_t bit = 3;; bit += step) {
        SCOPED_TRACE(path + " bit " + std::to_string(bit));
        FaultFiles files;
        const auto acknowledged = run_until_fault(files);
        if (!files.disk().flip_bit(path, bit)) break;
        if (!is_served_whole(files, acknowledged)) ++refused[kind];
        if (testing::Test::HasFailure()) return;
      }
    }
  }
  EXPECT_GT(refused[".log"], 10);
  EXPECT_GT(refused[".sst"], 10);
}

/// Names and bytes of everything but the lock's.
std::map<std::string, std::string> contents(FaultFiles& files) {
  std::map<std::string, std::string> out;
  for (const auto& in : {folder, folder + "/log"}) {
    for (const auto& name : files.disk().children(in)) {
      SimDisk::NodePtr node;
      if (name == "pid" || files.disk().open(in + "/" + name, node) != DiskFault::none) continue;
      out[in + "/" + name] = node->data;
    }
  }
  return out;
}

TEST(StoreFaults, AFlippedBitInTheWalIsRefusedAndNothingIsTouched) {
  FaultFiles files;
  const auto acknowledged = run_until_fault(files);
  const auto wal = files_of(files, ".log").back();
  ASSERT_TRUE(files.disk().flip_bit(wal, 500));
  const auto before = contents(files);
  EXPECT_THROW((void)open_store(files), StartRefused);
  EXPECT_THROW((void)open_store(files), StartRefused);
  EXPECT_EQ(contents(files), before);
  ASSERT_TRUE(files.disk().flip_bit(wal, 500));
  expect_whole(*open_store(files), acknowledged);
}

TEST(StoreFaults, ATornLastRecordIsIgnoredAndAShorterHistoryRefused) {
  FaultFiles counting;
  run_until_fault(counting);
  const auto wal = files_of(counting, ".log").back();
  SimDisk::NodePtr node;
  ASSERT_EQ(counting.disk().open(wal, node), DiskFault::none);
  const auto whole = node->data.size();
  for (std::uint64_t size = 0; size < whole; size += 37) {
    FaultFiles files;
    run_until_fault(files);
    files.disk().cut_file(wal, size);
    EXPECT_THROW((void)open_store(files), StartRefused) << size;  // acknowledged history is gone
  }
}

TEST(StoreFaults, AWholeRecordThatWasNeverAcknowledgedMayBeCutOff) {
  FaultFiles files;
  Acknowledged acknowledged;
  std::string wal;
  {
    const auto store = open_store(files);
    HistoryWriter history(*store);
    history.write_genesis_and_claim();
    acknowledged.push_back(history.write_group(platform_a()));
    wal = files_of(files, ".log").back();
    SimDisk::NodePtr node;
    ASSERT_EQ(files.disk().open(wal, node), DiskFault::none);
    const auto size = node->data.size();
    history.write_group(platform_a(), false);
    files.disk().kill_process();
    files.disk().cut_file(wal, size + 20);
  }
  expect_whole(*open_store(files), acknowledged);
}

TEST(StoreFaults, RefusesWhenTheKeptTipOrTheLogIsMissing) {
  for (const std::string missing : {"/data/tip", "/data/log/CURRENT"}) {
    FaultFiles files;
    run_until_fault(files);
    ASSERT_EQ(files.disk().remove(missing), DiskFault::none);
    try {
      (void)open_store(files);
      FAIL() << "started without " << missing;
    } catch (const StartRefused& refused) {
      EXPECT_NE(std::string(refused.what()).find("othing was changed"), std::string::npos)
          << refused.what();
    }
  }
}

TEST(StoreFaults, AnEmptiedTipAcceptsTheLogAsItIs) {
  FaultFiles files;
  const auto acknowledged = run_until_fault(files);
  files.disk().cut_file("/data/tip", 0);
  {
    const auto store = open_store(files);
    expect_whole(*store, acknowledged);
  }
  // From then on it is kept again.
  const auto wal = files_of(files, ".log");
  {
    HistoryWriter(*open_store(files)).write_group(platform_a());
  }
  files.disk().cut_file(files_of(files, ".log").back(), 0);
  EXPECT_THROW((void)open_store(files), StartRefused);
}

TEST(StoreFaults, RefusesAHoleBetweenFilesAndWal) {
  FaultFiles files;
  run_until_fault(files);
  // The files of the first sessions are gone, the WAL of the last one is there.
  const auto tables = files_of(files, ".sst");
  ASSERT_FALSE(tables.empty());
  for (const auto& table : tables) {
    FaultFiles damaged;
    run_until_fault(damaged);
    ASSERT_EQ(damaged.disk().remove(table), DiskFault::none);
    EXPECT_THROW((void)open_store(damaged), StartRefused);
  }
}

}  // namespace
}  // namespace meent::eventstore
