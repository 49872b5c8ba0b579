#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "eventstore/embedded.h"
#include "eventstore/fault_files.h"
#include "eventstore/verify.h"
#include "tests/eventstore/answers.h"
#include "tests/eventstore/community.h"

// Power loss, failing syncs and full disks under a whole event store.
namespace meent::eventstore {
namespace {

using namespace domain;
using std::chrono::milliseconds;

const std::filesystem::path folder = "/data";

class SequencerFaults : public testing::Test {
 protected:
  SequencerFaults() {
    options_.fail_stop = [this](const std::string&) { ++fail_stops_; };
    options_.least_free_bytes = 0;
  }
  void open() { embedded_ = Embedded::open(folder, files_, options_); }
  bool wait_for_fail_stop() {
    for (int i = 0; i < 500 && fail_stops_ == 0; ++i) std::this_thread::sleep_for(milliseconds(10));
    return fail_stops_ > 0;
  }

  FaultFiles files_;
  std::atomic<int> fail_stops_ = 0;
  SequencerOptions options_;
  Embedded embedded_;
};

TEST_F(SequencerFaults, AFailedSyncEndsTheProcessAndNothingThatRestedOnItIsSent) {
  open();
  Community village(*embedded_.sequencer, *embedded_.store, *embedded_.keys);
  village.found();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  const auto before = embedded_.store->tip(village.platform()).position;
  files_.disk().fail_sync(files_.disk().sync_count() + 1);
  const auto comment = village.comment(noor, idea, "Niet bewaard");
  auto same = village.comment(noor, idea, "Zelfde id");
  std::get<PlaceComment>(std::get<DiscussCommand>(same.command)).comment =
      std::get<PlaceComment>(std::get<DiscussCommand>(comment.command)).comment;
  Answers answers;
  embedded_.sequencer->submit(comment, answers.slot());
  embedded_.sequencer->submit(same, answers.slot());     // would be refused: already placed
  embedded_.sequencer->submit(comment, answers.slot());  // would be a repeat
  ASSERT_TRUE(wait_for_fail_stop());
  EXPECT_THROW(embedded_.sequencer->run(village.support(noor, idea)), StorageError);
  EXPECT_EQ(answers.count(), 0U);
  embedded_ = {};
  EXPECT_EQ(answers.count(), 0U);
  EXPECT_EQ(fail_stops_, 1);

  files_.disk().lose_power(PowerLoss::drops_unsynced, 1);
  open();
  EXPECT_EQ(embedded_.store->tip(village.platform()).position, before);
  EXPECT_TRUE(verify(*embedded_.store).is_proven());
}

TEST_F(SequencerFaults, AFullDiskEndsTheProcessAndLosesNothingThatWasAcknowledged) {
  open();
  Community village(*embedded_.sequencer, *embedded_.store, *embedded_.keys);
  village.found();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  files_.disk().limit_bytes(0);
  EXPECT_THROW(embedded_.sequencer->run(village.comment(noor, idea, "Te veel")), StorageError);
  EXPECT_TRUE(wait_for_fail_stop());
  embedded_ = {};
  files_.disk().lose_power(PowerLoss::drops_unsynced, 1);
  open();
  EXPECT_TRUE(verify(*embedded_.store).is_proven());
  EXPECT_TRUE(find<ContributionRecord>(*embedded_.store->state(village.platform()), idea));
}

/// What a client remembers: each command it sent, and the answer where one came.
struct Sent {
  Submission submission;
  std::optional<Accepted> answer;
};

/// Founds a village and comments in it until the disk fails or all is done.
class SessionOverFaults {
 public:
  std::vector<Sent> sent;

  void run(Embedded& embedded) {
    Community village(*embedded.sequencer, *embedded.store, *embedded.keys);
    const auto send = [&](Submission submission) {
      sent.push_back({submission, std::nullopt});
      auto outcome = embedded.sequencer->run(std::move(submission));
      if (auto* accepted = std::get_if<Accepted>(&outcome)) sent.back().answer = *accepted;
    };
    send(village.by_operator(
        PlatformCommand(CreatePlatform{.log = embedded.store->partition().genesis.value().log_id,
                                       .platform_key = embedded.keys->create(),
                                       .slug = "dorp",
                                       .name = "Dorp",
                                       .language = "nl",
                                       .introduction = ""})));
    for (int i = 0; i < 6; ++i) {
      send(village.by_operator(PersonCommand(RegisterPerson{.person = village.next_id<PersonId>(),
                                                            .identity_key = embedded.keys->create(),
                                                            .content_key = embedded.keys->create(),
                                                            .name = "Noor",
                                                            .role = Role::person,
                                                            .external_id = ""})));
    }
  }
};

class PowerLossTest : public testing::TestWithParam<PowerLoss> {};

TEST_P(PowerLossTest, LosesNoAcknowledgedCommandAndAppliesNoneTwice) {
  // How many operations a whole run has.
  std::uint64_t operations = 0;
  {
    FaultFiles files;
    auto embedded = Embedded::open(folder, files, {});
    SessionOverFaults session;
    session.run(embedded);
    operations = files.disk().operation_count();
  }
  ASSERT_GT(operations, 50U);
  for (std::uint64_t cut_at = 1; cut_at <= operations; ++cut_at) {
    SCOPED_TRACE("power is cut at operation " + std::to_string(cut_at));
    FaultFiles files;
    files.disk().cut_power_at(cut_at);
    SequencerOptions options;
    options.least_free_bytes = 0;
    options.fail_stop = [](const std::string&) {};
    SessionOverFaults session;
    try {
      auto embedded = Embedded::open(folder, files, options);
      session.run(embedded);
    } catch (const StorageError&) {
    } catch (const StartRefused&) {
    }
    files.disk().lose_power(GetParam(), cut_at);

    auto embedded = Embedded::open(folder, files, options);
    for (const auto& problem : verify(*embedded.store).problems) ADD_FAILURE() << problem.what;
    for (const auto& sent : session.sent) {
      if (!sent.answer) continue;
      const auto outcome = embedded.sequencer->run(sent.submission);
      const auto* again = std::get_if<Accepted>(&outcome);
      ASSERT_TRUE(again != nullptr);
      EXPECT_TRUE(again->is_repeat);
      EXPECT_EQ(again->first_position, sent.answer->first_position);
      EXPECT_EQ(again->record_hash, sent.answer->record_hash);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryLoss, PowerLossTest,
                         testing::Values(PowerLoss::drops_unsynced, PowerLoss::tears_unsynced));

}  // namespace
}  // namespace meent::eventstore
