#include "eventstore/kafka_heal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "eventstore/envelope.h"
#include "eventstore/kafka_init.h"
#include "eventstore/kafka_log.h"
#include "eventstore/kafka_topic.h"
#include "eventstore/kafka_topics.h"
#include "eventstore/replicated.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"
#include "tests/kafka/kafka_cluster.h"
#include "tests/kafka/kafka_hands.h"

/// Real nodes over a real broker that loses the end of the log.
namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;
using tests::KafkaCluster;
using Values = std::vector<std::vector<std::string>>;  ///< by partition

constexpr std::uint32_t partitions = 3;

class KafkaHealTest : public testing::Test {
 protected:
  KafkaHealTest() {
    options.bootstrap = cluster.addresses();
    options.topic_prefix = tests::fresh_prefix();
    options.replication = 1;
    secret.fill(7);
    init_kafka({.options = options, .partitions = partitions});
  }

  [[nodiscard]] std::filesystem::path folder(const std::string& name) const {
    return scratch.path() / name;
  }

  /// A node that has read the log to its end and, when it is alone, owns all of it.
  std::unique_ptr<Replicated> start(const std::string& name, bool is_alone = true) {
    auto node =
        Replicated::open(folder(name), real_files(),
                         {.log = KafkaLog::open(options),
                          .keys = std::make_unique<KafkaTopic>(options, options.keys_topic()),
                          .beats = std::make_unique<KafkaTopic>(options, options.beats_topic()),
                          .secret = secret},
                         {});
    node->join("http://" + name);
    wait_until([&] {
      if (!is_alone) return node->sequencer().behind().has_value();
      for (std::uint32_t i = 0; i < partitions; ++i) {
        if (node->sequencer().role(i) != PartitionRole::owning) return false;
      }
      return node->store().tip(domain::directory_id()).position > 0;
    });
    return node;
  }

  static void wait_until(const std::function<bool()>& is_so) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; !is_so();) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(10ms);
    }
  }

  /// A community in each partition.
  void found(Replicated& node) {
    std::set<std::uint32_t> homes;
    for (std::uint8_t number = 1; number <= partitions; ++number) {
      communities.push_back(
          std::make_unique<Community>(node.sequencer(), node.store(), node.keys(), number));
      communities.back()->found();
      homes.insert(partition_of(communities.back()->platform(), partitions));
    }
    ASSERT_EQ(homes.size(), partitions);
  }
  void write_more() {
    for (auto& community : communities) {
      const auto person = community->add_person();
      community->add_idea(person);
    }
  }

  Values topic() {
    Values out;
    for (std::uint32_t i = 0; i < partitions; ++i) {
      out.push_back(hands.values(options.log_topic(), i));
    }
    return out;
  }
  void make_anew(const Values& values) {
    hands.remove(options.log_topic());
    hands.create(options.log_topic(), partitions, settings_for(TopicKind::log, 1));
    for (std::uint32_t i = 0; i < partitions; ++i) {
      for (const auto& value : values[i]) hands.put(options.log_topic(), i, value);
    }
  }
  /// Each partition loses so many.
  static Values without_last(Values values, std::size_t count) {
    for (auto& one : values) one.resize(one.size() - count);
    return values;
  }

  KafkaHeal healing(const std::string& name) {
    return KafkaHeal(folder(name), options, secret, real_files());
  }
  std::string refusal(const std::string& name) {
    try {
      healing(name).compare();
    } catch (const StartRefused& refused) {
      return refused.what();
    }
    return "not refused";
  }

  KafkaCluster& cluster = KafkaCluster::shared();
  tests::KafkaHands hands{cluster.addresses()};
  KafkaOptions options;
  KeyBytes secret{};
  ScratchFolder scratch;
  std::vector<std::unique_ptr<Community>> communities;
};

TEST_F(KafkaHealTest, AppendsWhatWasLostByteForByteAndEveryNodeGoesOn) {
  std::map<domain::PlatformId, PlatformTip> tips;
  domain::KeyId last_key;
  {
    auto longest = start("longest");
    found(*longest);
    start("shorter", false)->stop();
    write_more();
    last_key = longest->keys().create();
    communities[0]->must_accept(communities[0]->by_operator(domain::PersonCommand(
        domain::RegisterPerson{.person = communities[0]->next_id<domain::PersonId>(),
                               .identity_key = longest->keys().create(),
                               .content_key = last_key,
                               .name = "Noor de Wit",
                               .role = domain::Role::person,
                               .external_id = ""})));
    for (auto& one : communities) tips[one->platform()] = longest->store().tip(one->platform());
  }
  const auto whole = topic();
  make_anew(without_last(whole, 6));  // less than any node has
  hands.remove(options.keys_topic());
  hands.create(options.keys_topic(), 1, settings_for(TopicKind::keys, 1));
  {
    auto heal = healing("longest");
    const auto places = heal.compare();
    ASSERT_EQ(places.size(), partitions);
    for (std::uint32_t i = 0; i < partitions; ++i) {
      EXPECT_EQ(places[i].lost_count, 6U);
      EXPECT_EQ(places[i].node_end, whole[i].size());
      EXPECT_EQ(places[i].topic_end, whole[i].size() - 6);
      EXPECT_FALSE(places[i].parted);
    }
    EXPECT_EQ(topic(), without_last(whole, 6));  // so far it only looked
    EXPECT_GE(heal.append(), 1U);
    EXPECT_EQ(topic(), whole);
    for (const auto& place : heal.compare()) EXPECT_EQ(place.lost_count, 0U);
    EXPECT_EQ(heal.append(), 0U);  // and again: nothing is left to do
    EXPECT_EQ(topic(), whole);
  }
  const auto longest = start("longest");
  const auto shorter = start("shorter", false);
  for (const auto& [platform, tip] : tips) {
    wait_until([&] { return shorter->store().tip(platform) == tip; });
    EXPECT_EQ(longest->store().tip(platform), tip);
  }
  // What the lost end needs can be read by whoever was not there.
  const auto late = start("late", false);
  EXPECT_TRUE(late->keys().contains(last_key));
  Community(longest->sequencer(), longest->store(), longest->keys(), 4).found();
  const auto after = longest->store().platforms(domain::PlatformId(), 10);
  for (const auto platform : after) {
    wait_until([&] { return late->store().tip(platform) == longest->store().tip(platform); });
    wait_until([&] { return shorter->store().tip(platform) == longest->store().tip(platform); });
  }
}

TEST_F(KafkaHealTest, GoesOnWhereItWasCutOffAndKeepsOffsetsThatNobodyHad) {
  {
    auto node = start("a");
    found(*node);
    // A stranger's transaction leaves an offset without an entry.
    hands.put_in_transaction(options.log_topic(), 0, "a stranger's");
    hands.abort_transaction();
    write_more();
  }
  const auto whole = topic();
  auto cut = without_last(whole, 0);
  const auto strangers = std::ranges::find(cut[0], "a stranger's") - cut[0].begin();
  cut[0].resize(static_cast<std::size_t>(strangers));
  cut[0].push_back(whole[0][static_cast<std::size_t>(strangers)]);  // the first append came through
  make_anew(cut);
  const auto lost = whole[0].size() - cut[0].size();
  {
    auto heal = healing("a");
    EXPECT_EQ(heal.compare()[0].lost_count, lost);
    heal.append();
  }
  auto expected = whole;
  expected[0].insert(expected[0].begin() + strangers + 1, "");
  EXPECT_EQ(topic(), expected);
  for (const auto& place : healing("a").compare()) {
    EXPECT_EQ(place.lost_count, 0U);
    EXPECT_FALSE(place.parted);
  }
  start("a");  // finds its last entry where it was
  const auto late = start("late");
  Community(late->sequencer(), late->store(), late->keys(), 4).found();
}

TEST_F(KafkaHealTest, WritesNothingWhenSomebodyWroteSinceOrTheTopicIsAnothers) {
  {
    auto node = start("a");
    found(*node);
    write_more();
    EXPECT_NE(refusal("a").find("is in use by process"), std::string::npos);
    start("b", false)->stop();
    EXPECT_NE(refusal("b").find("A node is running at http://a"), std::string::npos);
  }
  EXPECT_NE(refusal("nowhere").find("is not the data folder"), std::string::npos);
  auto parted = without_last(topic(), 4);
  const Envelope claim{.epoch = 9, .writer = {}, .body = Claim{.url = "http://another"}};
  parted[1].push_back(encode_envelope(claim));
  make_anew(parted);
  {
    auto heal = healing("a");
    const auto places = heal.compare();
    EXPECT_FALSE(places[0].parted);
    ASSERT_TRUE(places[1].parted);
    EXPECT_LE(places[1].parted->first, parted[1].size() - 1);
    EXPECT_EQ(places[1].parted->second, parted[1].size() - 1);
    EXPECT_THROW(heal.append(), StartRefused);
    EXPECT_EQ(topic(), parted);
  }
  hands.remove(options.log_topic());
  init_kafka({.options = options, .partitions = partitions});
  EXPECT_NE(refusal("a").find("and this node's history is of log"), std::string::npos);
  hands.remove(options.log_topic());
  EXPECT_NE(refusal("a").find("Not with `meent kafka init`"), std::string::npos);
}

}  // namespace
}  // namespace meent::eventstore::contract
