#include <gtest/gtest.h>

#include "eventstore/kafka_init.h"
#include "eventstore/kafka_log.h"
#include "tests/kafka/kafka_cluster.h"

/// Three brokers, three copies, and what happens when one or two of them go.
namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class ThreeBrokers : public testing::Test {
 protected:
  ThreeBrokers() {
    options.bootstrap = cluster.addresses();
    init_kafka({.options = options, .partitions = 3});
    log = KafkaLog::open(options);
  }

  /// Appends to all partitions in turn.
  void append(int count) {
    for (int i = 0; i < count; ++i, ++number) {
      const auto partition = static_cast<std::uint32_t>(number % 3);
      log->append(partition, std::vector{std::to_string(number)});
      written[partition].push_back(std::to_string(number));
    }
  }

  [[nodiscard]] std::size_t missing() const {
    std::size_t out = 0;
    for (std::uint32_t i = 0; i < 3; ++i) out += written[i].size() - came[i].size();
    return out;
  }

  /// Reads until all that was written has come, or `longest` has passed.
  void read(std::chrono::seconds longest) {
    const auto end = Clock::now() + longest;
    while (missing() > 0 && Clock::now() < end) {
      try {
        const auto entry = log->next(100ms);
        if (!entry || entry->offset == 0) continue;  // genesis
        came[entry->partition].push_back(entry->envelope);
      } catch (const StorageError&) {
        error_count++;
      }
    }
  }

  void expect_all_once_in_order() const {
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(came[i], written[i]) << "partition " << i;
  }

  tests::KafkaCluster cluster{{.brokers = 3, .secure = false, .settings = {}}};
  KafkaOptions options;
  std::unique_ptr<KafkaLog> log;
  int number = 0;
  int error_count = 0;
  std::vector<std::string> written[3];
  std::vector<std::string> came[3];
};

TEST_F(ThreeBrokers, LosingOneHoldsUpAndLosingTwoStopsButNothingIsLostOrDoubled) {
  append(300);
  read(20s);
  expect_all_once_in_order();

  cluster.kill(2);  // the leader of a partition, under way
  append(300);
  const auto killed_at = Clock::now();
  read(20s);
  expect_all_once_in_order();
  RecordProperty("held_up_ms", static_cast<int>((Clock::now() - killed_at) / 1ms));

  cluster.pause(3);  // two are gone: below min.insync, nothing counts any more
  append(30);
  read(4s);
  EXPECT_GT(missing(), 0U);
  cluster.resume(3);
  read(30s);
  expect_all_once_in_order();

  cluster.revive(2);
  append(300);
  read(30s);
  expect_all_once_in_order();
}

}  // namespace
}  // namespace meent::eventstore::contract
