#include "eventstore/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "eventstore/store_batch.h"
#include "tests/eventstore/examples.h"
#include "tests/eventstore/history.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using namespace examples;
using namespace std::chrono_literals;

class StoreTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Store> open(bool read_only = false) const {
    return Store::open({.folder = scratch_.path() / "data", .read_only = read_only}, real_files());
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return scratch_.path(); }

 private:
  ScratchFolder scratch_;
};

TEST_F(StoreTest, IsEmptyWhenNew) {
  const auto store = open();
  EXPECT_EQ(store->next_offset(), 0U);
  EXPECT_FALSE(store->partition().genesis);
  EXPECT_EQ(store->tip(platform_a()).position, 0U);
  EXPECT_EQ(store->tip(platform_a()).hash, first_prev_hash(platform_a()));
  EXPECT_TRUE(store->platforms({}, 10).empty());
  EXPECT_FALSE(store->record_at(platform_a(), 1));
  EXPECT_FALSE(store->hash_at(platform_a(), 0));
  EXPECT_EQ(store->read(0, [](const auto&) { return true; }), 0U);
}

TEST_F(StoreTest, GivesBackWhatWasWrittenAlsoAfterAReopen) {
  auto store = open();
  HistoryWriter history(*store);
  history.write_genesis_and_claim();
  std::vector<std::string> envelopes;
  for (int i = 0; i < 3; ++i) {
    envelopes.push_back(history.write_group(platform_a()));
    envelopes.push_back(history.write_group(platform_b()));
  }
  for (int opened = 0; opened < 3; ++opened) {
    EXPECT_EQ(store->next_offset(), 8U);
    EXPECT_EQ(store->partition().epoch, 1U);
    EXPECT_EQ(store->partition().claimant, id_of<WriterId>(0x70));
    EXPECT_EQ(store->partition().genesis->log_id, id_of<domain::LogId>(0x80));
    EXPECT_EQ(store->platforms({}, 10), (std::vector{platform_a(), platform_b()}));
    EXPECT_EQ(store->platforms(platform_a(), 10), std::vector{platform_b()});
    EXPECT_EQ(store->platforms({}, 1), std::vector{platform_a()});
    EXPECT_EQ(store->tip(platform_b()).position, 3U);
    EXPECT_EQ(store->tip(platform_b()).recorded_at.ms, 1'790'000'000'002);
    const auto record = store->record_at(platform_b(), 2);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->offset, 5U);
    EXPECT_EQ(record->hash, hash_of(record->bytes));
    EXPECT_EQ(decode_record(record->bytes)->header.base_position, 2U);
    EXPECT_EQ(store->hash_at(platform_b(), 2), record->hash);
    EXPECT_EQ(store->hash_at(platform_b(), 3), store->tip(platform_b()).hash);
    EXPECT_FALSE(store->hash_at(platform_b(), 4));
    EXPECT_FALSE(store->hash_at(platform_b(), 0));
    EXPECT_EQ(store->records(platform_a(), 1, 10).size(), 2U);
    EXPECT_EQ(store->records(platform_a(), 0, 1).at(0).base_position, 1U);
    std::vector<std::string> read;
    EXPECT_EQ(store->read(2,
                          [&](const StoredEnvelope& stored) {
                            EXPECT_EQ(stored.offset, 2 + read.size());
                            EXPECT_FALSE(stored.void_reason);
                            read.push_back(stored.bytes);
                            return true;
                          }),
              8U);
    EXPECT_EQ(read, envelopes);
    store = nullptr;
    store = open(opened == 0);
  }
}

TEST_F(StoreTest, StopsReadingWhenTold) {
  const auto store = open();
  HistoryWriter(*store).write_genesis_and_claim();
  EXPECT_EQ(store->read(0, [](const auto&) { return false; }), 1U);
}

TEST_F(StoreTest, KeepsVoidEnvelopesWithTheirReason) {
  auto store = open();
  HistoryWriter history(*store);
  history.write_genesis_and_claim();
  history.write_void(VoidReason::foreign, "nobody knows");
  store = nullptr;
  store = open();
  EXPECT_EQ(store->next_offset(), 3U);
  store->read(2, [](const StoredEnvelope& stored) {
    EXPECT_EQ(stored.void_reason, VoidReason::foreign);
    EXPECT_EQ(stored.bytes, "nobody knows");
    return true;
  });
}

TEST_F(StoreTest, KnowsHowFarItIsInEachPartitionFromTheFirstEntryOn) {
  auto store = open();
  const auto put = [&store](const std::vector<EntryPlace>& entries) {
    auto batch = store->begin();
    for (const auto& entry : entries) {
      batch->put_envelope(batch->next_offset(), entry, VoidReason::foreign, "a stranger's");
    }
    store->write(std::move(batch), true);
  };
  put({{.partition = 0, .offset = 0}, {.partition = 0, .offset = 1}});  // lie here as in the log
  put({{.partition = 1, .offset = 0}, {.partition = 0, .offset = 3}});  // the second by chance
  put({{.partition = 1, .offset = 5}});
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_EQ(store->log_place(0).next_offset, 4U);
    EXPECT_EQ(store->log_place(1).next_offset, 6U);
    store = nullptr;
    store = open();
  }
  ScratchFolder another;
  store = Store::open({.folder = another.path()}, real_files());
  put({{.partition = 0, .offset = 0}, {.partition = 1, .offset = 0}});
  EXPECT_EQ(store->log_place(0).next_offset, 1U);
  EXPECT_EQ(store->log_place(1).next_offset, 1U);
}

TEST_F(StoreTest, FindsTheRecordOfEveryPositionInIt) {
  const auto store = open();
  const auto record = encode_record(second_record());  // positions 2..4
  auto batch = store->begin();
  batch->put_envelope(0, {0, 0}, {},
                      encode_envelope({1, {}, Group{encode_record(first_record())}}));
  batch->put_record(0, first_record().header, first_prev_hash(platform_a()), {});
  batch->put_envelope(7, {0, 7}, {}, encode_envelope({1, {}, Group{record}}));
  batch->put_record(7, second_record().header, hash_of(record), {});
  store->write(std::move(batch), true);
  EXPECT_EQ(store->next_offset(), 8U);
  EXPECT_EQ(store->record_at(platform_a(), 1)->offset, 0U);
  for (std::uint64_t position = 2; position <= 4; ++position) {
    EXPECT_EQ(store->record_at(platform_a(), position)->offset, 7U);
    EXPECT_EQ(store->hash_at(platform_a(), position), hash_of(record));
  }
  EXPECT_FALSE(store->record_at(platform_a(), 5));
  EXPECT_FALSE(store->record_at(platform_b(), 1));
}

TEST_F(StoreTest, StateIsOfOnePlatformAndASnapshotDoesNotMove) {
  const auto store = open();
  auto batch = store->begin();
  batch->put_state(platform_a(), "k1", "one");
  batch->put_state(platform_a(), "k2", "two");
  batch->put_state(platform_a(), "l", "other prefix");
  batch->put_state(platform_b(), "k1", "elsewhere");
  store->write(std::move(batch), true);
  const auto latest = store->state(platform_a());
  const auto snapshot = store->state(platform_a(), true);
  batch = store->begin();
  batch->put_state(platform_a(), "k1", "changed");
  batch->erase_state(platform_a(), "k2");
  store->write(std::move(batch), true);

  using Rows = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(latest->get("k1"), "changed");
  EXPECT_EQ(latest->get("k2"), std::nullopt);
  EXPECT_EQ(snapshot->get("k1"), "one");
  EXPECT_EQ(snapshot->scan("k", "", 10), (Rows{{"k1", "one"}, {"k2", "two"}}));
  EXPECT_EQ(snapshot->scan("k", "k1", 10), (Rows{{"k2", "two"}}));
  EXPECT_EQ(snapshot->scan("k", "", 1), (Rows{{"k1", "one"}}));
  EXPECT_EQ(snapshot->scan("", "k2", 10), (Rows{{"l", "other prefix"}}));
  EXPECT_EQ(latest->scan("k", "", 10), (Rows{{"k1", "changed"}}));
}

TEST_F(StoreTest, RemembersCommandsAndCheckpoints) {
  const auto store = open();
  const auto id = id_of<domain::CommandId>(1);
  const auto later_id = id_of<domain::CommandId>(2);
  const RememberedCommand command{bytes_of<32>(9), 4, 2, {77}};
  const CheckpointMark mark{"mail", platform_a(), 3, bytes_of<32>(8)};
  auto batch = store->begin();
  batch->put_command(platform_a(), id, command);
  batch->put_command(platform_a(), later_id, command);
  batch->put_checkpoint(mark);
  store->write(std::move(batch), true);
  EXPECT_EQ(store->command(platform_a(), id), command);
  EXPECT_FALSE(store->command(platform_b(), id));
  EXPECT_EQ(store->commands(platform_a(), {}, 10).size(), 2U);
  EXPECT_EQ(store->commands(platform_a(), id, 10).at(0).first, later_id);
  EXPECT_EQ(store->checkpoint("mail", platform_a()), mark);
  EXPECT_FALSE(store->checkpoint("mai", platform_a()));
  EXPECT_FALSE(store->checkpoint("mail", platform_b()));
  batch = store->begin();
  batch->erase_command(platform_a(), id);
  store->write(std::move(batch), true);
  EXPECT_FALSE(store->command(platform_a(), id));
}

TEST_F(StoreTest, WaitsForTheNextWriteAndNotLonger) {
  const auto store = open();
  EXPECT_FALSE(store->wait_beyond(0, 1ms));
  std::jthread writer([&] { HistoryWriter(*store).write_genesis_and_claim(); });
  EXPECT_TRUE(store->wait_beyond(1, 10s));
  EXPECT_FALSE(store->wait_beyond(2, 1ms));
}

TEST_F(StoreTest, SaysWhoHasTheFolder) {
  const auto store = open();
  HistoryWriter(*store).write_genesis_and_claim();
  try {
    (void)open();
    FAIL() << "opened twice";
  } catch (const StartRefused& refused) {
    EXPECT_NE(std::string(refused.what()).find("process " + std::to_string(::getpid())),
              std::string::npos)
        << refused.what();
  }
  EXPECT_EQ(open(true)->next_offset(), 2U);  // reading beside it is fine
}

TEST_F(StoreTest, IsFreeAgainWhenItsProcessDied) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto store = open();
    (void)!::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THROW((void)open(), StartRefused);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW((void)open());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(StoreTest, IsReadBesideAWriterThatFlushesAndDeletes) {
  const auto store = open();
  HistoryWriter history(*store);
  history.write_genesis_and_claim();
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto batch = store->begin();
      for (int i = 0; i < 64; ++i) {
        batch->put_state(platform_b(), std::to_string(i), std::string(1000, 'x'));
      }
      store->write(std::move(batch), false);
      history.write_group(platform_a(), false);
    }
  });
  for (int i = 0; i < 6; ++i) {
    const auto before = store->next_offset();
    const auto reader = open(true);
    EXPECT_GE(reader->next_offset(), before);
    std::uint64_t expected = 0;
    reader->read(0, [&](const StoredEnvelope& stored) { return stored.offset == expected++; });
    EXPECT_EQ(expected, reader->next_offset());
  }
}

TEST_F(StoreTest, ReadingAloneChangesNoFile) {
  auto store = open();
  HistoryWriter history(*store);
  history.write_genesis_and_claim();
  for (int i = 0; i < 10; ++i) history.write_group(platform_a());
  store = nullptr;
  const auto files = [&] {
    std::vector<std::tuple<std::string, std::uintmax_t, std::filesystem::file_time_type>> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder())) {
      if (!entry.is_regular_file()) continue;
      out.emplace_back(entry.path().string(), entry.file_size(), entry.last_write_time());
    }
    std::ranges::sort(out);
    return out;
  };
  const auto before = files();
  EXPECT_EQ(open(true)->next_offset(), 12U);
  EXPECT_EQ(files(), before);
  EXPECT_THROW(HistoryWriter(*open(true)).write_genesis_and_claim(), StorageError);
}

TEST_F(StoreTest, ReadingRefusesAFolderWithoutALog) {
  EXPECT_THROW((void)open(true), StartRefused);
}

}  // namespace
}  // namespace meent::eventstore
