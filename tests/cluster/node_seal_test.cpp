#include "api/node_seal.h"

#include <gtest/gtest.h>

namespace meent::api {
namespace {

using domain::Timestamp;

eventstore::KeyBytes secret(std::uint8_t byte) {
  eventstore::KeyBytes out{};
  out.fill(byte);
  return out;
}

class NodeSealTest : public testing::Test {
 protected:
  NodeSealTest() {
    request_.method_name = "POST";
    request_.target = "/api/v1/platforms/a/spaces?x=1";
    request_.body = R"({"title":"Plein"})";
    request_.headers.add("Authorization", "Bearer meent_x");
    request_.headers.add(node_seal_header, seal_.make("POST", request_.target, "Bearer meent_x",
                                                      request_.body, passed_, made_at_));
  }
  NodeSeal seal_{secret(1)};
  NodeSeal::Passed passed_{
      .applied = 77, .is_loopback = true, .is_operator = false, .is_first_hop = true};
  Timestamp made_at_{1'790'000'000'000};
  Request request_;
};

TEST_F(NodeSealTest, PassesOnWhatWasSealed) {
  const auto opened = seal_.open(request_, {made_at_.ms + 1000});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->applied, 77U);
  EXPECT_TRUE(opened->is_loopback);
  EXPECT_FALSE(opened->is_operator);
  EXPECT_TRUE(opened->is_first_hop);
}

TEST_F(NodeSealTest, FitsNoOtherRequest) {
  const auto refused = [&](const auto& change) {
    auto other = request_;
    change(other);
    return !seal_.open(other, made_at_);
  };
  EXPECT_FALSE(refused([](Request&) {}));
  EXPECT_TRUE(refused([](Request& other) { other.method_name = "PUT"; }));
  EXPECT_TRUE(refused([](Request& other) { other.target += "2"; }));
  EXPECT_TRUE(refused([](Request& other) { other.body += " "; }));
  EXPECT_TRUE(refused([](Request& other) { other.headers.set("Authorization", "Bearer y"); }));
  EXPECT_TRUE(refused([](Request& other) { other.headers.remove("Authorization"); }));
  EXPECT_TRUE(refused([](Request& other) { other.headers.remove(node_seal_header); }));
}

TEST_F(NodeSealTest, ChangedFlagsAndNonsenseAreRefused) {
  const std::string line(*request_.header(node_seal_header));
  for (const auto& [from, to] : {std::pair{"l-f", "lof"}, {";77;", ";78;"}, {"1;", "2;"}}) {
    auto changed = line;
    changed.replace(changed.find(from), std::string_view(from).size(), to);
    auto other = request_;
    other.headers.set(node_seal_header, changed);
    EXPECT_FALSE(seal_.open(other, made_at_)) << changed;
  }
  for (const auto* nonsense : {"", ";", ";;;;;", "1;2;3;4", "1;x;3;l-f;00"}) {
    auto other = request_;
    other.headers.set(node_seal_header, nonsense);
    EXPECT_FALSE(seal_.open(other, made_at_)) << nonsense;
  }
}

TEST_F(NodeSealTest, ExpiresAndBelongsToItsCluster) {
  EXPECT_TRUE(seal_.open(request_, {made_at_.ms + 29'000}));
  EXPECT_FALSE(seal_.open(request_, {made_at_.ms + 31'000}));
  EXPECT_FALSE(seal_.open(request_, {made_at_.ms - 31'000}));
  EXPECT_FALSE(NodeSeal(secret(2)).open(request_, made_at_));
}

}  // namespace
}  // namespace meent::api
