#include <gtest/gtest.h>

#include "eventstore/fault_files.h"
#include "tests/crash/script.h"

/// The whole event store, from command to answer, over a disk that fails.
namespace meent::eventstore::crash {
namespace {

using Faults = std::vector<std::string>;

const std::filesystem::path folder = "/node";
constexpr std::size_t first_session = 6;  ///< steps; the others run after a restart

SequencerOptions options() {
  SequencerOptions out;
  out.fail_stop = [](const std::string&) {};  // the process ends: here, the run does
  out.least_free_bytes = 0;
  return out;
}

Embedded open(FaultFiles& files) {
  return Embedded::open(folder, files, options());
}

/// Two sessions; ends early where the disk fails.
Acknowledged run_until_fault(FaultFiles& files) {
  Acknowledged out;
  try {
    {
      auto embedded = open(files);
      if (!run_steps(embedded, 0, first_session, out)) return out;
    }
    auto embedded = open(files);
    run_steps(embedded, first_session, script().size(), out);
  } catch (const StorageError&) {
  } catch (const StartRefused&) {
  }
  return out;
}

/// Opens twice: what the first recovery found must stay.
void expect_recovery(FaultFiles& files, const Acknowledged& acknowledged) {
  {
    auto embedded = open(files);
    EXPECT_EQ(faults_of(embedded, acknowledged), Faults{});
  }
  auto embedded = open(files);
  EXPECT_EQ(faults_of(embedded, acknowledged), Faults{});
  EXPECT_EQ(faults_of_repeating(embedded, acknowledged), Faults{});
  EXPECT_EQ(faults_of(embedded, acknowledged), Faults{});
}

TEST(Power, AWholeRunIsAcknowledgedInFullAndRepeatable) {
  FaultFiles files;
  const auto acknowledged = run_until_fault(files);
  EXPECT_EQ(acknowledged.size(), script().size());
  expect_recovery(files, acknowledged);
}

// Every operation is a test point; spread over shards that run beside each other.
constexpr std::uint64_t shards = 4;

struct Shard {
  PowerLoss loss = PowerLoss::drops_unsynced;
  std::uint64_t number = 0;
};
std::string name_of(const testing::TestParamInfo<Shard>& info) {
  return std::string(info.param.loss == PowerLoss::drops_unsynced ? "Drops" : "Tears") +
         std::to_string(info.param.number);
}
std::vector<Shard> all_shards() {
  std::vector<Shard> out;
  for (const auto loss : {PowerLoss::drops_unsynced, PowerLoss::tears_unsynced}) {
    for (std::uint64_t number = 0; number < shards; ++number) out.push_back({loss, number});
  }
  return out;
}

class PowerLossAt : public testing::TestWithParam<Shard> {};
INSTANTIATE_TEST_SUITE_P(Every, PowerLossAt, testing::ValuesIn(all_shards()), name_of);

TEST_P(PowerLossAt, OperationLosesNothingAndAppliesNothingTwice) {
  FaultFiles counting;
  run_until_fault(counting);
  const auto operations = counting.disk().operation_count();
  ASSERT_GT(operations, 150U);
  // A few more than counted: threads of the database may take another order.
  for (auto at = GetParam().number + 1; at <= operations + 10; at += shards) {
    SCOPED_TRACE("power goes at operation " + std::to_string(at));
    FaultFiles files;
    files.disk().cut_power_at(at);
    const auto acknowledged = run_until_fault(files);
    files.disk().lose_power(GetParam().loss, at);
    expect_recovery(files, acknowledged);
    if (HasFailure()) break;
  }
}

TEST(Power, AnyFailedSyncEndsTheRunAndLosesNothing) {
  FaultFiles counting;
  run_until_fault(counting);
  const auto syncs = counting.disk().sync_count();
  ASSERT_GT(syncs, 40U);
  for (std::uint64_t at = 1; at <= syncs; ++at) {
    SCOPED_TRACE("sync " + std::to_string(at) + " fails");
    FaultFiles files;
    files.disk().fail_sync(at);
    const auto acknowledged = run_until_fault(files);
    files.disk().kill_process();
    expect_recovery(files, acknowledged);
    files.disk().lose_power(PowerLoss::drops_unsynced, at);
    auto embedded = open(files);
    EXPECT_EQ(faults_of(embedded, acknowledged), Faults{});
    if (testing::Test::HasFailure()) break;
  }
}

TEST(Power, AFullDiskEndsTheRunAndLosesNothing) {
  FaultFiles counting;
  run_until_fault(counting);
  bool has_filled = false;
  for (std::uint64_t bytes = 0; bytes < 80'000; bytes += 613) {
    SCOPED_TRACE("full after " + std::to_string(bytes) + " bytes");
    FaultFiles files;
    files.disk().limit_bytes(bytes);
    const auto acknowledged = run_until_fault(files);
    has_filled = has_filled || acknowledged.size() < script().size();
    files.disk().kill_process();
    expect_recovery(files, acknowledged);
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_TRUE(has_filled);
}

TEST(Power, BelowTheFreeSpaceMarkWritesAreRefusedBeforeTheDiskIsFull) {
  FaultFiles files;
  auto marked = options();
  marked.least_free_bytes = 1'000'000;
  auto embedded = Embedded::open(folder, files, marked);
  Acknowledged acknowledged;
  ASSERT_TRUE(run_steps(embedded, 0, 3, acknowledged));
  files.disk().limit_bytes(500'000);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // it looks now and then
  const auto outcome = embedded.sequencer->run(script()[3](embedded));
  ASSERT_TRUE(std::holds_alternative<Unavailable>(outcome));
  EXPECT_EQ(std::get<Unavailable>(outcome).why, Unavailable::Why::no_space);
  EXPECT_EQ(faults_of(embedded, acknowledged), Faults{});
}

std::vector<std::string> files_at_rest(FaultFiles& files) {
  std::vector<std::string> out = {"/node/tip", "/node/keys/slots"};
  for (const auto& name : files.disk().children("/node/log")) {
    if (name.ends_with(".log") || name.ends_with(".sst") || name.starts_with("MANIFEST")) {
      out.push_back("/node/log/" + name);
    }
  }
  return out;
}

/// Serves everything right, or says clearly that it cannot. True: it said so.
bool is_refused_or_right(FaultFiles& files, const Acknowledged& acknowledged) {
  try {
    auto embedded = open(files);
    EXPECT_EQ(faults_of(embedded, acknowledged), Faults{});
    return false;
  } catch (const StartRefused& refused) {
    EXPECT_FALSE(std::string(refused.what()).empty());
  } catch (const StorageError& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
  }
  return true;
}

TEST(Power, HistoryWithoutItsKeysIsRefused) {
  FaultFiles files;
  const auto acknowledged = run_until_fault(files);
  ASSERT_EQ(files.disk().rename("/node/keys/slots", "/node/keys/elsewhere"), DiskFault::none);
  try {
    open(files);
    FAIL() << "started without keys";
  } catch (const StartRefused& refused) {
    EXPECT_NE(std::string(refused.what()).find("/node/keys/slots is missing"), std::string::npos);
  }
  ASSERT_EQ(files.disk().rename("/node/keys/elsewhere", "/node/keys/slots"), DiskFault::none);
  expect_recovery(files, acknowledged);
}

TEST(Power, AFlippedBitAnywhereIsNeverServed) {
  FaultFiles counting;
  run_until_fault(counting);
  std::map<std::string, int> refusals;
  for (const auto& path : files_at_rest(counting)) {
    for (std::uint64_t eighth = 0; eighth < 8; ++eighth) {
      SCOPED_TRACE(path + ", part " + std::to_string(eighth));
      FaultFiles files;
      const auto acknowledged = run_until_fault(files);
      SimDisk::NodePtr node;
      if (files.disk().open(path, node) != DiskFault::none) break;
      const auto bits = node->data.size() * 8;
      if (!files.disk().flip_bit(path, bits * eighth / 8 + 101)) continue;
      if (is_refused_or_right(files, acknowledged)) ++refusals[path];
      if (testing::Test::HasFailure()) return;
    }
  }
  EXPECT_EQ(refusals["/node/keys/slots"], 8);
  EXPECT_GE(refusals.size(), 3U);
}

}  // namespace
}  // namespace meent::eventstore::crash
