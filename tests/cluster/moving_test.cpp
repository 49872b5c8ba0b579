#include <gtest/gtest.h>

#include "api/local_node.h"
#include "api/moving_desk.h"
#include "eventstore/checkpoint.h"
#include "eventstore/moving.h"
#include "eventstore/verify.h"
#include "tests/cluster/running_cluster.h"

/// A platform on its way between one machine and several nodes, over HTTP.
namespace meent::api {
namespace {

using namespace eventstore;

Json call(ApiCaller& caller, Method method, const std::string& path, const Json& body = {}) {
  const auto answer = caller.call({.method = method,
                                   .path = path,
                                   .body = body.is_null() ? std::string() : body.dump(),
                                   .headers = {}});
  EXPECT_TRUE(answer.is_good()) << path << ": " << answer.status << ' ' << answer.body;
  return Json::parse(answer.body, nullptr, false);
}

/// One machine's village, made as an operator would; its ids.
Village make_village(ApiCaller& caller) {
  auto out = found_village([&](const std::string& path,
                               const Json& body) { return call(caller, Method::post, path, body); },
                           "dorp");
  const auto base = "/api/v1/platforms/" + out.platform;
  for (int i = 0; i < 30; ++i) {
    call(caller, Method::post, base + "/contributions/" + out.idea + "/comments",
         {{"author", out.person}, {"body", "Bericht " + std::to_string(i)}, {"language", "nl"}});
  }
  return out;
}

/// What the views answer, as text.
std::vector<std::string> views(ApiCaller& caller, const Village& village) {
  const auto base = "/api/v1/platforms/" + village.platform;
  std::vector<std::string> out;
  for (const auto* path : {"", "/kinds", "/spaces", "/people", "/search?q=molen"}) {
    out.push_back(call(caller, Method::get, base + path).dump());
  }
  const auto idea = base + "/contributions/" + village.idea;
  out.push_back(call(caller, Method::get, idea).dump());
  out.push_back(call(caller, Method::get, idea + "/comments?limit=100").dump());
  out.push_back(
      call(caller, Method::get, base + "/spaces/" + village.space + "/contributions").dump());
  return out;
}

class Folder {
 public:
  explicit Folder(const std::filesystem::path& path)
      : embedded_(Embedded::open(path, real_files(), {})),
        home_(*embedded_.store, *embedded_.keys, *embedded_.sequencer, "the folder") {}
  ~Folder() { embedded_.sequencer->stop(); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  NodeHome& home() { return home_; }

 private:
  Embedded embedded_;
  NodeHome home_;
};

/// A caller whose views are as far as its log.
std::unique_ptr<ApiCaller> settled_folder(const std::filesystem::path& path) {
  {
    LocalNode node({.folder = path});
    EXPECT_TRUE(node.wait_for_views(std::chrono::seconds(10)));
  }
  return local_caller(path);
}

TEST(MovingOverHttp, FromOneMachineIntoAClusterAndBackEveryViewStaysTheSame) {
  ScratchFolder scratch;
  const auto folder = scratch.path() / "machine";
  Village village;
  {
    const auto caller = local_caller(folder);
    village = make_village(*caller);
  }
  const auto before = views(*settled_folder(folder), village);

  RunningCluster cluster(3);
  {
    Folder machine(folder);
    for (std::size_t through = 0; through < 3; ++through) {  // two of them forward; twice: done
      const auto there = remote_home(cluster.url(through), cluster.secret());
      const auto report = move_platform(machine.home(), *there, "dorp", {});
      EXPECT_EQ(report.record_count > 0, through == 0);
    }
  }
  cluster.settle();
  for (std::size_t number = 0; number < 3; ++number) {
    ASSERT_TRUE(cluster.node(number).local().wait_for_views(std::chrono::seconds(10)));
    const auto caller = operator_caller(cluster.url(number), cluster.secret());
    EXPECT_EQ(views(*caller, village), before) << "node " << number;
    const auto proof = verify(cluster.node(number).node().store);
    for (const auto& problem : proof.problems) ADD_FAILURE() << problem.what;
  }
  const auto comments =
      "/api/v1/platforms/" + village.platform + "/contributions/" + village.idea + "/comments";
  const Json body{{"author", village.person}, {"body", "In de wolk."}, {"language", "nl"}};
  for (std::size_t through = 0; through < 3; ++through) {
    cluster.call(through, Method::post, comments, body);
  }
  EXPECT_EQ(
      settled_folder(folder)
          ->call({.method = Method::post, .path = comments, .body = body.dump(), .headers = {}})
          .status,
      503U);

  cluster.settle();
  ASSERT_TRUE(cluster.node(0).local().wait_for_views(std::chrono::seconds(10)));
  const auto grown = views(*operator_caller(cluster.url(0), cluster.secret()), village);
  {
    Folder machine(folder);
    const auto there = remote_home(cluster.url(1), cluster.secret());
    move_platform(*there, machine.home(), "dorp", {});
  }
  EXPECT_EQ(cluster.ask(0, Method::post, comments, body).status, 503U);
  const auto caller = settled_folder(folder);
  EXPECT_EQ(views(*caller, village), grown);
  call(*caller, Method::post, comments, body);
}

TEST(MovingOverHttp, OnlyAnOperatorWithTheSecretIsHeard) {
  RunningCluster cluster(1);
  auto wrong = cluster.secret();
  wrong[0] ^= 1;
  EXPECT_THROW(remote_home(cluster.url(0), wrong)->log(), MoveRefused);
  const auto path = std::string(moving_prefix) + "log";
  EXPECT_EQ(remote_caller(cluster.url(0), "meent_no")
                ->call({.method = Method::post, .path = path, .body = {}, .headers = {}})
                .status,
            404U);
}

TEST(CheckpointTest, ANewNodeStartsOnAnothersCheckpointAndReadsOnlyWhatCameSince) {
  RunningCluster cluster(2);
  const auto village = cluster.found(0, "dorp");
  const auto comments =
      "/api/v1/platforms/" + village.platform + "/contributions/" + village.idea + "/comments";
  const Json body{{"author", village.person}, {"body", "Erbij."}, {"language", "nl"}};
  cluster.call(0, Method::post, comments, body);
  cluster.settle();
  const auto report = cluster.copy(0, 2);
  EXPECT_TRUE(report.is_replicated);
  EXPECT_GT(report.next_offset, 10U);
  cluster.call(1, Method::post, comments, body);
  cluster.start(2);
  cluster.settle();
  ASSERT_TRUE(cluster.node(2).local().wait_for_views(std::chrono::seconds(10)));
  EXPECT_EQ(cluster.call(2, Method::get, comments).at("items").size(), 2U);
  const auto proof = verify(cluster.node(2).node().store);
  for (const auto& problem : proof.problems) ADD_FAILURE() << problem.what;
  EXPECT_EQ(cluster.ask(2, Method::get, "/readyz").status, 200U);
  cluster.call(2, Method::post, comments, body);
}

}  // namespace
}  // namespace meent::api
