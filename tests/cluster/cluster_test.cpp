#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "eventstore/verify.h"
#include "tests/cluster/running_cluster.h"

/// What clients see of several nodes.
namespace meent::api {
namespace {

using std::chrono::milliseconds;

std::string base_of(const Village& village) {
  return "/api/v1/platforms/" + village.platform;
}

void expect_proven(RunningCluster& cluster, std::size_t number) {
  const auto report = eventstore::verify(cluster.node(number).node().store);
  for (const auto& problem : report.problems) ADD_FAILURE() << problem.what;
}

TEST(ClusterTest, EveryNodeTakesEveryCommandAndAnswersEveryRead) {
  RunningCluster cluster(3);
  std::set<int> owners;
  for (std::size_t through = 0; through < 3; ++through) {
    for (int i = 0; i < 4; ++i) {
      const auto village =
          cluster.found(through, "dorp-" + std::to_string(through) + std::to_string(i));
      owners.insert(cluster.owner_of(village.platform));
      const auto comment =
          cluster.call((through + 1) % 3, Method::post,
                       base_of(village) + "/contributions/" + village.idea + "/comments",
                       {{"author", village.person}, {"body", "Mooi."}, {"language", "nl"}});
      // Read your own write, from yet another node.
      const auto thread =
          cluster.call((through + 2) % 3, Method::get,
                       base_of(village) + "/contributions/" + village.idea + "/comments", {},
                       {{"Meent-After", comment.at("token").get<std::string>()}});
      EXPECT_EQ(thread.at("items").at(0).at("id"), comment.at("id"));
      EXPECT_EQ(thread.at("items").at(0).at("body"), "Mooi.");
    }
  }
  EXPECT_GE(owners.size(), 2U) << "all platforms on one node";
  cluster.settle();
  for (std::size_t number = 0; number < 3; ++number) expect_proven(cluster, number);
}

TEST(ClusterTest, ARepeatThroughAnotherNodeIsOneAct) {
  RunningCluster cluster(3);
  const auto village = cluster.found(0, "dorp");
  const auto path = base_of(village) + "/contributions/" + village.idea + "/comments";
  const Json body{{"author", village.person}, {"body", "Een keer."}, {"language", "nl"}};
  std::set<std::string> ids;
  for (std::size_t through = 0; through < 3; ++through) {
    ids.insert(
        cluster.call(through, Method::post, path, body, {{"Idempotency-Key", "zelfde"}}).at("id"));
  }
  EXPECT_EQ(ids.size(), 1U);
  const auto reused =
      cluster.ask(1, Method::post, path,
                  {{"author", village.person}, {"body", "Iets anders."}, {"language", "nl"}},
                  {{"Idempotency-Key", "zelfde"}});
  EXPECT_EQ(reused.status, 422U);
}

TEST(ClusterTest, ARefusalIsTheOwners) {
  RunningCluster cluster(3);
  const auto village = cluster.found(0, "dorp");
  for (std::size_t through = 0; through < 3; ++through) {
    EXPECT_EQ(
        cluster.ask(through, Method::post, base_of(village) + "/spaces", {{"title", ""}}).status,
        400U);
    EXPECT_EQ(cluster
                  .ask(through, Method::post, "/api/v1/platforms",
                       {{"slug", "dorp"}, {"name", "Weer"}, {"language", "nl"}})
                  .status,
              409U);
  }
}

TEST(ClusterTest, WhoHasNotTheSecretIsNoNode) {
  RunningCluster cluster(2);
  auto wrong = cluster.secret();
  wrong[0] ^= 1;
  const auto answer = operator_caller(cluster.url(0), wrong)
                          ->call({.method = Method::post,
                                  .path = "/api/v1/platforms",
                                  .body = R"({"slug":"a","name":"A","language":"nl"})",
                                  .headers = {}});
  EXPECT_EQ(answer.status, 403U);
}

/// Places comments through all running nodes, each with its own key, until told to stop.
class Crowd {
 public:
  Crowd(RunningCluster& cluster, const Village& village, std::vector<std::size_t> through)
      : cluster_(cluster), village_(village) {
    for (const auto number : through) {
      threads_.emplace_back([this, number] {
        const auto caller = operator_caller(cluster_.url(number), cluster_.secret());
        for (int i = 0; !is_over_; ++i)
          place(*caller, std::to_string(number) + "-" + std::to_string(i));
      });
    }
  }
  ~Crowd() { stop(); }
  void stop() {
    is_over_ = true;
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  std::atomic<int> accepted = 0, failed = 0;

 private:
  void place(ApiCaller& caller, const std::string& key) {
    const Json body{{"author", village_.person}, {"body", "Bericht " + key}, {"language", "nl"}};
    const auto answer =
        caller.call({.method = Method::post,
                     .path = base_of(village_) + "/contributions/" + village_.idea + "/comments",
                     .body = body.dump(),
                     .headers = {{"Idempotency-Key", key}}});
    ++(answer.is_good() ? accepted : failed);
    if (!answer.is_good()) std::cerr << answer.status << ' ' << answer.body << '\n';
  }

  RunningCluster& cluster_;
  const Village& village_;
  std::atomic<bool> is_over_ = false;
  std::vector<std::thread> threads_;
};

std::size_t comments_in(RunningCluster& cluster, std::size_t through, const Village& village) {
  std::size_t count = 0;
  std::string cursor;
  do {
    const auto page = cluster.call(
        through, Method::get,
        base_of(village) + "/contributions/" + village.idea + "/comments?limit=100" + cursor);
    count += page.at("items").size();
    cursor = page.at("next").is_null() ? "" : "&cursor=" + page.at("next").get<std::string>();
  } while (!cursor.empty());
  return count;
}

TEST(ClusterTest, ANodeThatStopsHandsOverWithoutAFailedCommand) {
  RunningCluster cluster(3);
  const auto village = cluster.found(0, "dorp");
  const auto owner = static_cast<std::size_t>(cluster.owner_of(village.platform));
  const auto first = (owner + 1) % 3, second = (owner + 2) % 3;
  Crowd crowd(cluster, village, {first, second});
  std::this_thread::sleep_for(milliseconds(500));
  cluster.stop(owner);
  std::this_thread::sleep_for(milliseconds(1000));
  crowd.stop();
  EXPECT_EQ(crowd.failed, 0);
  EXPECT_GT(crowd.accepted, 10);
  cluster.settle();
  EXPECT_NE(cluster.owner_of(village.platform), static_cast<int>(owner));
  EXPECT_EQ(comments_in(cluster, first, village), static_cast<std::size_t>(crowd.accepted));
  expect_proven(cluster, second);
  // It comes back, reads what it missed, and has its share again.
  cluster.start(owner);
  cluster.settle();
  EXPECT_TRUE(cluster.node(owner).local().wait_for_views(std::chrono::seconds(10)));
  EXPECT_EQ(comments_in(cluster, owner, village), static_cast<std::size_t>(crowd.accepted));
}

TEST(ClusterTest, MetricsSayWhoOwnsWhatAndForHowLongNobodyDid) {
  RunningCluster cluster(2, 2);
  const auto value = [&](const std::string& metric) {
    const auto text = cluster.ask(0, Method::get, "/metrics").body;
    const auto at = text.find("\n" + metric + " ");
    EXPECT_NE(at, std::string::npos) << metric;
    return at == std::string::npos ? -1 : std::stod(text.substr(at + metric.size() + 2));
  };
  double owned = 0;
  for (const auto* partition : {"0", "1"}) {
    const auto label = std::string("{partition=\"") + partition + "\"}";
    owned += value("meent_partition_owned" + label);
    EXPECT_GE(value("meent_partition_epoch" + label), 1);
    EXPECT_GE(value("meent_partition_next_offset" + label), 2);
    EXPECT_GE(value("meent_partition_ownerless_seconds_total" + label), 1);  // before both beat
    EXPECT_LE(value("meent_partition_ownerless_seconds_total" + label), 15);
  }
  EXPECT_EQ(owned, 1);
  EXPECT_EQ(value("meent_forwarded_total"), 0);
  EXPECT_EQ(value("meent_void_envelopes_total{reason=\"foreign\"}"), 0);
}

TEST(ClusterTest, ANodeThatIsGoneIsReplaced) {
  RunningCluster cluster(3);
  const auto village = cluster.found(0, "dorp");
  const auto owner = static_cast<std::size_t>(cluster.owner_of(village.platform));
  const auto first = (owner + 1) % 3, second = (owner + 2) % 3;
  Crowd crowd(cluster, village, {first, second});
  std::this_thread::sleep_for(milliseconds(300));
  cluster.drop(owner);
  std::this_thread::sleep_for(milliseconds(2500));
  crowd.stop();
  EXPECT_EQ(crowd.failed, 0) << "the forwarding node waits for the next owner";
  cluster.settle();
  EXPECT_EQ(comments_in(cluster, second, village), static_cast<std::size_t>(crowd.accepted));
  expect_proven(cluster, first);
}

}  // namespace
}  // namespace meent::api
