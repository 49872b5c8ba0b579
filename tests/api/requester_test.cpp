#include "api/requester.h"

#include <gtest/gtest.h>

#include "tests/api/running_node.h"

namespace meent::api {
namespace {

TEST(TokenText, IsReadBackAndHashedTheSame) {
  const auto drawn = TokenText::draw();
  const auto read = TokenText::parse(drawn.text());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, drawn.id);
  EXPECT_EQ(read->hash(), drawn.hash());
  EXPECT_NE(TokenText::draw().secret, drawn.secret);
  const auto text = drawn.text();
  for (const auto& wrong : {text + "x", text.substr(1), "xeent_" + text.substr(6),
                            text.substr(0, 38) + "-" + text.substr(39)}) {
    EXPECT_FALSE(TokenText::parse(wrong).has_value()) << wrong;
  }
}

TEST(FindRequester, LeavesPowersAtHomeThatTheTokenDoesNotBring) {
  VillageNode village;
  const auto platform = *domain::PlatformId::parse(village.platform);
  const auto find = [&](const std::string& token) {
    return find_requester(village.node().store, platform, token).value();
  };
  using domain::ActorKind, domain::Role;
  EXPECT_EQ(find(village.as_mina).role, Role::moderator);
  EXPECT_EQ(find(village.as_mina_plain).role, Role::person);
  EXPECT_EQ(find(village.as_mina_plain).viewer.role, Role::person);
  EXPECT_EQ(find(village.as_anna).viewer.person->text(), village.anna);
  EXPECT_EQ(find(village.as_operator).actor.kind, ActorKind::operator_);
  EXPECT_EQ(find(village.as_importer).actor.kind, ActorKind::importer);
  const auto analyst = find(village.as_analyst);
  EXPECT_EQ(analyst.actor.kind, ActorKind::guest);
  EXPECT_EQ(analyst.role, Role::person);
  EXPECT_TRUE(analyst.viewer.may_analyse);
}

TEST(FindPlatform, ByIdSlugOrHost) {
  VillageNode village;
  const auto& store = village.node().store;
  for (const auto& name : {village.platform, std::string("lindedorp")}) {
    const auto found = find_platform(store, name);
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_EQ(found->id.text(), village.platform);
  }
  EXPECT_FALSE(find_platform(store, "atlantis").has_value());
  EXPECT_FALSE(find_platform(store, "host:lindedorp.example").has_value());
  for (const auto* host : {"lindedorp.example", "LINDEDORP.example:8443"}) {
    EXPECT_TRUE(find_platform_of_host(store, host).has_value()) << host;
  }
  EXPECT_FALSE(find_platform_of_host(store, "example").has_value());
}

}  // namespace
}  // namespace meent::api
