#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "eventstore/sequencer.h"
#include "eventstore/sim_log.h"
#include "eventstore/verify.h"
#include "tests/eventstore/answers.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"

// The sequencer over a log that is elsewhere: other writers, lost and late groups, unknown
// outcomes.
namespace meent::eventstore {
namespace {

using namespace domain;
using std::chrono::milliseconds;

/// One machine with its own store; keys are shared, as they would be in a cluster.
struct Node {
  Node(SimBroker& broker, Keys& keys) : log(broker) {
    store = Store::open({.folder = scratch.path() / "data"}, real_files());
    SequencerOptions options;
    options.longest_read_back = milliseconds(60);
    sequencer = Sequencer::start(log, *store, keys, options);
  }
  ScratchFolder scratch;
  std::unique_ptr<Store> store;
  SimLog log;
  std::unique_ptr<Sequencer> sequencer;
};

/// To be repeated with the same key: the outcome is unknown, or another node writes now.
bool is_outcome_unknown(const Outcome& outcome) {
  const auto* unavailable = std::get_if<Unavailable>(&outcome);
  return unavailable != nullptr && (unavailable->why == Unavailable::Why::outcome_unknown ||
                                    unavailable->why == Unavailable::Why::moved);
}

class SequencerLogTest : public testing::Test {
 protected:
  SequencerLogTest() {
    village_.found();
    noor_ = village_.add_person();
    idea_ = village_.add_idea(noor_);
  }
  std::uint64_t position() const { return node_.store->tip(village_.platform()).position; }
  /// Repeats it, as a client would, until it is accepted.
  Accepted insist(Sequencer& sequencer, const Submission& submission) {
    for (int i = 0; i < 300; ++i) {
      auto outcome = sequencer.run(submission);
      if (auto* accepted = std::get_if<Accepted>(&outcome)) return std::move(*accepted);
      EXPECT_TRUE(is_outcome_unknown(outcome));
      std::this_thread::sleep_for(milliseconds(10));
    }
    ADD_FAILURE() << "never accepted";
    return {};
  }
  void expect_proven(const Store& store) {
    for (const auto& problem : verify(store).problems) ADD_FAILURE() << problem.what;
  }

  ScratchFolder scratch_;
  SimBroker broker_;
  std::unique_ptr<Keys> keys_ = Keys::open(scratch_.path() / "keys", real_files());
  Node node_{broker_, *keys_};
  Community village_{*node_.sequencer, *node_.store, *keys_};
  PersonId noor_;
  ContributionId idea_;
};

TEST_F(SequencerLogTest, ALaterClaimWinsAndTheEarlierWritersGroupsAreVoid) {
  Node other(broker_, *keys_);
  EXPECT_EQ(other.store->tip(village_.platform()), node_.store->tip(village_.platform()));
  const auto comment = village_.comment(noor_, idea_, "Van de oude schrijver");
  EXPECT_TRUE(is_outcome_unknown(node_.sequencer->run(comment)));
  const auto accepted = insist(*other.sequencer, comment);
  EXPECT_FALSE(accepted.is_repeat);
  EXPECT_TRUE(is_outcome_unknown(node_.sequencer->run(comment)));
  // What the new owner writes reaches the old one, which is a reader now.
  for (int i = 0; i < 200 && position() < accepted.last_position; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(other.store->tip(village_.platform()), node_.store->tip(village_.platform()));
  node_.sequencer->stop();
  expect_proven(*node_.store);
  expect_proven(*other.store);
}

TEST_F(SequencerLogTest, NeverSendsARejectionThatRestsOnAVoidGroup) {
  const auto claim = encode_envelope({.epoch = node_.store->partition().epoch + 1,
                                      .writer = WriterId(IdBytes{77}),
                                      .body = Claim{.url = "elsewhere"}});
  const auto comment = village_.comment(noor_, idea_, "Dit haalt het niet");
  auto same = village_.comment(noor_, idea_, "Dit ook niet");
  std::get<PlaceComment>(std::get<DiscussCommand>(same.command)).comment =
      std::get<PlaceComment>(std::get<DiscussCommand>(comment.command)).comment;
  Answers answers;
  const auto comment_slot = answers.slot(), same_slot = answers.slot(), first_slot = answers.slot();
  // While the log thread is busy answering, another node claims and two commands come in.
  node_.sequencer->submit(village_.support(noor_, idea_), [&](Outcome outcome) {
    broker_.put(claim);
    node_.sequencer->submit(comment, comment_slot);
    node_.sequencer->submit(same, same_slot);
    first_slot(std::move(outcome));
  });
  const auto outcomes = answers.wait();
  EXPECT_TRUE(is_outcome_unknown(outcomes[0]));
  EXPECT_TRUE(is_outcome_unknown(outcomes[1]));  // not "already placed": it never was
  EXPECT_TRUE(std::holds_alternative<Accepted>(outcomes[2]));
}

class UnknownOutcome : public SequencerLogTest, public testing::WithParamInterface<SimFate> {};

TEST_P(UnknownOutcome, IsSettledByTheLogAndTheCommandCountsOnce) {
  const auto before = position();
  broker_.plan({GetParam()});
  const auto comment = village_.comment(noor_, idea_, "Een keer, en niet twee keer");
  Answers answers;
  node_.sequencer->submit(comment, answers.slot());
  const auto first = answers.wait().at(0);
  EXPECT_TRUE(std::holds_alternative<Accepted>(first) || is_outcome_unknown(first));
  const auto accepted = insist(*node_.sequencer, comment);
  EXPECT_EQ(accepted.first_position, before + 1);
  broker_.land_late();
  insist(*node_.sequencer, village_.support(noor_, idea_));
  EXPECT_EQ(position(), before + 2);
  node_.sequencer->stop();
  expect_proven(*node_.store);
}

INSTANTIATE_TEST_SUITE_P(EveryFate, UnknownOutcome,
                         testing::Values(SimFate::lands, SimFate::lands_twice, SimFate::lands_late,
                                         SimFate::is_lost, SimFate::throws_and_lands,
                                         SimFate::throws_and_lands_late,
                                         SimFate::throws_and_is_lost));

TEST_F(SequencerLogTest, AnswersOthersThatTheOutcomeIsUnknownUntilTheLogHasSettledIt) {
  broker_.plan({SimFate::throws_and_is_lost, SimFate::throws_and_is_lost,
                SimFate::throws_and_is_lost, SimFate::throws_and_is_lost});
  Answers answers;
  const auto withdraw = village_.by_person(
      noor_, SupportCommand(WithdrawSupport{.contribution = idea_, .person = noor_}));
  node_.sequencer->submit(village_.support(noor_, idea_), answers.slot());
  EXPECT_TRUE(is_outcome_unknown(answers.wait().at(0)));
  const auto meanwhile = node_.sequencer->run(withdraw);
  EXPECT_TRUE(is_outcome_unknown(meanwhile) || std::holds_alternative<Accepted>(meanwhile));
  insist(*node_.sequencer, withdraw);
}

TEST_F(SequencerLogTest, LosesAndRepeatsNothingWhateverTheBrokerDoes) {
  std::mt19937 random(7);
  for (int round = 0; round < 15; ++round) {
    std::vector<SimFate> fates;
    for (int i = 0; i < 4; ++i) fates.push_back(static_cast<SimFate>(random() % 7));
    broker_.plan(fates);
    const auto before = position();
    std::vector<Submission> submissions;
    for (int i = 0; i < 10; ++i) submissions.push_back(village_.comment(noor_, idea_, "Hallo"));
    Answers answers;
    for (const auto& submission : submissions) {
      node_.sequencer->submit(submission, answers.slot());
    }
    const auto outcomes = answers.wait();
    broker_.land_late();
    for (std::size_t i = 0; i < submissions.size(); ++i) {
      const auto accepted = insist(*node_.sequencer, submissions[i]);
      if (const auto* first = std::get_if<Accepted>(&outcomes[i])) {
        EXPECT_TRUE(accepted.is_repeat);
        EXPECT_EQ(accepted.first_position, first->first_position);
      }
    }
    EXPECT_EQ(position(), before + submissions.size());
  }
  node_.sequencer->stop();
  expect_proven(*node_.store);
}

TEST_F(SequencerLogTest, KeepsAPlatformStoppedAtARecordItCannotReadAndServesTheOthers) {
  Community other(*node_.sequencer, *node_.store, *keys_, 2);
  other.found();
  // The claimant's own record, admitted, with an event this software does not know.
  const auto tip = node_.store->tip(village_.platform());
  Commit commit;
  commit.command_id = CommandId(IdBytes{1});
  commit.recorded_at = tip.recorded_at;
  commit.events = {{.type = "sun-risen", .version = 1, .facts = "{}", .sealed = {}}};
  const auto record = encode_record({.header = {.platform = village_.platform(),
                                                .base_position = tip.position + 1,
                                                .event_count = 1,
                                                .prev_hash = tip.hash},
                                     .commits = {commit}});
  const auto partition = node_.store->partition();
  broker_.put(encode_envelope(
      {.epoch = partition.epoch, .writer = partition.claimant, .body = Group{.record = record}}));
  for (int i = 0; i < 200 && node_.sequencer->stopped().empty(); ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  const auto stopped = node_.sequencer->stopped();
  ASSERT_EQ(stopped.size(), 1U);
  EXPECT_EQ(stopped[0].platform, village_.platform());
  EXPECT_EQ(stopped[0].position, tip.position + 1);
  EXPECT_NE(stopped[0].why.find("sun-risen"), std::string::npos);
  const auto outcome = node_.sequencer->run(village_.support(noor_, idea_));
  EXPECT_EQ(std::get<Unavailable>(outcome).why, Unavailable::Why::platform_stopped);
  other.add_person();
  node_.sequencer->stop();
  EXPECT_FALSE(verify(*node_.store).is_proven());
}

}  // namespace
}  // namespace meent::eventstore
