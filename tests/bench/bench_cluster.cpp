#include "tests/bench/bench_cluster.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>
#include <nlohmann/json.hpp>

#include "eventstore/admit.h"
#include "eventstore/shared_keys.h"

namespace meent::bench {

using nlohmann::json;

namespace {

constexpr std::chrono::minutes longest_wait{10};
constexpr int broker_count = 3;

void wait_until(const std::string& what, const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error(what + ": not in time");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

BenchCluster::BenchCluster(std::string meent, std::filesystem::path folder, std::size_t node_count)
    : meent_(std::move(meent)),
      folder_(std::move(folder)),
      brokers_({.brokers = broker_count, .secure = false, .settings = {}}) {
  std::filesystem::create_directories(folder_);
  output_of({meent_, "kafka", "init", "--kafka", addresses(), "--partitions",
             std::to_string(partition_count)});
  const auto secret = folder_ / "secret";
  output_of({meent_, "cluster", "secret", secret.string()});
  secret_ = eventstore::read_cluster_secret(secret, eventstore::real_files());
  for (std::size_t i = 0; i < node_count; ++i) start(add_node());
  wait_until_settled();
  make_community();
}

BenchCluster::~BenchCluster() {
  nodes_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void BenchCluster::make_community() {
  operator_token_ = json::parse(output_of({meent_, "token", "create", "--label", "bench", "--scope",
                                           "operate", "--server", url(0), "--cluster-secret",
                                           (folder_ / "secret").string()}))
                        .at("secret");
  const auto post = [&](const std::string& path, const json& body) {
    return field_of(
        caller(0)->call(
            {.method = api::Method::post, .path = path, .body = body.dump(), .headers = {}}),
        "id");
  };
  const auto id =
      post("/api/v1/platforms", {{"slug", "bench"}, {"name", "Bench"}, {"language", "nl"}});
  partition_ = eventstore::partition_of(domain::PlatformId::parse(id).value(), partition_count);
  community.base = "/api/v1/platforms/" + id;
  community.space = post(community.base + "/spaces",
                         {{"slug", "plein"}, {"title", "Plein"}, {"kinds", {"idea"}}});
}

std::size_t BenchCluster::add_node() {
  nodes_.push_back({.folder = folder_ / ("node" + std::to_string(nodes_.size()))});
  return nodes_.size() - 1;
}

void BenchCluster::start(std::size_t node) {
  auto& one = nodes_[node];
  one.child = std::make_unique<Child>(
      std::vector<std::string>{meent_, "serve", "--log", "kafka", "--kafka", addresses(),
                               "--cluster-secret", (folder_ / "secret").string(), "--data",
                               one.folder.string(), "--port", "0"},
      "serves at");
  const auto& line = one.child->ready_line();
  one.port = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

void BenchCluster::stop(std::size_t node) {
  nodes_[node].child.reset();
}

void BenchCluster::kill(std::size_t node) {
  nodes_[node].child->kill();
  nodes_[node].child.reset();
}

void BenchCluster::wait_until_ready(std::size_t node) const {
  wait_until("node ready", [&] {
    return caller(node)
        ->call({.method = api::Method::get, .path = "/readyz", .body = {}, .headers = {}})
        .is_good();
  });
}

void BenchCluster::wait_until_settled() const {
  wait_until("every partition owned, all nodes equal", [&] {
    std::size_t owned = 0;
    std::vector<std::uint64_t> first;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i].child) continue;
      std::vector<std::uint64_t> offsets;
      for (const auto& partition : json::parse(status(i)).at("partitions")) {
        owned += partition.at("role") == "owning" ? 1 : 0;
        offsets.push_back(partition.at("next_offset"));
      }
      if (first.empty()) first = offsets;
      if (offsets != first) return false;
    }
    return owned == partition_count;
  });
}

std::string BenchCluster::url(std::size_t node) const {
  return "http://127.0.0.1:" + std::to_string(nodes_[node].port);
}

std::string BenchCluster::status(std::size_t node) const {
  const auto answer =
      api::operator_caller(url(node), secret_)
          ->call({.method = api::Method::get, .path = "/api/v1/nodes", .body = {}, .headers = {}});
  if (!answer.is_good()) throw std::runtime_error("no status: " + answer.body);
  return answer.body;
}

std::size_t BenchCluster::owner() const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].child) continue;
    if (json::parse(status(i)).at("partitions").at(partition_).at("role") == "owning") return i;
  }
  throw std::runtime_error("nobody owns the community's partition");
}

std::size_t BenchCluster::follower() const {
  const auto owner_now = owner();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].child && i != owner_now) return i;
  }
  throw std::runtime_error("there is one node only");
}

std::int64_t BenchCluster::end_of_log() const {
  return json::parse(status(owner())).at("partitions").at(partition_).at("next_offset");
}

ProcessorTime BenchCluster::processor_time() const {
  ProcessorTime out;
  const auto owner_now = owner();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].child) {
      (i == owner_now ? out.owner : out.followers) += processor_seconds(nodes_[i].child->pid());
    }
  }
  for (int broker = 1; broker <= broker_count; ++broker) {
    std::ifstream in(brokers_.folder() / (std::to_string(broker) + ".pid"));
    pid_t pid = 0;
    if (in >> pid) out.brokers += processor_seconds(pid);
  }
  out.client = processor_seconds(::getpid());
  return out;
}

std::unique_ptr<api::ApiCaller> BenchCluster::caller(std::size_t node,
                                                     const std::string& token) const {
  return api::remote_caller(url(node), token.empty() ? operator_token_ : token);
}

}  // namespace meent::bench
