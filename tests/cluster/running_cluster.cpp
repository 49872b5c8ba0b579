#include "tests/cluster/running_cluster.h"

#include <gtest/gtest.h>

#include <thread>

namespace meent::api {

using namespace eventstore;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds longest_settling{10'000};

bool wait_until(const std::function<bool()>& is_so) {
  for (const auto end = Clock::now() + longest_settling; Clock::now() < end;) {
    if (is_so()) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

}  // namespace

RunningCluster::RunningCluster(std::size_t node_count, std::uint32_t partitions,
                               const SequencerOptions& options)
    : broker(partitions), urls_(node_count), nodes_(node_count) {
  secret_.fill(42);
  const domain::LogId log(domain::IdBytes{9});
  for (std::uint32_t number = 0; number < partitions; ++number) {
    broker.put(encode_envelope(
                   {.epoch = 0,
                    .writer = {},
                    .body = Genesis{.log_id = log, .partition = number, .partitions = partitions}}),
               number);
  }
  for (std::size_t number = 0; number < node_count; ++number) start(number, options);
  settle();
}

void RunningCluster::start(std::size_t number, const SequencerOptions& options) {
  const auto folder = scratch_.path() / std::to_string(number);
  auto replicated = Replicated::open(folder, real_files(),
                                     {.log = std::make_unique<SimLog>(broker),
                                      .keys = keys.open(),
                                      .beats = beats.open(),
                                      .secret = secret_},
                                     options);
  nodes_[number] =
      std::make_unique<Serving>(LocalNodeOptions{.folder = folder}, std::move(replicated));
  nodes_[number]->listen({.address = "127.0.0.1", .port = 0, .thread_count = 1});
  urls_[number] = "http://127.0.0.1:" + std::to_string(nodes_[number]->port());
  nodes_[number]->join(urls_[number]);
}

CheckpointReport RunningCluster::copy(std::size_t from, std::size_t to) {
  if (nodes_.size() <= to) {
    nodes_.resize(to + 1);
    urls_.resize(to + 1);
  }
  return make_checkpoint(scratch_.path() / std::to_string(from),
                         scratch_.path() / std::to_string(to), real_files());
}

void RunningCluster::settle() {
  EXPECT_TRUE(wait_until([&] {
    std::vector<int> owners(broker.partitions());
    for (const auto& node : nodes_) {
      if (!node) continue;
      for (const auto& one : node->replicated()->sequencer().partitions()) {
        if (one.role == PartitionRole::owning) ++owners[one.number];
      }
    }
    return std::ranges::all_of(owners, [](int count) { return count == 1; }) && are_equal() &&
           std::ranges::all_of(nodes_, [](const auto& node) {
             return !node || node->node().store.tip(domain::directory_id()).position > 0;
           });
  }));
}

bool RunningCluster::are_equal() {
  const Serving* first = nullptr;
  for (const auto& node : nodes_) {
    if (!node) continue;
    if (first == nullptr) first = node.get();
    const auto& mine = node->node().store;
    const auto& theirs = first->node().store;
    for (std::uint32_t number = 0; number < broker.partitions(); ++number) {
      if (mine.log_place(number) != theirs.log_place(number)) return false;
    }
    for (const auto id : theirs.platforms({}, 1000)) {
      if (mine.tip(id) != theirs.tip(id)) return false;
    }
  }
  return true;
}

void RunningCluster::stop(std::size_t number) {
  nodes_[number]->stop(milliseconds(5000));
  nodes_[number] = nullptr;
}

void RunningCluster::drop(std::size_t number) {
  nodes_[number]->stop(milliseconds(0));
  nodes_[number] = nullptr;
}

ApiAnswer RunningCluster::ask(std::size_t through, Method method, const std::string& path,
                              const Json& body,
                              std::vector<std::pair<std::string, std::string>> headers) {
  return operator_caller(urls_[through], secret_)
      ->call({.method = method,
              .path = path,
              .body = body.is_null() ? std::string() : body.dump(),
              .headers = std::move(headers)});
}

Json RunningCluster::call(std::size_t through, Method method, const std::string& path,
                          const Json& body,
                          std::vector<std::pair<std::string, std::string>> headers) {
  const auto answer = ask(through, method, path, body, std::move(headers));
  EXPECT_TRUE(answer.is_good()) << to_string(method) << ' ' << path << ": " << answer.status << ' '
                                << answer.body;
  return Json::parse(answer.body, nullptr, false);
}

Village RunningCluster::found(std::size_t through, const std::string& slug) {
  return found_village([&](const std::string& path,
                           const Json& body) { return call(through, Method::post, path, body); },
                       slug);
}

Village found_village(const std::function<Json(const std::string& path, const Json& body)>& create,
                      const std::string& slug) {
  Village out;
  out.platform =
      create("/api/v1/platforms", {{"slug", slug}, {"name", slug}, {"language", "nl"}}).at("id");
  const auto base = "/api/v1/platforms/" + out.platform;
  out.space = create(base + "/spaces", {{"slug", "plein"}, {"title", "Plein"}, {"kinds", {"idea"}}})
                  .at("id");
  out.person = create(base + "/people", {{"name", "Noor"}}).at("id");
  out.idea = create(base + "/spaces/" + out.space + "/contributions", {{"kind", "idea"},
                                                                       {"author", out.person},
                                                                       {"title", "Een bankje"},
                                                                       {"body", "Bij de molen."},
                                                                       {"language", "nl"}})
                 .at("id");
  return out;
}

int RunningCluster::owner_of(const std::string& platform) {
  const auto partition =
      partition_of(domain::PlatformId::parse(platform).value(), broker.partitions());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i] &&
        nodes_[i]->replicated()->sequencer().role(partition) == PartitionRole::owning) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace meent::api
