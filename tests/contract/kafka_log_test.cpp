#include "eventstore/kafka_log.h"

#include <gtest/gtest.h>

#include <thread>

#include "eventstore/envelope.h"
#include "eventstore/kafka_init.h"
#include "eventstore/kafka_topics.h"
#include "tests/kafka/kafka_cluster.h"
#include "tests/kafka/kafka_hands.h"

/// What only a log on real brokers can show: brokers that go and come back, topics that were cut,
/// made anew or set otherwise, and strangers who write into them.
namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;
using tests::KafkaCluster;

/// A log of its own for each test, on the broker that all share.
class KafkaLogTest : public testing::Test {
 protected:
  explicit KafkaLogTest(std::uint32_t partitions = 2) {
    options.bootstrap = cluster.addresses();
    options.topic_prefix = tests::fresh_prefix();
    options.replication = 1;
    init.options = options;
    init.partitions = partitions;
    init_kafka(init);
  }

  [[nodiscard]] std::string topic() const { return options.log_topic(); }

  /// Entries of all partitions until none comes for a while.
  static std::vector<LogEntry> read(Log& log, std::size_t expected) {
    std::vector<LogEntry> out;
    while (true) {
      auto entry = log.next(out.size() < expected ? 10s : 50ms);
      if (!entry) return out;
      out.push_back(*std::move(entry));
    }
  }

  static std::vector<std::string> bytes_of(const std::vector<LogEntry>& entries,
                                           std::uint32_t partition) {
    std::vector<std::string> out;
    for (const auto& entry : entries) {
      if (entry.partition == partition) out.push_back(entry.envelope);
    }
    return out;
  }

  /// Where a reader stands that has applied these and no more.
  static LogPlace place_after(const LogEntry& entry) {
    return {.next_offset = entry.offset + 1,
            .last = SeenEntry{.offset = entry.offset, .envelope_hash = hash_of(entry.envelope)}};
  }

  /// What the log says once it has noticed; fails the test when it does not within `longest`.
  static std::string change_noticed(Log& log, std::chrono::seconds longest = 15s) {
    const auto end = std::chrono::steady_clock::now() + longest;
    while (std::chrono::steady_clock::now() < end) {
      try {
        log.next(100ms);
      } catch (const StorageError&) {
        continue;  // for now
      } catch (const LogChanged& changed) {
        EXPECT_THROW(log.next(0ms), LogChanged);
        EXPECT_THROW(log.append(0, std::vector<std::string>{"more"}), LogChanged);
        return changed.what();
      }
    }
    ADD_FAILURE() << "the change was not noticed";
    return {};
  }

  /// Everything of the topic's partition goes, and these come instead.
  void make_anew(const std::vector<std::vector<std::string>>& partitions) {
    hands.remove(topic());
    hands.create(topic(), static_cast<std::uint32_t>(partitions.size()),
                 settings_for(TopicKind::log, 1));
    for (std::uint32_t i = 0; i < partitions.size(); ++i) {
      for (const auto& value : partitions[i]) hands.put(topic(), i, value);
    }
  }

  KafkaCluster& cluster = KafkaCluster::shared();
  tests::KafkaHands hands{cluster.addresses()};
  KafkaOptions options;
  KafkaInit init;
};

#define EXPECT_SAYS(text, part) \
  EXPECT_TRUE((text).find(part) != std::string::npos) << "\"" << (text) << "\" lacks " << (part)

// Reading and writing. ----------------------------------------------------------------------------

TEST_F(KafkaLogTest, EveryPartitionBeginsWithItsGenesisAndIsReadInOrder) {
  const auto log = KafkaLog::open(options);
  ASSERT_EQ(log->partitions(), 2U);
  std::vector<std::string> written;
  for (int i = 0; i < 200; ++i) written.push_back("entry " + std::to_string(i));
  log->append(0, written);
  log->append(1, std::vector<std::string>{"of one"});
  const auto entries = read(*log, 203);
  auto zero = bytes_of(entries, 0);
  ASSERT_EQ(zero.size(), 201U);
  const auto genesis = decode_envelope(zero.front());
  ASSERT_TRUE(genesis);
  EXPECT_EQ(std::get<Genesis>(genesis->body).partitions, 2U);
  zero.erase(zero.begin());
  EXPECT_EQ(zero, written);
  EXPECT_EQ(bytes_of(entries, 1).size(), 2U);
  EXPECT_EQ(bytes_of(entries, 1).back(), "of one");
  for (const auto& entry : entries) EXPECT_GT(entry.appended_at.ms, 1'600'000'000'000);
}

TEST_F(KafkaLogTest, GoesOnWhereTheReaderStoppedOnceTheEntryBeforeWasSeen) {
  hands.put(topic(), 0, "first");
  hands.put(topic(), 0, "second");
  const auto all = read(*KafkaLog::open(options), 4);
  ASSERT_EQ(bytes_of(all, 0).size(), 3U);
  const auto log = KafkaLog::open(options);
  for (const auto& entry : all) {
    if (entry.envelope != "second") log->seek(entry.partition, place_after(entry));
  }
  EXPECT_EQ(bytes_of(read(*log, 1), 0), std::vector<std::string>{"second"});
}

TEST_F(KafkaLogTest, StrangersBytesAreGivenOutAsTheyAre) {
  const std::string large(1'048'000, 'x');
  hands.put(topic(), 0, std::nullopt, "a key alone");
  hands.put(topic(), 0, "", "a key");
  hands.put(topic(), 0, "{}", "another");
  hands.put(topic(), 0, large);
  const auto log = KafkaLog::open(options);
  auto zero = bytes_of(read(*log, 6), 0);
  ASSERT_EQ(zero.size(), 5U);
  zero.erase(zero.begin());
  EXPECT_EQ(zero, (std::vector<std::string>{"", "", "{}", large}));
}

TEST_F(KafkaLogTest, AStrangersOpenTransactionHoldsNobodyUp) {
  hands.put_in_transaction(topic(), 0, "in a transaction");
  const auto log = KafkaLog::open(options);
  log->append(0, std::vector<std::string>{"after it"});
  const auto before_its_end = bytes_of(read(*log, 4), 0);
  ASSERT_EQ(before_its_end.size(), 3U);
  EXPECT_EQ(before_its_end[1], "in a transaction");
  EXPECT_EQ(before_its_end[2], "after it");
  hands.abort_transaction();
  log->append(0, std::vector<std::string>{"and on"});
  EXPECT_EQ(bytes_of(read(*log, 1), 0), std::vector<std::string>{"and on"});
  // Aborted or not: every reader gets the same.
  EXPECT_EQ(bytes_of(read(*KafkaLog::open(options), 5), 0).size(), 4U);
}

TEST_F(KafkaLogTest, AnEnvelopeBeyondAnyFormatIsRefusedAndTheLogGoesOn) {
  const auto log = KafkaLog::open(options);
  EXPECT_THROW(log->append(0, std::vector{std::string(2'000'000, 'x')}), StorageError);
  log->append(0, std::vector<std::string>{"small"});
  EXPECT_EQ(bytes_of(read(*log, 3), 0).back(), "small");
}

TEST_F(KafkaLogTest, AWaitingReaderCanBeWoken) {
  const auto log = KafkaLog::open(options);
  read(*log, 2);
  const auto start = std::chrono::steady_clock::now();
  std::jthread waker([&] {
    std::this_thread::sleep_for(100ms);
    log->wake();
  });
  EXPECT_FALSE(log->next(30s));
  log->wake();
  EXPECT_FALSE(log->next(30s));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST_F(KafkaLogTest, HasBeenReadToItsEndOnlyWhenNothingIsLeft) {
  for (int i = 0; i < 100; ++i) hands.put(topic(), 0, "entry " + std::to_string(i));
  const auto log = KafkaLog::open(options);
  EXPECT_FALSE(log->is_at_end());
  EXPECT_FALSE(log->next(0ms)) << "nothing was asked for yet";
  EXPECT_FALSE(log->is_at_end()) << "it is on its way";
  for (std::size_t left = 102; left > 0; --left) {
    EXPECT_FALSE(log->is_at_end()) << left;
    log->wake();
    while (!log->next(10s)) EXPECT_FALSE(log->is_at_end()) << "only woken";
  }
  log->next(2s);  // the brokers say that a partition ends when they have waited for more
  EXPECT_TRUE(log->is_at_end());
  hands.put(topic(), 1, "more");
  ASSERT_TRUE(log->next(10s));
  log->next(2s);
  EXPECT_TRUE(log->is_at_end());
}

// Brokers that go and come back. ------------------------------------------------------------------

TEST_F(KafkaLogTest, AKilledBrokerIsSaidAndNothingIsSkippedWhenItIsBack) {
  const auto log = KafkaLog::open(options);
  log->append(0, std::vector<std::string>{"before"});
  ASSERT_EQ(read(*log, 3).size(), 3U);
  cluster.kill(1);
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) log->next(100ms);
      },
      StorageError);
  log->append(0, std::vector<std::string>{"while away"});
  cluster.revive(1);
  std::vector<std::string> came;
  const auto end = std::chrono::steady_clock::now() + 15s;
  while (came.empty() && std::chrono::steady_clock::now() < end) {
    try {
      if (const auto entry = log->next(100ms)) came.push_back(entry->envelope);
    } catch (const StorageError&) {
      continue;  // it is still starting
    }
  }
  EXPECT_EQ(came, std::vector<std::string>{"while away"});
  log->append(0, std::vector<std::string>{"after"});
  EXPECT_EQ(bytes_of(read(*log, 1), 0), std::vector<std::string>{"after"});
}

TEST_F(KafkaLogTest, AQueueThatTheBrokerDoesNotEmptyIsBounded) {
  const auto log = KafkaLog::open(options);
  read(*log, 2);
  cluster.pause(1);
  const std::vector<std::string> block(8, std::string(900'000, 'x'));
  std::size_t taken = 0;
  try {
    for (; taken < 100; ++taken) log->append(0, block);
    ADD_FAILURE() << "720 MB were taken";
  } catch (const StorageError& error) {
    EXPECT_TRUE(error.outcome_is_unknown());
  }
  EXPECT_LT(taken, 12U);
  cluster.resume(1);
}

// A log that is not the one that was read. --------------------------------------------------------

TEST_F(KafkaLogTest, ALogWithoutTopicIsRefusedWithTheWayToMakeIt) {
  options.topic_prefix = tests::fresh_prefix();
  try {
    KafkaLog::open(options);
    FAIL() << "it was opened";
  } catch (const StartRefused& refused) {
    EXPECT_SAYS(std::string(refused.what()), "meent kafka init");
  }
}

TEST_F(KafkaLogTest, ATopicThatSomebodyElseMadeIsRefused) {
  options.topic_prefix = tests::fresh_prefix();
  hands.create(topic(), 1, settings_for(TopicKind::log, 1));
  EXPECT_THROW(KafkaLog::open(options), StartRefused);
  hands.put(topic(), 0, "theirs");
  try {
    KafkaLog::open(options);
    FAIL() << "it was opened";
  } catch (const StartRefused& refused) {
    EXPECT_SAYS(std::string(refused.what()), "genesis");
  }
}

TEST_F(KafkaLogTest, FewerCopiesThanAskedForAreRefused) {
  options.replication = 3;
  EXPECT_THROW(KafkaLog::open(options), StartRefused);
}

TEST_F(KafkaLogTest, ABrokerThatDoesNotAnswerIsSaid) {
  options.bootstrap = "127.0.0.1:9";
  EXPECT_THROW(KafkaLog::open(options, 1s), StorageError);
}

struct WrongSetting {
  const char* name;
  const char* value;
};

class KafkaLogSettings : public KafkaLogTest, public testing::WithParamInterface<WrongSetting> {};

INSTANTIATE_TEST_SUITE_P(Each, KafkaLogSettings,
                         testing::Values(WrongSetting{"retention.ms", "86400000"},
                                         WrongSetting{"retention.bytes", "1000000000"},
                                         WrongSetting{"cleanup.policy", "compact"},
                                         WrongSetting{"cleanup.policy", "compact,delete"},
                                         WrongSetting{"unclean.leader.election.enable", "true"},
                                         WrongSetting{"message.timestamp.type", "CreateTime"},
                                         WrongSetting{"max.message.bytes", "500000"}));

TEST_P(KafkaLogSettings, AreSeenAtAStartAndWhenLookedAtAgain) {
  const auto log = KafkaLog::open(options);
  const auto entries = read(*log, 2);
  ASSERT_EQ(entries.size(), 2U);
  auto settings = settings_for(TopicKind::log, 1);
  settings[GetParam().name] = GetParam().value;
  hands.set(topic(), settings);
  log->seek(0, {});
  EXPECT_SAYS(change_noticed(*log), GetParam().name);
  try {
    KafkaLog::open(options);
    FAIL() << "it was opened";
  } catch (const StartRefused& refused) {
    EXPECT_SAYS(std::string(refused.what()), GetParam().name);
  }
}

TEST_F(KafkaLogTest, AChangedSettingIsNoticedWithinSecondsWhileNothingElseHappens) {
  const auto log = KafkaLog::open(options);
  read(*log, 2);
  auto settings = settings_for(TopicKind::log, 1);
  settings["retention.ms"] = "1000";
  hands.set(topic(), settings);
  EXPECT_SAYS(change_noticed(*log), "retention.ms");
}

TEST_F(KafkaLogTest, DeletedRecordsAreNoticed) {
  const auto log = KafkaLog::open(options);
  log->append(0, std::vector<std::string>{"one", "two"});
  read(*log, 4);
  hands.delete_records(topic(), 0, 2);
  log->seek(1, {});
  EXPECT_SAYS(change_noticed(*log), "partition 0");
  EXPECT_THROW(KafkaLog::open(options), StartRefused);
}

TEST_F(KafkaLogTest, ATopicMadeAnewUnderARunningNodeIsNoticed) {
  const auto log = KafkaLog::open(options);
  log->append(0, std::vector<std::string>{"one"});
  ASSERT_EQ(read(*log, 3).size(), 3U);
  hands.remove(topic());
  init_kafka(init);
  EXPECT_FALSE(change_noticed(*log, 30s).empty());
}

TEST_F(KafkaLogTest, ALogThatWasCutIsNoticed) {
  const auto log = KafkaLog::open(options);
  log->append(0, std::vector<std::string>{"one", "two"});
  const auto entries = read(*log, 4);
  ASSERT_EQ(entries.size(), 4U);
  const auto zero = bytes_of(entries, 0);
  make_anew({{zero[0], zero[1]}, bytes_of(entries, 1)});  // by its last entry only
  const auto again = KafkaLog::open(options);
  for (const auto& entry : entries) again->seek(entry.partition, place_after(entry));
  EXPECT_SAYS(change_noticed(*again), "cut");
}

TEST_F(KafkaLogTest, ALogThatWasCutAndWrittenAgainIsNoticed) {
  const auto log = KafkaLog::open(options);
  log->append(0, std::vector<std::string>{"one", "two"});
  const auto entries = read(*log, 4);
  ASSERT_EQ(entries.size(), 4U);
  const auto zero = bytes_of(entries, 0);
  make_anew({{zero[0], zero[1], "another two", "and more"}, bytes_of(entries, 1)});
  const auto again = KafkaLog::open(options);
  for (const auto& entry : entries) again->seek(entry.partition, place_after(entry));
  EXPECT_SAYS(change_noticed(*again), "written again");
}

TEST_F(KafkaLogTest, TheSameBytesInATopicMadeAnewAreTheSameLog) {
  const auto log = KafkaLog::open(options);
  log->append(0, std::vector<std::string>{"one"});
  const auto entries = read(*log, 3);
  make_anew({bytes_of(entries, 0), bytes_of(entries, 1)});
  hands.put(topic(), 0, "two");
  const auto again = KafkaLog::open(options);
  for (const auto& entry : entries) again->seek(entry.partition, place_after(entry));
  EXPECT_EQ(bytes_of(read(*again, 1), 0), std::vector<std::string>{"two"});
}

}  // namespace
}  // namespace meent::eventstore::contract
