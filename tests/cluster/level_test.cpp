#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "tests/cluster/running_cluster.h"

/// A rolling upgrade: nodes whose software knows one level more than that of the others.
namespace meent::api {
namespace {

using std::chrono::milliseconds;

constexpr const char* path = "/api/v1/level";

/// Why nodes ended.
struct Ends {
  std::mutex mutex;
  std::string last;
  std::string wait() {
    for (int i = 0; i < 500; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (!last.empty()) return last;
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    return "it goes on";
  }
};

eventstore::SequencerOptions software(std::uint32_t level, Ends& ends) {
  eventstore::SequencerOptions options;
  options.level = level;
  options.fail_stop = [&ends](const std::string& why) {
    const std::lock_guard lock(ends.mutex);
    ends.last = why;
  };
  return options;
}

TEST(LevelOfACluster, IsRaisedOnceNoLiveNodeIsTooOldForIt) {
  Ends ends;
  RunningCluster cluster(2, 1, software(1, ends));
  const auto refusal = [&](std::size_t through) {
    const auto answer = cluster.ask(through, Method::post, path, {{"level", 2}});
    EXPECT_EQ(answer.status, 409U) << answer.body;
    return answer.body;
  };
  EXPECT_NE(refusal(0).find("level-unknown"), std::string::npos);  // nobody knows it

  cluster.stop(0);
  cluster.start(0, software(2, ends));
  cluster.settle();
  cluster.stop(1);
  cluster.settle();  // the new one has the directory
  cluster.start(1, software(1, ends));
  cluster.settle();
  EXPECT_EQ(cluster.owner_of(domain::directory_id().text()), 0);
  for (std::size_t through = 0; through < 2; ++through) {
    auto said = refusal(through);
    // The nodes' earlier lives were old too, and are taken for alive a second longer.
    for (int i = 0; i < 50 && said.find(cluster.url(1)) == std::string::npos; ++i) {
      std::this_thread::sleep_for(milliseconds(100));
      said = refusal(through);
    }
    EXPECT_NE(said.find(cluster.url(1)), std::string::npos) << said;
    EXPECT_NE(said.find("old-node"), std::string::npos) << said;
  }
  EXPECT_EQ(cluster.call(0, Method::get, path), (Json{{"level", 1}, {"newest", 2}}));

  cluster.stop(1);
  ApiAnswer answer;
  for (int i = 0; i < 50 && !answer.is_good(); ++i) {  // until it is not taken for alive any more
    answer = cluster.ask(0, Method::post, path, {{"level", 2}});
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(cluster.call(0, Method::get, path).at("level"), 2);

  EXPECT_EQ(ends.last, "");
  cluster.start(1, software(1, ends));  // forgotten somewhere
  EXPECT_NE(ends.wait().find("Install the newer software"), std::string::npos) << ends.wait();
  cluster.drop(1);
  cluster.start(1, software(2, ends));
  cluster.settle();
  EXPECT_EQ(cluster.call(1, Method::get, path), (Json{{"level", 2}, {"newest", 2}}));
  const auto live_at_two = [&] {
    const auto nodes = cluster.call(1, Method::get, "/api/v1/nodes").at("nodes");
    return std::ranges::count_if(
        nodes, [](const Json& one) { return one.at("live").get<bool>() && one.at("level") == 2; });
  };
  for (int i = 0; i < 50 && live_at_two() < 2; ++i) {  // until it has heard both
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_EQ(live_at_two(), 2);
}

}  // namespace
}  // namespace meent::api
