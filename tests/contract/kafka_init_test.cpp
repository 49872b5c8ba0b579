#include "eventstore/kafka_init.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "eventstore/envelope.h"
#include "eventstore/kafka_log.h"
#include "eventstore/kafka_producer.h"
#include "eventstore/kafka_topics.h"
#include "tests/kafka/kafka_cluster.h"
#include "tests/kafka/kafka_hands.h"

/// `meent kafka init` on real brokers, and who may write what afterwards.
namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;
using tests::KafkaCluster;

class KafkaInitTest : public testing::Test {
 protected:
  KafkaInitTest() {
    init.options.bootstrap = KafkaCluster::shared().addresses();
    init.options.topic_prefix = tests::fresh_prefix();
    init.options.replication = 1;
    init.partitions = 3;
  }

  [[nodiscard]] bool is_there(const std::string& topic) {
    const auto all = hands.topics();
    return std::ranges::find(all, topic) != all.end();
  }

  domain::LogId log_id_at(std::uint32_t partition) {
    const auto values = hands.values(init.options.log_topic(), partition);
    const auto envelope = decode_envelope(values.at(0));
    return std::get<Genesis>(envelope.value().body).log_id;
  }

  void expect_refused(const std::string& says) {
    try {
      init_kafka(init);
      ADD_FAILURE() << "it was taken";
    } catch (const StartRefused& refused) {
      EXPECT_NE(std::string(refused.what()).find(says), std::string::npos) << refused.what();
    }
  }

  KafkaInit init;
  tests::KafkaHands hands{KafkaCluster::shared().addresses()};
};

TEST_F(KafkaInitTest, MakesFourTopicsAndAGenesisForEachPartitionAndThenNothingMore) {
  const auto report = init_kafka(init);
  EXPECT_EQ(report.made.size(), 4U);
  EXPECT_EQ(report.genesis_count, 3U);
  for (const auto* name : {".log", ".keys", ".beats", ".events"}) {
    EXPECT_TRUE(is_there(init.options.topic_prefix + name)) << name;
  }
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(log_id_at(i), report.log_id);
  const auto again = init_kafka(init);
  EXPECT_TRUE(again.made.empty());
  EXPECT_EQ(again.genesis_count, 0U);
  EXPECT_EQ(again.log_id, report.log_id);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(hands.values(init.options.log_topic(), i).size(), 1U);
  }
}

TEST_F(KafkaInitTest, GoesOnWhereItWasCutOff) {
  hands.create(init.options.log_topic(), 3, settings_for(TopicKind::log, 1));
  domain::IdBytes bytes{};
  bytes.fill(7);
  const domain::LogId log_id(bytes);
  hands.put(init.options.log_topic(), 0,
            encode_envelope({.epoch = 0,
                             .writer = {},
                             .body = Genesis{.log_id = log_id, .partition = 0, .partitions = 3}}));
  const auto report = init_kafka(init);
  EXPECT_EQ(report.made.size(), 3U);
  EXPECT_EQ(report.genesis_count, 2U);
  EXPECT_EQ(report.log_id, log_id);
  EXPECT_EQ(log_id_at(2), log_id);
}

TEST_F(KafkaInitTest, SeveralAtOnceEndWithOneLog) {
  std::vector<domain::LogId> ids(3);
  {
    std::vector<std::jthread> threads;
    for (auto& id : ids) threads.emplace_back([&] { id = init_kafka(init).log_id; });
  }
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(ids[i], ids[0]);
    EXPECT_EQ(log_id_at(i), ids[0]);
  }
}

TEST_F(KafkaInitTest, ATopicThatIsSetOtherwiseIsRefusedAndNothingIsMade) {
  auto settings = settings_for(TopicKind::log, 1);
  settings["retention.ms"] = "1000";
  hands.create(init.options.log_topic(), 3, settings);
  expect_refused("retention.ms is '1000' and must be -1");
  EXPECT_FALSE(is_there(init.options.keys_topic()));
}

TEST_F(KafkaInitTest, ATopicWithOtherPartitionsIsRefused) {
  hands.create(init.options.log_topic(), 2, settings_for(TopicKind::log, 1));
  expect_refused("the number of partitions is 2 and must be 3");
}

TEST_F(KafkaInitTest, ATopicThatSomebodyElseWritesToIsRefused) {
  hands.create(init.options.log_topic(), 3, settings_for(TopicKind::log, 1));
  hands.put(init.options.log_topic(), 1, "theirs");
  expect_refused("Partition 1");
  EXPECT_FALSE(is_there(init.options.keys_topic()));
  // Nor one from which everything was deleted.
  hands.delete_records(init.options.log_topic(), 1, 1);
  expect_refused("Partition 1");
}

TEST_F(KafkaInitTest, CopiesThatCannotKeepThePromiseAreRefused) {
  init.options.replication = 3;
  init.min_insync = 1;
  expect_refused("--min-insync is 2 to 3, not 1");
  init.min_insync = 4;
  expect_refused("--min-insync is 2 to 3, not 4");
  init.min_insync = {};
  EXPECT_THROW(init_kafka(init), StorageError);  // there is one broker
}

TEST_F(KafkaInitTest, FsyncIsForTheLogAndTheKeys) {
  init.fsync = true;
  init_kafka(init);
  EXPECT_EQ(hands.setting(init.options.log_topic(), "flush.messages"), "1");
  EXPECT_EQ(hands.setting(init.options.keys_topic(), "flush.messages"), "1");
  EXPECT_NE(hands.setting(init.options.beats_topic(), "flush.messages"), "1");
  EXPECT_EQ(hands.setting(init.options.keys_topic(), "max.compaction.lag.ms"), "86400000");
  KafkaLog::open(init.options);
}

TEST_F(KafkaInitTest, WithoutAnAuthorizerItSaysWhichRightsItWouldHaveGiven) {
  init.nodes = {"User:meent"};
  init.readers = {"User:reader"};
  const auto report = init_kafka(init);
  EXPECT_FALSE(report.has_authorizer);
  EXPECT_EQ(report.rights.size(), 4U);
}

TEST(KafkaSecurity, NodesReachTheBrokersWithTlsAndPasswordAndOnlyTheyMayWrite) {
  KafkaCluster cluster({.brokers = 1, .secure = true, .settings = {}});
  const auto as = [&](const std::string& user) {
    KafkaOptions options{.bootstrap = cluster.secure_addresses(),
                         .topic_prefix = "meent",
                         .replication = 1,
                         .client = {}};
    options.client = parse_kafka_config(
        "security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\n"
        "sasl.username=" +
            user + "\nsasl.password=" + user +
            "-secret\nssl.ca.location=" + (cluster.folder() / "ca.pem").string(),
        "test");
    return options;
  };
  // A node that has no rights yet: the brokers refuse its producer for good.
  KafkaProducer node(as("meent"), "meent.log");
  EXPECT_THROW(node.store({.partition = 0, .key = {}, .value = "early", .headers = {}}, 25s),
               StorageError);

  KafkaInit init{
      .options = as("admin"), .partitions = 1, .nodes = {"User:meent"}, .readers = {"User:reader"}};
  const auto report = init_kafka(init);
  EXPECT_TRUE(report.has_authorizer);
  EXPECT_EQ(report.rights.size(), 4U);

  // Now it may, and the same producer goes on with a new instance of the library.
  const auto log = KafkaLog::open(as("meent"));
  log->append(0, std::vector<std::string>{"ours"});
  ASSERT_TRUE(log->next(10s));
  EXPECT_EQ(log->next(10s).value().envelope, "ours");
  bool is_stored = false;
  for (int i = 0; i < 10 && !is_stored; ++i) {
    try {
      node.store({.partition = 0, .key = {}, .value = "late", .headers = {}}, 25s);
      is_stored = true;
    } catch (const StorageError&) {
      std::this_thread::sleep_for(200ms);
    }
  }
  EXPECT_TRUE(is_stored);
  EXPECT_EQ(log->next(10s).value().envelope, "late");

  // Others get nowhere, each for its own reason.
  KafkaProducer stranger(as("stranger"), "meent.log");
  EXPECT_THROW(stranger.store({.partition = 0, .key = {}, .value = "x", .headers = {}}, 25s),
               StorageError);
  KafkaProducer reader(as("reader"), "meent.events");
  EXPECT_THROW(reader.store({.partition = 0, .key = {}, .value = "x", .headers = {}}, 25s),
               StorageError);
  auto impostor = as("meent");
  for (auto& [name, value] : impostor.client) {
    if (name == "sasl.password") value = "wrong";
  }
  EXPECT_THROW(KafkaLog::open(impostor, 2s), StorageError);
  auto blind = as("meent");
  std::erase_if(blind.client, [](const auto& pair) { return pair.first == "ssl.ca.location"; });
  EXPECT_THROW(KafkaLog::open(blind, 2s), StorageError);
}

}  // namespace
}  // namespace meent::eventstore::contract
