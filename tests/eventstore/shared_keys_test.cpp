#include "eventstore/shared_keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "eventstore/sim_topic.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;

class SharedKeysTest : public testing::Test {
 protected:
  std::unique_ptr<SharedKeys> node(const std::string& name, std::uint8_t secret = 7) {
    KeyBytes cluster{};
    cluster.fill(secret);
    return std::make_unique<SharedKeys>(
        Keys::open(scratch_.path() / name, real_files()), topic_.open(), cluster,
        SharedKeysOptions{.longest_confirm = 50ms, .longest_wait = 500ms});
  }
  ScratchFolder scratch_;
  SimTopicBroker topic_;
};

TEST_F(SharedKeysTest, WhatOneNodeSealsAnotherOpens) {
  const auto first = node("a");
  const auto second = node("b");
  const auto key = first->create();
  const auto sealed = first->seal(key, "where", "Een goed idee");
  first->sync();
  EXPECT_TRUE(second->receive(0ms));
  EXPECT_EQ(second->open_sealed(key, "where", sealed), "Een goed idee");
  EXPECT_EQ(second->mac(key, {"x"}), first->mac(key, {"x"}));
}

TEST_F(SharedKeysTest, ANodeWithAnEmptyDiskGetsAllKeysAndKeepsThem) {
  const auto first = node("a");
  const auto key = first->create();
  first->sync();
  {
    const auto late = node("late");
    EXPECT_TRUE(late->receive(0ms));
  }
  EXPECT_TRUE(Keys::open(scratch_.path() / "late", real_files())->contains(key));
}

TEST_F(SharedKeysTest, AKeyIsPublishedOnlyWithSyncAndOnce) {
  const auto first = node("a");
  const auto second = node("b");
  const auto key = first->create();
  second->receive(0ms);
  EXPECT_FALSE(second->contains(key));
  first->sync();
  first->sync();
  second->receive(0ms);
  EXPECT_TRUE(second->contains(key));
  const auto reader = topic_.open();
  EXPECT_TRUE(reader->next(0ms));
  EXPECT_FALSE(reader->next(0ms));
}

TEST_F(SharedKeysTest, SyncFailsWhileTheTopicIsAwayAndPublishesLater) {
  const auto first = node("a");
  const auto second = node("b");
  const auto key = first->create();
  topic_.set_away(true);
  try {
    first->sync();
    FAIL() << "confirmed by nobody";
  } catch (const StorageError& error) {
    EXPECT_FALSE(error.outcome_is_unknown());
  }
  topic_.set_away(false);
  first->sync();
  second->receive(0ms);
  EXPECT_TRUE(second->contains(key));
}

TEST_F(SharedKeysTest, ReadingWaitsForAKeyThatIsOnItsWay) {
  const auto first = node("a");
  const auto second = node("b");
  const auto key = first->create();
  const auto sealed = first->seal(key, "where", "Komt eraan");
  first->sync();
  std::thread feed([&] {
    std::this_thread::sleep_for(50ms);
    second->receive(0ms);
  });
  EXPECT_EQ(second->open_sealed(key, "where", sealed), "Komt eraan");
  feed.join();
}

TEST_F(SharedKeysTest, AKeyThatNeverComesIsMissingNotDestroyed) {
  const auto first = node("a");
  const auto second = node("b");
  const auto key = first->create();
  EXPECT_EQ(second->open_sealed(key, "where", first->seal(key, "where", "x")).error(),
            KeyFault::missing);
}

TEST_F(SharedKeysTest, ADestroyedKeyComesBackNowhere) {
  const auto first = node("a");
  const auto key = first->create();
  const auto sealed = first->seal(key, "where", "x");
  first->sync();
  {
    const auto second = node("b");
    second->receive(0ms);
    second->destroy(key);
  }
  first->receive(0ms);
  EXPECT_FALSE(first->contains(key));
  // A new start reads the whole topic again, the key from before its erasure too.
  const auto second = node("b");
  second->receive(0ms);
  EXPECT_EQ(second->open_sealed(key, "where", sealed).error(), KeyFault::destroyed);
}

TEST_F(SharedKeysTest, ATombstoneIsRepeatedUntilItIsThereByALaterStartToo) {
  const auto first = node("a");
  const auto key = first->create();
  const auto other = first->create();
  first->sync();
  const auto second = node("b");
  second->receive(0ms);
  topic_.set_away(true);
  first->destroy(key);
  first->receive(0ms);
  topic_.set_away(false);
  second->receive(0ms);
  EXPECT_TRUE(second->contains(key));  // nobody could tell it yet
  first->receive(0ms);
  second->receive(0ms);
  EXPECT_TRUE(second->is_destroyed(key));

  topic_.set_away(true);
  {
    const auto again = node("a");
    while (!again->contains(other)) again->receive(0ms);
    again->destroy(other);
  }
  topic_.set_away(false);
  second->receive(0ms);
  EXPECT_TRUE(second->contains(other));
  node("a")->receive(0ms);
  second->receive(0ms);
  EXPECT_TRUE(second->is_destroyed(other));
}

TEST_F(SharedKeysTest, ATombstoneIsNotRepeatedOnceItIsThere) {
  const auto first = node("a");
  first->destroy(first->create());
  const auto count = [this] {
    const auto reader = topic_.open();
    int out = 0;
    while (reader->next(0ms)) ++out;
    return out;
  };
  EXPECT_EQ(count(), 1);
  for (int i = 0; i < 3; ++i) first->receive(0ms);
  const auto again = node("a");
  for (int i = 0; i < 3; ++i) again->receive(0ms);
  EXPECT_EQ(count(), 1);
}

TEST_F(SharedKeysTest, AKeyThatWasDestroyedBeforeANodeSawItNeverComesThere) {
  KeyBytes secret{};
  domain::KeyId key;
  {
    const auto first = node("a");
    key = first->create();
    secret = first->secret_of(key).value();
    first->destroy(key);  // never published: others see the tombstone only
  }
  const auto second = node("b");
  second->receive(0ms);
  EXPECT_TRUE(second->is_destroyed(key));
  // An old message, or a node that was put back from a copy, brings it.
  KeyBytes cluster{};
  cluster.fill(7);
  topic_.open()->publish(key.text(), wrap_key(cluster, key, secret));
  second->receive(0ms);
  EXPECT_TRUE(second->is_destroyed(key));
  // And what the topic says of it last is that it is destroyed.
  const auto late = node("late");
  late->receive(0ms);
  EXPECT_TRUE(late->is_destroyed(key));
}

TEST_F(SharedKeysTest, NothingOnTheTopicIsInTheClear) {
  const auto first = node("a");
  const auto key = first->create();
  first->sync();
  const auto entry = topic_.open()->next(0ms);
  const auto secret = first->secret_of(key).value();
  const std::string clear(secret.begin(), secret.end());
  EXPECT_EQ(entry->value->find(clear.substr(0, 8)), std::string::npos);
}

TEST_F(SharedKeysTest, AnotherSecretIsToldApart) {
  const auto first = node("a");
  first->create();
  first->sync();
  EXPECT_THROW(node("b", 8)->receive(0ms), StorageError);
}

TEST_F(SharedKeysTest, TheSecretIsReadFromAFileThatOnlyItsOwnerReads) {
  const auto file = scratch_.path() / "secret";
  const auto write = [&](const std::string& text) {
    std::ofstream(file) << text;
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  };
  EXPECT_THROW(read_cluster_secret(file, real_files()), StartRefused);
  write("0123");
  EXPECT_THROW(read_cluster_secret(file, real_files()), StartRefused);
  write(std::string(64, 'x'));
  EXPECT_THROW(read_cluster_secret(file, real_files()), StartRefused);
  write(std::string(62, '0') + "0a\n");
  EXPECT_EQ(read_cluster_secret(file, real_files()).back(), 10);
  std::filesystem::permissions(file, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_THROW(read_cluster_secret(file, real_files()), StartRefused);
}

}  // namespace
}  // namespace meent::eventstore
