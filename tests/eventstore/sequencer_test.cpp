#include "eventstore/sequencer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "eventstore/embedded.h"
#include "tests/eventstore/answers.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using namespace domain;

std::vector<Commit> commits_of(const Store& store, PlatformId platform) {
  std::vector<Commit> all;
  for (std::uint64_t position = 1; position <= store.tip(platform).position;) {
    const auto record = decode_record(store.record_at(platform, position).value().bytes).value();
    all.insert(all.end(), record.commits.begin(), record.commits.end());
    position = record.header.last_position() + 1;
  }
  return all;
}

class SequencerTest : public testing::Test {
 protected:
  SequencerTest() { reopen(); }
  void reopen() {
    embedded_ = {};
    embedded_ = Embedded::open(scratch_.path() / "data", real_files(), options_);
  }
  Community community(std::uint8_t number = 1) {
    Community one(*embedded_.sequencer, *embedded_.store, *embedded_.keys, number);
    one.found();
    return one;
  }

  ScratchFolder scratch_;
  std::int64_t now_ms_ = 1'764'000'000'000;
  SequencerOptions options_;
  Embedded embedded_;
};

TEST_F(SequencerTest, MakesTheDirectoryOnce) {
  EXPECT_EQ(embedded_.store->tip(directory_id()).position, 2U);
  reopen();
  EXPECT_EQ(embedded_.store->tip(directory_id()).position, 2U);
}

TEST_F(SequencerTest, AnswersWithWhatIsInTheStore) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  const auto accepted = village.must_accept(village.support(noor, idea, Stance::disagree));
  EXPECT_FALSE(accepted.is_repeat);
  ASSERT_EQ(accepted.events.size(), 1U);
  const auto state = embedded_.store->state(village.platform());
  EXPECT_EQ(find<SupportRecord>(*state, {idea, noor}).value().stance, Stance::disagree);
  EXPECT_EQ(embedded_.store->hash_at(village.platform(), accepted.last_position),
            accepted.record_hash);
  EXPECT_EQ(embedded_.store->tip(village.platform()).position, accepted.last_position);
}

TEST_F(SequencerTest, SeesEarlierCommandsOfGroupsThatAreNotDurableYet) {
  auto village = community();
  const auto noor = village.add_person();
  Answers answers;
  std::vector<ContributionId> ideas;
  for (int i = 0; i < 300; ++i) {
    ideas.push_back(village.next_id<ContributionId>());
    embedded_.sequencer->submit(
        village.by_person(
            noor,
            ContributionCommand(PlaceContribution{
                .contribution = ideas.back(),
                .space = village.space(),
                .kind = "statement",
                .author = noor,
                .text = {.title = "", .body = "Ja", .form = {}, .themes = {}, .language = "nl"},
                .external_id = ""})),
        answers.slot());
    embedded_.sequencer->submit(village.support(noor, ideas.back()), answers.slot());
    embedded_.sequencer->submit(village.support(noor, ideas.back(), Stance::pass), answers.slot());
  }
  for (const auto& outcome : answers.wait()) {
    EXPECT_TRUE(std::holds_alternative<Accepted>(outcome));
  }
  const auto state = embedded_.store->state(village.platform());
  for (const auto idea : ideas) {
    EXPECT_EQ(find<SupportRecord>(*state, {idea, noor}).value().stance, Stance::pass);
  }
}

TEST_F(SequencerTest, GivesTwoEqualCommandsOfOneGroupOneCommit) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  const auto before = embedded_.store->tip(village.platform()).position;
  Answers answers;
  const auto comment = village.comment(noor, idea, "Goed plan");
  auto again = comment;  // the second request draws another comment id
  std::get<PlaceComment>(std::get<DiscussCommand>(again.command)).comment =
      village.next_id<CommentId>();
  for (int i = 0; i < 50; ++i)
    embedded_.sequencer->submit(i == 0 ? comment : again, answers.slot());
  int repeats = 0;
  std::optional<Accepted> first;
  for (const auto& outcome : answers.wait()) {
    const auto& accepted = std::get<Accepted>(outcome);
    repeats += accepted.is_repeat ? 1 : 0;
    if (!first) first = accepted;
    EXPECT_EQ(accepted.first_position, first->first_position);
    EXPECT_EQ(accepted.record_hash, first->record_hash);
    EXPECT_TRUE(accepted.events == first->events);
  }
  EXPECT_EQ(repeats, 49);
  EXPECT_EQ(embedded_.store->tip(village.platform()).position, before + 1);
}

TEST_F(SequencerTest, RepeatsAnAnswerAlsoAfterARestart) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  const auto comment = village.comment(noor, idea, "Goed plan");
  const auto first = village.must_accept(comment);
  village.must_accept(village.support(noor, idea));
  reopen();
  Community same(*embedded_.sequencer, *embedded_.store, *embedded_.keys);
  const auto second = same.must_accept(comment);
  EXPECT_TRUE(second.is_repeat);
  EXPECT_TRUE(second.events == first.events);
  EXPECT_EQ(second.first_position, first.first_position);
  EXPECT_EQ(second.last_position, first.last_position);
  EXPECT_EQ(second.record_hash, first.record_hash);
  EXPECT_EQ(second.recorded_at, first.recorded_at);
}

TEST_F(SequencerTest, RefusesAKeyThatWasUsedForAnotherRequest) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  auto comment = village.comment(noor, idea, "Goed plan");
  village.must_accept(comment);
  comment.request += "!";
  EXPECT_TRUE(std::holds_alternative<KeyReused>(embedded_.sequencer->run(comment)));
  // Another person's key of the same name is another key.
  const auto hind = village.add_person("Hind");
  auto other = village.comment(hind, idea, "Ook goed");
  other.idempotency_key = comment.idempotency_key;
  EXPECT_FALSE(village.must_accept(other).is_repeat);
}

TEST_F(SequencerTest, JudgesARefusedCommandAgainWhenItIsRepeated) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  const auto withdraw = village.by_person(
      noor, SupportCommand(WithdrawSupport{.contribution = idea, .person = noor}));
  const auto outcome = embedded_.sequencer->run(withdraw);
  EXPECT_TRUE(std::get<Refused>(outcome).rejection ==
              Rejection(SupportRejection::nothing_to_withdraw));
  village.must_accept(village.support(noor, idea));
  EXPECT_FALSE(village.must_accept(withdraw).is_repeat);
}

TEST_F(SequencerTest, NeverRecordsATimeBeforeTheLastOne) {
  options_.clock = [this] { return Timestamp{now_ms_}; };
  reopen();
  auto village = community();
  const auto noor = village.add_person();
  now_ms_ -= 60'000;
  const auto earlier = village.must_accept(
      village.by_operator(PersonCommand(GrantRole{.person = noor, .role = Role::moderator})));
  EXPECT_EQ(earlier.recorded_at.ms, now_ms_ + 60'000);
  now_ms_ += 120'000;
  const auto later = village.must_accept(
      village.by_operator(PersonCommand(GrantRole{.person = noor, .role = Role::person})));
  EXPECT_EQ(later.recorded_at.ms, now_ms_);
}

TEST_F(SequencerTest, KeepsEveryGroupWithinItsLimits) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  Answers answers;
  for (int i = 0; i < 3000; ++i) {
    embedded_.sequencer->submit(village.support(noor, idea), answers.slot());
  }
  const std::string long_body(10'000, 'x');
  for (int i = 0; i < 300; ++i) {
    embedded_.sequencer->submit(village.comment(noor, idea, long_body), answers.slot());
  }
  for (const auto& outcome : answers.wait()) {
    EXPECT_TRUE(std::holds_alternative<Accepted>(outcome));
  }
  std::size_t most = 0, largest = 0;
  for (std::uint64_t position = 1; position <= embedded_.store->tip(village.platform()).position;) {
    const auto stored = embedded_.store->record_at(village.platform(), position).value();
    const auto record = decode_record(stored.bytes).value();
    most = std::max(most, record.commits.size());
    largest = std::max(largest, stored.bytes.size());
    position = record.header.last_position() + 1;
  }
  EXPECT_LE(most, most_commits);
  EXPECT_LE(largest, largest_record_bytes);
  EXPECT_GT(largest, 10'000U);
}

TEST_F(SequencerTest, RefusesMoreThanMayWait) {
  options_.most_waiting = 5;
  reopen();
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  Answers answers;
  for (int i = 0; i < 2000; ++i) {
    embedded_.sequencer->submit(village.support(noor, idea), answers.slot());
  }
  int full = 0, accepted = 0;
  for (const auto& outcome : answers.wait()) {
    const auto* unavailable = std::get_if<Unavailable>(&outcome);
    if (unavailable != nullptr && unavailable->why == Unavailable::Why::queue_full) ++full;
    if (std::holds_alternative<Accepted>(outcome)) ++accepted;
  }
  EXPECT_EQ(full + accepted, 2000);
  EXPECT_GT(full, 0);
  EXPECT_GE(accepted, 5);
  EXPECT_EQ(embedded_.sequencer->counts().waiting, 0U);
}

TEST_F(SequencerTest, RefusesWritesBeforeTheDiskIsFull) {
  options_.least_free_bytes = std::uint64_t{1} << 62;
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  reopen();
  Community same(*embedded_.sequencer, *embedded_.store, *embedded_.keys);
  const auto outcome = embedded_.sequencer->run(village.support(noor, idea));
  EXPECT_EQ(std::get<Unavailable>(outcome).why, Unavailable::Why::no_space);
}

TEST_F(SequencerTest, AnswersWhatIsInFlightBeforeItStops) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  Answers answers;
  for (int i = 0; i < 2000; ++i) {
    embedded_.sequencer->submit(village.support(noor, idea), answers.slot());
  }
  embedded_.sequencer->stop();
  EXPECT_EQ(answers.count(), 2000U);
  for (const auto& outcome : answers.wait()) {
    EXPECT_TRUE(std::holds_alternative<Accepted>(outcome));
  }
  const auto outcome = embedded_.sequencer->run(village.support(noor, idea));
  EXPECT_EQ(std::get<Unavailable>(outcome).why, Unavailable::Why::shutting_down);
}

std::size_t thread_count() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST_F(SequencerTest, KeepsAThousandPlatformsWithoutAThreadMore) {
  const auto threads_before = thread_count();
  Answers answers;
  Community village(*embedded_.sequencer, *embedded_.store, *embedded_.keys);
  std::vector<PlatformId> platforms;
  for (int i = 0; i < 1000; ++i) {
    platforms.push_back(village.next_id<PlatformId>());
    auto founding = village.by_operator(
        PlatformCommand(CreatePlatform{.log = embedded_.store->partition().genesis.value().log_id,
                                       .platform_key = embedded_.keys->create(),
                                       .slug = "dorp",
                                       .name = "Dorp",
                                       .language = "nl",
                                       .introduction = ""}));
    founding.platform = platforms.back();
    embedded_.sequencer->submit(std::move(founding), answers.slot());
  }
  for (const auto& outcome : answers.wait()) {
    EXPECT_TRUE(std::holds_alternative<Accepted>(outcome));
  }
  EXPECT_EQ(thread_count(), threads_before);
  for (const auto platform : platforms) {
    EXPECT_EQ(embedded_.store->tip(platform).position, 2U);
  }
  // Several platforms share a write.
  EXPECT_LT(embedded_.sequencer->counts().writes, 900U);
}

TEST_F(SequencerTest, KnowsNothingOfAPlatformThatWasNeverMade) {
  Community village(*embedded_.sequencer, *embedded_.store, *embedded_.keys, 9);
  const auto outcome = embedded_.sequencer->run(
      village.by_operator(PersonCommand(RegisterPerson{.person = village.next_id<PersonId>(),
                                                       .identity_key = embedded_.keys->create(),
                                                       .content_key = embedded_.keys->create(),
                                                       .name = "Noor",
                                                       .role = Role::person,
                                                       .external_id = ""})));
  EXPECT_TRUE(std::get<Refused>(outcome).rejection == Rejection(PersonRejection::no_platform));
}

TEST_F(SequencerTest, AsksForAKeyBeforeItWritesUnderIt) {
  auto village = community();
  const auto outcome = embedded_.sequencer->run(
      village.by_operator(PersonCommand(RegisterPerson{.person = village.next_id<PersonId>(),
                                                       .identity_key = KeyId(IdBytes{99}),
                                                       .content_key = KeyId(IdBytes{98}),
                                                       .name = "Noor",
                                                       .role = Role::person,
                                                       .external_id = ""})));
  EXPECT_TRUE(std::holds_alternative<Unavailable>(outcome));
  village.add_person();  // the platform goes on
}

TEST_F(SequencerTest, WritesNothingThatCouldNotBeReadAgain) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  const auto before = embedded_.store->tip(village.platform()).position;
  // Not UTF-8. The rules refuse it too; the sequencer does not rest on that.
  auto comment = village.comment(noor, idea, "Goed plan");
  std::get<PlaceComment>(std::get<DiscussCommand>(comment.command)).language = "n\xff";
  EXPECT_FALSE(std::holds_alternative<Accepted>(embedded_.sequencer->run(comment)));
  EXPECT_EQ(embedded_.store->tip(village.platform()).position, before);
  village.must_accept(village.support(noor, idea));
}

TEST_F(SequencerTest, KeepsAnImportsProgressInTheLog) {
  auto village = community();
  const auto noor = village.add_person();
  const auto idea = village.add_idea(noor);
  const SourceDigest source(IdBytes{5});
  const auto progress = [&] {
    return import_progress(*embedded_.store->state(village.platform()), source);
  };
  EXPECT_EQ(progress(), 0U);
  auto vote = village.support(noor, idea);
  vote.actor = {.kind = ActorKind::importer, .id = {}};
  vote.occurred_at = Timestamp{1'000'000};
  vote.import_progress = ImportProgress{.source = source, .row_count = 17};
  village.must_accept(vote);
  EXPECT_EQ(progress(), 17U);
  const auto last = commits_of(*embedded_.store, village.platform()).back();
  EXPECT_EQ(last.occurred_at, Timestamp{1'000'000});
  EXPECT_EQ(last.import_progress, vote.import_progress);
}

TEST_F(SequencerTest, WritesNoNameAndNoTextInTheClear) {
  auto village = community();
  const auto noor = village.add_person("Kanarie Naamgeefster");
  const auto idea = village.add_idea(noor, "kanarie-in-de-inhoud");
  village.must_accept(village.comment(noor, idea, "kanarie-in-de-reactie"));
  village.must_accept(village.by_operator(
      ModerateCommand(HideItem{.item = idea, .reason = "kanarie-in-de-reden"})));
  embedded_ = {};
  std::size_t bytes = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(scratch_.path() / "data")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    bytes += content.size();
    EXPECT_EQ(content.find("anarie"), std::string::npos) << entry.path();
  }
  EXPECT_GT(bytes, 1000U);
}

}  // namespace
}  // namespace meent::eventstore
