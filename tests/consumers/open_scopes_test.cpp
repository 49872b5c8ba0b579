#include "consumers/open_scopes.h"

#include <gtest/gtest.h>

namespace meent::consumers {
namespace {

using namespace domain;

// What anyone could read when it was written: one row per event and standing.
struct OpenScopesTest : testing::Test {
  OpenScopes scopes;
  const SpaceId space{IdBytes{1}};
  const ContributionId idea{IdBytes{2}};
  const CommentId comment{IdBytes{3}};

  bool note(const Event& event) { return scopes.note(event); }
  Event placed() const {
    ContributionPlaced event;
    event.contribution = idea;
    event.space = space;
    return ContributionEvent(event);
  }
  Event commented() const {
    CommentPlaced event;
    event.comment = comment;
    event.contribution = idea;
    event.space = space;
    return DiscussEvent(event);
  }
  Event edited() const { return DiscussEvent(CommentEdited{comment, idea, 2, {}}); }
  Event supported() const {
    return SupportEvent(SupportGiven{idea, space, {}, Stance::agree, std::nullopt});
  }
  Event hidden(Item item) const { return ModerateEvent(ItemHidden{item, idea, space, {}}); }
  Event accepted(Item item) const { return ModerateEvent(ItemAccepted{item, idea, space, true}); }
  Event comment_withdrawn() const { return DiscussEvent(CommentWithdrawn{comment, idea}); }
  Event idea_withdrawn() const { return ContributionEvent(ContributionWithdrawn{idea}); }
};

TEST_F(OpenScopesTest, WhatStandsOpenIsForEveryone) {
  EXPECT_TRUE(note(placed()));
  EXPECT_TRUE(note(commented()));
  EXPECT_TRUE(note(edited()));
  EXPECT_TRUE(note(supported()));
  EXPECT_TRUE(note(PlatformEvent(PlatformCreated{})));
  EXPECT_TRUE(note(SpaceEvent(SpaceCreated{})));
}

TEST_F(OpenScopesTest, ThatAnItemIsHiddenOrComesBackIsForEveryone) {
  EXPECT_TRUE(note(hidden(idea)));
  EXPECT_FALSE(note(supported()));
  EXPECT_FALSE(note(commented()));
  EXPECT_TRUE(note(accepted(idea)));
  EXPECT_TRUE(note(supported()));
  EXPECT_TRUE(note(hidden(comment)));
  EXPECT_FALSE(note(edited()));
  EXPECT_TRUE(note(accepted(comment)));
  EXPECT_TRUE(note(edited()));
}

TEST_F(OpenScopesTest, WhatHappensToACommentUnderAHiddenItemIsNot) {
  note(hidden(idea));
  EXPECT_FALSE(note(hidden(comment)));
  EXPECT_FALSE(note(accepted(comment)));
  EXPECT_FALSE(note(comment_withdrawn()));
}

TEST_F(OpenScopesTest, WithdrawingIsForEveryoneUnlessItWasHidden) {
  EXPECT_TRUE(note(comment_withdrawn()));
  EXPECT_TRUE(note(idea_withdrawn()));
  OpenScopes other;
  other.note(hidden(comment));
  EXPECT_FALSE(other.note(comment_withdrawn()));
  other.note(hidden(idea));
  EXPECT_FALSE(other.note(idea_withdrawn()));
}

}  // namespace
}  // namespace meent::consumers
