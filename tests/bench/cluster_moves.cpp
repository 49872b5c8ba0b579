#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/bench/cluster_figures.h"

namespace meent::bench {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

/// One person's supports, one after the other, and when each was accepted.
class Supporter {
 public:
  Supporter(BenchCluster& cluster, std::size_t node)
      : caller_(cluster.caller(node, cluster.community.people[0].token)),
        path_(cluster.community.base + "/contributions/" + cluster.community.contributions[0] +
              "/support"),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  /// The longest time without an acceptance from `moment` on.
  milliseconds longest_gap(Clock::time_point moment) const {
    const std::lock_guard lock(mutex_);
    auto last = moment;
    Clock::duration longest{};
    for (const auto at : accepted_) {
      if (at < moment) continue;
      longest = std::max(longest, at - last);
      last = at;
    }
    return std::chrono::duration_cast<milliseconds>(longest);
  }
  [[nodiscard]] std::size_t refused() const { return refused_; }

 private:
  void run(const std::stop_token& stop) {
    for (std::uint64_t i = 0; !stop.stop_requested(); ++i) {
      const auto answer =
          caller_->call({.method = api::Method::put,
                         .path = path_,
                         .body = i % 2 == 0 ? R"({"stance":"agree"})" : R"({"stance":"pass"})",
                         .headers = {}});
      if (!answer.is_good()) {
        ++refused_;
        continue;
      }
      const std::lock_guard lock(mutex_);
      accepted_.push_back(Clock::now());
    }
  }

  std::unique_ptr<api::ApiCaller> caller_;
  std::string path_;
  mutable std::mutex mutex_;
  std::vector<Clock::time_point> accepted_;
  std::atomic<std::size_t> refused_ = 0;
  std::jthread thread_;
};

}  // namespace

void handover(BenchCluster& cluster, int rounds, const Emit& emit) {
  const auto measure = [&](const std::string& name, auto end_node) {
    std::vector<double> gaps;
    std::size_t refused = 0;
    for (int round = 0; round < rounds; ++round) {
      const auto owner = cluster.owner();
      const Supporter supporter(cluster, cluster.follower());
      std::this_thread::sleep_for(milliseconds(500));
      const auto moment = Clock::now();
      end_node(owner);
      std::this_thread::sleep_for(milliseconds(4500) - (Clock::now() - moment));
      gaps.push_back(static_cast<double>(supporter.longest_gap(moment).count()));
      refused += supporter.refused();
      cluster.start(owner);
      cluster.wait_until_ready(owner);
      cluster.wait_until_settled();
    }
    std::ranges::sort(gaps);
    emit(
        {.name = name + ": longest time without an acceptance, median of " + std::to_string(rounds),
         .value = gaps[gaps.size() / 2],
         .unit = "ms"});
    emit({.name = "  the most", .value = gaps.back(), .unit = "ms"});
    emit({.name = "  commands refused", .value = static_cast<double>(refused), .unit = "commands"});
  };
  measure("owner stopped", [&](std::size_t node) { cluster.stop(node); });
  measure("owner killed", [&](std::size_t node) { cluster.kill(node); });
}

namespace {

/// Seconds until a node that is started now has answered with what the token names.
double seconds_until_it_serves(BenchCluster& cluster, std::size_t node, const std::string& path,
                               const std::string& token) {
  const auto began = Clock::now();
  cluster.start(node);
  cluster.wait_until_ready(node);
  const auto seen = cluster.caller(node)->call(
      {.method = api::Method::get, .path = path, .body = {}, .headers = {{"Meent-After", token}}});
  if (!seen.is_good()) throw std::runtime_error("the fresh node does not serve: " + seen.body);
  return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace

void fresh_node(BenchCluster& cluster, std::uint64_t events, const Emit& emit) {
  const auto owner = cluster.owner();
  const auto filled = load_supports(cluster.community, {.port = cluster.port(owner),
                                                        .connection_count = 64,
                                                        .pipeline_depth = 32,
                                                        .duration = std::chrono::minutes(20),
                                                        .warm_up = milliseconds(0),
                                                        .request_limit = events});
  emit({.name = "durable commands at their owner, 2048 at once on 64 connections",
        .value = filled.per_second(),
        .unit = "commands/s"});
  cluster.wait_until_settled();
  const auto& community = cluster.community;
  const auto item = community.base + "/contributions/" + community.contributions[0];
  const auto token = field_of(cluster.caller(owner, community.people[0].token)
                                  ->call({.method = api::Method::put,
                                          .path = item + "/support",
                                          .body = R"({"stance":"agree"})",
                                          .headers = {}}),
                              "token");
  const auto tell = [&](const std::string& how, double seconds) {
    emit({.name = "a new node serves " + std::to_string(events) + " events, " + how,
          .value = seconds,
          .unit = "s"});
    emit({.name = "  events a second",
          .value = static_cast<double>(events) / seconds,
          .unit = "events/s"});
  };
  const auto replaying = cluster.add_node();
  tell("by replay", seconds_until_it_serves(cluster, replaying, item + "/tally", token));
  cluster.stop(replaying);
  const auto copied = cluster.add_node();
  const auto began = Clock::now();
  output_of({cluster.program(), "checkpoint", "--data", cluster.folder(owner).string(), "--to",
             cluster.folder(copied).string()});
  emit({.name = "a checkpoint of them, taken beside the running owner",
        .value = std::chrono::duration<double>(Clock::now() - began).count(),
        .unit = "s"});
  tell("from the checkpoint", seconds_until_it_serves(cluster, copied, item + "/tally", token));
  cluster.stop(copied);
}

}  // namespace meent::bench
