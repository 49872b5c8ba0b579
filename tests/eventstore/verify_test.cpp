#include "eventstore/verify.h"

#include <gtest/gtest.h>

#include "eventstore/embedded.h"
#include "eventstore/store_batch.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using namespace domain;

/// A store whose envelope at one offset reads otherwise, as a damaged or forged disk would.
class AlteredStore final : public Store {
 public:
  AlteredStore(Store& store, std::uint64_t offset, std::function<std::string(std::string)> alter)
      : store_(store), offset_(offset), alter_(std::move(alter)) {}
  std::uint64_t read(std::uint64_t from,
                     const std::function<bool(const StoredEnvelope&)>& visit) const override {
    return store_.read(from, [&](const StoredEnvelope& stored) {
      if (stored.offset != offset_) return visit(stored);
      auto altered = stored;
      altered.bytes = alter_(stored.bytes);
      return visit(altered);
    });
  }
  std::uint64_t next_offset() const override { return store_.next_offset(); }
  PartitionState partition(std::uint32_t number) const override { return store_.partition(number); }
  std::uint64_t log_offset(std::uint32_t partition) const override {
    return store_.log_offset(partition);
  }
  LogPlace log_place(std::uint32_t partition) const override { return store_.log_place(partition); }
  PlatformTip tip(PlatformId id) const override { return store_.tip(id); }
  std::vector<PlatformId> platforms(PlatformId after, std::size_t limit) const override {
    return store_.platforms(after, limit);
  }
  std::unique_ptr<StateReader> state(PlatformId id, bool as_snapshot) const override {
    return store_.state(id, as_snapshot);
  }
  std::optional<RememberedCommand> command(PlatformId id, CommandId command) const override {
    return store_.command(id, command);
  }
  std::vector<std::pair<CommandId, RememberedCommand>> commands(PlatformId id, CommandId after,
                                                                std::size_t limit) const override {
    return store_.commands(id, after, limit);
  }
  std::optional<CheckpointMark> checkpoint(std::string_view consumer,
                                           PlatformId id) const override {
    return store_.checkpoint(consumer, id);
  }
  std::optional<StoredRecord> record_at(PlatformId id, std::uint64_t position) const override {
    return store_.record_at(id, position);
  }
  std::optional<Hash> hash_at(PlatformId id, std::uint64_t position) const override {
    return store_.hash_at(id, position);
  }
  std::vector<IndexedRecord> records(PlatformId id, std::uint64_t after,
                                     std::size_t limit) const override {
    return store_.records(id, after, limit);
  }
  bool wait_beyond(std::uint64_t offset, std::chrono::milliseconds wait) const override {
    return store_.wait_beyond(offset, wait);
  }
  std::uint64_t free_bytes() const override { return store_.free_bytes(); }
  std::unique_ptr<StoreBatch> begin() override { return store_.begin(); }
  void write(std::unique_ptr<StoreBatch> batch, bool sync) override {
    store_.write(std::move(batch), sync);
  }

 private:
  Store& store_;
  std::uint64_t offset_;
  std::function<std::string(std::string)> alter_;
};

/// A store with two platforms' history, closed and opened again without a sequencer.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    auto embedded = Embedded::open(folder(), real_files(), {});
    Community village(*embedded.sequencer, *embedded.store, *embedded.keys, 1);
    village.found();
    const auto noor = village.add_person();
    idea_ = village.add_idea(noor);
    for (int i = 0; i < 20; ++i) village.must_accept(village.comment(noor, idea_, "Ja!"));
    village.must_accept(village.support(noor, idea_));
    Community town(*embedded.sequencer, *embedded.store, *embedded.keys, 2);
    town.found();
    platform_ = village.platform();
    other_ = town.platform();
    embedded = {};
    store_ = Store::open({.folder = folder()}, real_files());
  }
  std::filesystem::path folder() const { return scratch_.path() / "data"; }
  void change(const std::function<void(StoreBatch&)>& what) {
    auto batch = store_->begin();
    what(*batch);
    store_->write(std::move(batch), true);
  }
  void expect_problem(const std::string& words) {
    const auto report = verify(*store_);
    ASSERT_FALSE(report.is_proven());
    bool found = false;
    for (const auto& problem : report.problems) found |= problem.what.contains(words);
    EXPECT_TRUE(found) << report.problems.front().what;
  }

  ScratchFolder scratch_;
  std::unique_ptr<Store> store_;
  PlatformId platform_, other_;
  ContributionId idea_;
};

TEST_F(VerifyTest, ProvesWhatTheSequencerWrote) {
  std::uint64_t seen = 0;
  const auto report = verify(*store_, [&](std::uint64_t read, std::uint64_t) { seen = read; });
  for (const auto& problem : report.problems) ADD_FAILURE() << problem.what;
  EXPECT_EQ(report.platforms, 3U);
  EXPECT_EQ(report.envelopes, store_->next_offset());
  EXPECT_EQ(seen, report.envelopes);
  EXPECT_EQ(report.voids, 0U);
  EXPECT_EQ(report.events, store_->tip(platform_).position + store_->tip(directory_id()).position +
                               store_->tip(other_).position);
  EXPECT_GE(report.commits, report.records);
}

TEST_F(VerifyTest, ProvesAStoreThatIsOpenForReadingOnly) {
  store_ = nullptr;
  store_ = Store::open({.folder = folder(), .read_only = true}, real_files());
  EXPECT_TRUE(verify(*store_).is_proven());
}

TEST_F(VerifyTest, FindsAStateRecordThatTheLogDoesNotExplain) {
  const auto key = state_key<ContributionRecord>(idea_);
  const auto value = store_->state(platform_)->get(key).value();
  change([&](StoreBatch& batch) { batch.put_state(platform_, key, value + "x"); });
  expect_problem("is stored otherwise than the log says");
  change([&](StoreBatch& batch) { batch.erase_state(platform_, key); });
  expect_problem("is in the log, but not stored");
  change([&](StoreBatch& batch) { batch.put_state(platform_, key, value); });
  EXPECT_TRUE(verify(*store_).is_proven());
  change([&](StoreBatch& batch) { batch.put_state(platform_, "zz", "invented"); });
  expect_problem("is stored, but not in the log");
}

TEST_F(VerifyTest, FindsACommandIdThatTheLogDoesNotExplain) {
  const auto first = store_->commands(platform_, {}, 1).at(0);
  change([&](StoreBatch& batch) { batch.erase_command(platform_, first.first); });
  expect_problem("command ids of platform " + platform_.text());
}

/// The same envelope around another record, its checksum right: only the chain can tell.
std::string with_another_record(std::string bytes) {
  auto envelope = decode_envelope(bytes).value();
  auto& record = std::get<Group>(envelope.body).record;
  record.back() = static_cast<char>(record.back() ^ 1);
  return encode_envelope(envelope);
}
std::string with_a_flipped_bit(std::string bytes) {
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  return bytes;
}

TEST_F(VerifyTest, NamesTheFirstRecordThatIsBroken) {
  for (const auto alter : {&with_another_record, &with_a_flipped_bit}) {
    for (const auto& row : store_->records(platform_, 0, 1000)) {
      const AlteredStore altered(*store_, row.offset, alter);
      const auto report = verify(altered);
      ASSERT_FALSE(report.is_proven()) << row.base_position;
      const auto& first = report.problems.front();
      EXPECT_NE(first.what.find("platform " + platform_.text()), std::string::npos) << first.what;
      // Found where it lies, at the next record, or (the last one) by its hash in the tip.
      EXPECT_TRUE(first.offset == 0 || first.offset - row.offset <= 1) << first.what;
    }
  }
}

}  // namespace
}  // namespace meent::eventstore
