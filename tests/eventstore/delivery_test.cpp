#include <gtest/gtest.h>

#include "eventstore/codec.h"
#include "eventstore/embedded.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"

// Who may receive which event, and what of it.
namespace meent::eventstore {
namespace {

using namespace domain;

class DeliveryTest : public testing::Test {
 protected:
  DeliveryTest() {
    village_.found();
    noor_ = village_.add_person("Noor de Wit");
    hind_ = village_.add_person("Hind Oudega");
    idea_ = village_.add_idea(noor_, "Meer bomen");
    author_.person = noor_;
  }
  static StoredEvent stored(const Accepted& accepted, const Submission& submission) {
    return {.event = accepted.events.back(),
            .context = {.platform = accepted.platform,
                        .position = accepted.last_position,
                        .actor = submission.actor,
                        .recorded_at = accepted.recorded_at,
                        .occurred_at = submission.occurred_at}};
  }
  StoredEvent happened(const Submission& submission) {
    return stored(village_.must_accept(submission), submission);
  }
  std::optional<std::string> told(const StoredEvent& event, const Viewer& viewer) {
    return event_for(event, viewer, *embedded_.store->state(village_.platform()), *embedded_.keys,
                     "cursor-1");
  }
  void hide(Item item) {
    village_.must_accept(
        village_.by_operator(ModerateCommand(HideItem{.item = item, .reason = "Scheldt"})));
  }

  ScratchFolder scratch_;
  Embedded embedded_ = Embedded::open(scratch_.path() / "data", real_files(), {});
  Community village_{*embedded_.sequencer, *embedded_.store, *embedded_.keys};
  PersonId noor_, hind_;
  ContributionId idea_;
  Viewer guest_;
  Viewer author_{
      .person = std::nullopt, .role = Role::person, .is_signed_in = true, .may_analyse = false};
  Viewer moderator_{.person = PersonId(IdBytes{9}),
                    .role = Role::moderator,
                    .is_signed_in = true,
                    .may_analyse = false};
  Viewer operator_{
      .person = std::nullopt, .role = Role::operator_, .is_signed_in = true, .may_analyse = false};
  Viewer analyst_{
      .person = std::nullopt, .role = Role::operator_, .is_signed_in = true, .may_analyse = true};
};

TEST_F(DeliveryTest, TellsEveryoneWhatAnAuthorWroteAndWho) {
  const auto event = happened(village_.comment(noor_, idea_, "Goed \"plan\""));
  const auto line = told(event, guest_).value();
  EXPECT_TRUE(
      line.starts_with(R"({"id":"cursor-1","type":"comment-placed","version":1,"recorded_at":"20)"))
      << line;
  EXPECT_TRUE(line.contains(R"("body":"Goed \"plan\"")")) << line;
  EXPECT_TRUE(line.contains(R"("actor":{"kind":"person","id":")" + noor_.text())) << line;
  EXPECT_FALSE(line.contains("position")) << line;
  EXPECT_FALSE(line.contains("occurred_at")) << line;
  EXPECT_FALSE(line.contains('\n')) << line;
  EXPECT_TRUE(
      told(event, analyst_)->contains(R"("position":)" + std::to_string(event.context.position)));
}

TEST_F(DeliveryTest, TellsNobodyButAnalystsWhoSupported) {
  auto vote = village_.support(hind_, idea_);
  vote.actor = {.kind = ActorKind::importer, .id = {}};
  vote.occurred_at = Timestamp{0};
  for (const auto& submission : {village_.support(hind_, idea_), vote}) {
    const auto event = happened(submission);
    for (const auto& viewer : {guest_, author_, moderator_, operator_}) {
      const auto line = told(event, viewer).value();
      EXPECT_TRUE(line.contains(R"("stance":"agree")")) << line;
      EXPECT_FALSE(line.contains(hind_.text())) << line;
    }
    EXPECT_TRUE(told(event, analyst_)->contains(R"("person":")" + hind_.text()));
  }
  // Also not when the supporter wrote the item: its actor would give the person away.
  const auto own = happened(village_.support(noor_, idea_));
  EXPECT_FALSE(told(own, guest_)->contains(noor_.text()));
}

TEST_F(DeliveryTest, WithholdsTheWordsOfAHiddenItemFromAllButAuthorAndModerators) {
  const auto comment = village_.comment(noor_, idea_, "Scheldwoord");
  const auto event = happened(comment);
  hide(std::get<PlaceComment>(std::get<DiscussCommand>(comment.command)).comment);
  EXPECT_TRUE(told(event, guest_)->contains(R"("body":null)"));
  EXPECT_FALSE(told(event, guest_)->contains("Scheldwoord"));
  EXPECT_TRUE(told(event, author_)->contains("Scheldwoord"));
  EXPECT_TRUE(told(event, moderator_)->contains("Scheldwoord"));
}

TEST_F(DeliveryTest, WithholdsCommentsAndSupportUnderAHiddenContribution) {
  const auto comment = happened(village_.comment(hind_, idea_, "Onder iets verborgens"));
  const auto support = happened(village_.support(hind_, idea_));
  hide(idea_);
  EXPECT_FALSE(told(comment, guest_)->contains("verborgens"));
  EXPECT_FALSE(told(support, guest_));
  EXPECT_TRUE(told(support, moderator_));
}

TEST_F(DeliveryTest, TellsEveryoneThatAndWhyAnItemWasHidden) {
  const auto event = happened(village_.by_operator(
      ModerateCommand(HideItem{.item = idea_, .reason = "Reclame voor een winkel"})));
  EXPECT_TRUE(told(event, guest_)->contains(R"("reason":"Reclame voor een winkel")"));
}

TEST_F(DeliveryTest, TellsOnlyOperatorsOfTokensAndNobodyTheHashButAnalysts) {
  const auto event = happened(village_.by_operator(TokenCommand(
      IssueToken{.token = village_.next_id<TokenId>(),
                 .secret_hash = {},
                 .person = std::nullopt,
                 .scopes = static_cast<TokenScopes>(TokenScope::import_),
                 .expires_at = {std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count() +
                                60'000},
                 .label = "import"})));
  for (const auto& viewer : {guest_, author_, moderator_}) EXPECT_FALSE(told(event, viewer));
  EXPECT_TRUE(told(event, operator_)->contains(R"("scopes":["import"])"));
  EXPECT_FALSE(told(event, operator_)->contains("secret_hash"));
  EXPECT_TRUE(told(event, analyst_)->contains("secret_hash"));
}

TEST_F(DeliveryTest, GivesAPersonsNameButNoKeysAndNoIdOfElsewhere) {
  const auto registering =
      village_.by_operator(PersonCommand(RegisterPerson{.person = village_.next_id<PersonId>(),
                                                        .identity_key = embedded_.keys->create(),
                                                        .content_key = embedded_.keys->create(),
                                                        .name = "Ans",
                                                        .role = Role::person,
                                                        .external_id = "polis-17"}));
  const auto event = happened(registering);
  const auto line = told(event, guest_).value();
  EXPECT_TRUE(line.contains(R"("name":"Ans")")) << line;
  for (const auto* secret : {"polis-17", "external_id", "identity_key", "content_key"}) {
    EXPECT_FALSE(line.contains(secret)) << secret;
  }
  EXPECT_TRUE(told(event, analyst_)->contains("polis-17"));
}

TEST_F(DeliveryTest, GivesNullWhereSomeoneWasForgotten) {
  const auto event = happened(village_.comment(noor_, idea_, "Vergeet mij"));
  const auto state = embedded_.store->state(village_.platform());
  embedded_.keys->destroy(find<PersonRecord>(*state, noor_).value().content_key);
  EXPECT_TRUE(told(event, analyst_)->contains(R"("body":null)"));
}

TEST_F(DeliveryTest, ShowsWhenAnImportedEventReallyHappened) {
  auto vote = village_.support(hind_, idea_);
  vote.actor = {.kind = ActorKind::importer, .id = {}};
  vote.occurred_at = Timestamp{1'443'022'567'089};
  EXPECT_TRUE(
      told(happened(vote), guest_)->contains(R"("occurred_at":"2015-09-23T15:36:07.089Z")"));
}

TEST_F(DeliveryTest, KnowsTheSpaceOfAnEventThatDoesNotSayIt) {
  const Event edited = DiscussEvent(CommentEdited{
      .comment = village_.next_id<CommentId>(), .contribution = idea_, .revision = 2, .body = {}});
  EXPECT_EQ(subject_of(edited).space, std::nullopt);
  const auto subject = subject_of(edited, *embedded_.store->state(village_.platform()));
  EXPECT_EQ(subject.space, village_.space());
  EXPECT_EQ(subject.contribution, idea_);
}

}  // namespace
}  // namespace meent::eventstore
