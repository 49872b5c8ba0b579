#include "eventstore/kafka_topic.h"

#include <gtest/gtest.h>

#include "eventstore/kafka_init.h"
#include "eventstore/kafka_topics.h"
#include "eventstore/sim_topic.h"
#include "tests/kafka/kafka_cluster.h"
#include "tests/kafka/kafka_hands.h"

/// One suite over every topic of keys or beats.
namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;

enum class Kind : std::uint8_t { sim, kafka };

class TopicContract : public testing::TestWithParam<Kind> {
 protected:
  TopicContract() {
    if (GetParam() == Kind::sim) return;
    options.bootstrap = tests::KafkaCluster::shared().addresses();
    options.topic_prefix = tests::fresh_prefix();
    options.replication = 1;
    init_kafka({.options = options, .partitions = 1, .nodes = {}, .readers = {}});
  }

  std::unique_ptr<Topic> open() {
    if (GetParam() == Kind::sim) return sim.open();
    return std::make_unique<KafkaTopic>(options, options.keys_topic());
  }

  static std::vector<TopicEntry> read(Topic& topic, std::size_t expected) {
    std::vector<TopicEntry> out;
    while (true) {
      auto entry = topic.next(out.size() < expected ? 10s : 20ms);
      if (!entry) return out;
      out.push_back(*std::move(entry));
    }
  }

  /// Reads on until all that was there has been given; false when that does not come.
  static bool catches_up(Topic& topic) {
    for (int i = 0; i < 100 && !topic.is_caught_up(); ++i) topic.next(100ms);
    return topic.is_caught_up();
  }

  SimTopicBroker sim;
  KafkaOptions options;
};

INSTANTIATE_TEST_SUITE_P(Topics, TopicContract, testing::Values(Kind::sim, Kind::kafka),
                         [](const auto& info) {
                           return info.param == Kind::sim ? "SimTopic" : "KafkaTopic";
                         });

TEST_P(TopicContract, EveryReaderGetsAllOfItInOrderTheWriterToo) {
  const auto writer = open();
  writer->publish("a", "1");
  writer->publish("b", std::string(50'000, 'x'));
  writer->publish("a", std::nullopt);
  writer->publish("c", "");
  EXPECT_TRUE(writer->confirm(10s));
  for (const auto& reader : {open(), open()}) {
    const auto entries = read(*reader, 4);
    ASSERT_EQ(entries.size(), 4U);
    EXPECT_EQ(entries[0].key, "a");
    EXPECT_EQ(entries[0].value, "1");
    EXPECT_EQ(entries[1].value->size(), 50'000U);
    EXPECT_EQ(entries[2].key, "a");
    EXPECT_EQ(entries[2].value, std::nullopt);
    EXPECT_EQ(entries[3].value, "");
  }
  EXPECT_EQ(read(*writer, 4).size(), 4U);
}

TEST_P(TopicContract, IsCaughtUpOnceAllThatWasThereIsGiven) {
  const auto empty = open();
  EXPECT_TRUE(catches_up(*empty));
  const auto writer = open();
  for (int i = 0; i < 100; ++i) writer->publish("key " + std::to_string(i), "value");
  ASSERT_TRUE(writer->confirm(10s));
  const auto reader = open();
  EXPECT_TRUE(reader->next(10s));
  EXPECT_FALSE(reader->is_caught_up());
  EXPECT_EQ(read(*reader, 99).size(), 99U);
  EXPECT_TRUE(catches_up(*reader));
}

TEST_P(TopicContract, FollowsWhatIsPublishedLater) {
  const auto reader = open();
  ASSERT_TRUE(catches_up(*reader));
  EXPECT_FALSE(reader->next(1ms));
  const auto writer = open();
  writer->publish("beat", "now");
  EXPECT_TRUE(writer->confirm(10s));
  const auto entry = reader->next(10s);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->key, "beat");
  if (GetParam() == Kind::kafka) EXPECT_GT(entry->appended_at.ms, 1'600'000'000'000);
}

// A broker that goes away. ------------------------------------------------------------------------

TEST(KafkaTopicTest, NothingIsConfirmedWhileTheBrokerIsAwayAndReadingGoesOnAfterwards) {
  auto& cluster = tests::KafkaCluster::shared();
  KafkaOptions options{.bootstrap = cluster.addresses(),
                       .topic_prefix = tests::fresh_prefix(),
                       .replication = 1,
                       .client = {}};
  init_kafka({.options = options, .partitions = 1, .nodes = {}, .readers = {}});
  KafkaTopic topic(options, options.beats_topic());
  topic.publish("a", "before");
  ASSERT_TRUE(topic.confirm(10s));
  ASSERT_TRUE(topic.next(10s));
  cluster.pause(1);
  topic.publish("a", "during");
  EXPECT_FALSE(topic.confirm(200ms));
  EXPECT_FALSE(topic.next(50ms));
  cluster.resume(1);
  EXPECT_TRUE(topic.confirm(15s));
  const auto entry = topic.next(15s);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->value, "during");
  EXPECT_FALSE(topic.next(100ms)) << "a retry was stored twice";
}

}  // namespace
}  // namespace meent::eventstore::contract
