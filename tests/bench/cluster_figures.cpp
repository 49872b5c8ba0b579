#include "tests/bench/cluster_figures.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "tests/bench/raw_kafka.h"

namespace meent::bench {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t most_raw_messages = 3000;
constexpr std::size_t transaction_count = 100;
constexpr std::size_t follower_count = 2;  // as the cluster has

double ms(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

milliseconds span(double seconds) {
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string whole(double value) {
  return std::to_string(static_cast<std::int64_t>(value + 0.5));
}

/// Where the raw loops write: a log as the nodes' own, made by `meent kafka init` beside it.
constexpr auto raw_log = "raw.log";
constexpr auto raw_transactions = "raw.events";

/// What the nodes wrote into the community's partition from an offset on.
std::vector<std::string> envelopes_since(const BenchCluster& cluster, std::int64_t from) {
  return RawKafka(cluster.addresses(), "meent.log", static_cast<std::int32_t>(cluster.partition()))
      .read(from, cluster.end_of_log());
}

/// The bytes of the envelopes, cut into as many messages as there were commands.
std::vector<std::string> one_a_command(const std::vector<std::string>& envelopes,
                                       std::size_t command_count) {
  const auto all = std::accumulate(envelopes.begin(), envelopes.end(), std::string());
  std::vector<std::string> out;
  out.reserve(command_count);
  for (std::size_t i = 0; i < command_count; ++i) {
    const auto from = all.size() * i / command_count;
    out.push_back(all.substr(from, all.size() * (i + 1) / command_count - from));
  }
  return out;
}

/// Processor time since `before`, for each of so many commands.
void tell_processor_time(const BenchCluster& cluster, const ProcessorTime& before,
                         std::size_t command_count, const Emit& emit) {
  const auto now = cluster.processor_time();
  const auto tell = [&](const char* name, double seconds) {
    emit({.name = std::string("  processor time a command, ") + name,
          .value = seconds * 1e6 / static_cast<double>(command_count),
          .unit = "us"});
  };
  tell("the owner", now.owner - before.owner);
  tell("the two other nodes together", now.followers - before.followers);
  tell("the three brokers together", now.brokers - before.brokers);
  tell("the client", now.client - before.client);
}

/// Loads one node with a closed loop: each connection asks again when it was answered.
LoadResult load(const BenchCommunity& community, std::uint16_t port, std::size_t connections,
                double seconds) {
  return load_supports(community, {.port = port,
                                   .connection_count = connections,
                                   .pipeline_depth = 1,
                                   .duration = span(seconds),
                                   .warm_up = milliseconds(500)});
}

}  // namespace

void warm_up(BenchCluster& cluster, double seconds) {
  const auto from = cluster.end_of_log();
  load(cluster.community, cluster.port(cluster.owner()), 64, seconds);
  load(cluster.community, cluster.port(cluster.owner()), 1, seconds);
  load(cluster.community, cluster.port(cluster.follower()), 64, seconds / 2);
  cluster.wait_until_settled();
  const auto envelopes = envelopes_since(cluster, from);
  RawKafka raw(cluster.addresses(), raw_log, 0);
  raw.read_back(envelopes);
  raw.produce_all(envelopes, 64);
}

void command_time(BenchCluster& cluster, double seconds, const Emit& emit) {
  const auto owner = cluster.port(cluster.owner());
  const auto follower = cluster.port(cluster.follower());
  Histogram here, forwarded, raw, raw_followed;
  std::vector<std::string> envelopes;
  for (int round = 0; round < 3; ++round) {  // in turn, so that a drifting machine is fair to all
    const auto from = cluster.end_of_log();
    here.merge(load(cluster.community, owner, 1, seconds).latency);
    envelopes = envelopes_since(cluster, from);
    envelopes.resize(std::min(envelopes.size(), most_raw_messages));
    RawKafka alone(cluster.addresses(), raw_log, 0);
    raw.merge(alone.read_back(envelopes));
    raw_followed.merge(alone.read_back(envelopes, follower_count));
    forwarded.merge(load(cluster.community, follower, 1, seconds).latency);
  }
  const auto tell = [&](const std::string& name, const Histogram& times, const std::string& against,
                        const Histogram& reference, bool has_aim) {
    const auto p50 = ms(times.percentile(0.5));
    const auto raw_p50 = ms(reference.percentile(0.5));
    Figure figure{.name = name + ", p50",
                  .value = p50,
                  .unit = "ms",
                  .reference = against + ", " + whole(raw_p50 * 1000) + " us",
                  .ratio = p50 / raw_p50};
    if (has_aim) {
      figure.aim = "at most 1.3";
      figure.met = p50 / raw_p50 <= 1.3;
    }
    emit(std::move(figure));
    emit({.name = "  p99",
          .value = ms(times.percentile(0.99)),
          .unit = "ms",
          .reference = against + ", p99",
          .ratio = ms(times.percentile(0.99)) / ms(reference.percentile(0.99))});
  };
  const std::string alone = "raw produce and read back";
  tell("durable command at its owner", here, alone, raw, true);
  tell("durable command at its owner", here, alone + ", two others reading along", raw_followed,
       false);
  tell("durable command through another node", forwarded, alone, raw, false);
  envelopes.resize(std::min(envelopes.size(), transaction_count));
  RawKafka transactions(cluster.addresses(), raw_transactions, 0);
  const auto each = ms(transactions.in_transactions(envelopes).percentile(0.5));
  emit({.name = "durable command at its owner, p50",
        .value = ms(here.percentile(0.5)),
        .unit = "ms",
        .reference = "one raw Kafka transaction each, " + whole(each) + " ms",
        .ratio = ms(here.percentile(0.5)) / each});
}

void command_rate(BenchCluster& cluster, BenchServer& embedded, double seconds, const Emit& emit) {
  const auto owner = cluster.port(cluster.owner());
  const auto follower = cluster.port(cluster.follower());
  for (const std::size_t connections : {64U, 512U}) {
    const auto from = cluster.end_of_log();
    const auto before = cluster.processor_time();
    const auto result = load(cluster.community, owner, connections, seconds);
    const auto rate = result.per_second();
    cluster.wait_until_settled();
    const auto envelopes = envelopes_since(cluster, from);
    // The warm-up's commands are in the envelopes too.
    const auto commands = static_cast<std::size_t>(rate * (seconds + 0.5));
    RawKafka raw(cluster.addresses(), raw_log, 0);
    const auto one_each = one_a_command(envelopes, commands);
    const auto each = static_cast<double>(commands) / raw.produce_all(one_each, connections);
    const auto grouped =
        static_cast<double>(commands) / raw.produce_all(envelopes, envelopes.size());
    const auto at = std::to_string(connections) + " connections";
    emit({.name = "durable commands at their owner, " + at,
          .value = rate,
          .unit = "commands/s",
          .reference = "raw idempotent producer, the same bytes, a message a command, as many on "
                       "their way (" +
                       whole(each) + "/s)",
          .ratio = rate / each,
          .aim = "0.5",
          .met = rate / each >= 0.5});
    emit({.name = "  against the same groups",
          .value = rate,
          .unit = "commands/s",
          .reference = "raw idempotent producer, the same envelopes, all on their way (" +
                       whole(grouped) + "/s)",
          .ratio = rate / grouped});
    emit({.name = "  answer time, p50", .value = ms(result.latency.percentile(0.5)), .unit = "ms"});
    emit(
        {.name = "  answer time, p99", .value = ms(result.latency.percentile(0.99)), .unit = "ms"});
    emit({.name = "  commands a group",
          .value = static_cast<double>(commands) / static_cast<double>(envelopes.size()),
          .unit = "commands"});
    tell_processor_time(cluster, before, commands, emit);
    const auto forwarded = load(cluster.community, follower, connections, seconds).per_second();
    emit({.name = "durable commands through another node, " + at,
          .value = forwarded,
          .unit = "commands/s",
          .reference = "at their owner",
          .ratio = forwarded / rate});
    cluster.wait_until_settled();
    const auto alone = load(embedded.community, embedded.port(), connections, seconds);
    emit({.name = "cluster against embedded, " + at,
          .value = rate,
          .unit = "commands/s",
          .reference = "embedded log, same machine (" + whole(alone.per_second()) + "/s)",
          .ratio = rate / alone.per_second()});
    emit({.name = "  answer time, p50",
          .value = ms(result.latency.percentile(0.5)),
          .unit = "ms",
          .reference = "embedded",
          .ratio = ms(result.latency.percentile(0.5)) / ms(alone.latency.percentile(0.5))});
  }
}

void follower_lag(BenchCluster& cluster, double rate, const Emit& emit) {
  const auto owner = cluster.owner();
  const auto follower = cluster.follower();
  std::atomic<bool> is_over = false;
  double reached = 0;
  std::jthread loading([&] {
    reached = load_supports(cluster.community, {.port = cluster.port(owner),
                                                .connection_count = 64,
                                                .pipeline_depth = 16,
                                                .duration = std::chrono::seconds(10),
                                                .warm_up = milliseconds(500),
                                                .rate_per_second = rate})
                  .per_second();
    is_over = true;
  });
  const auto& person = cluster.community.people.front();
  const auto writer = cluster.caller(owner, person.token);
  const auto reader = cluster.caller(follower, person.token);
  const auto item = cluster.community.base + "/contributions/" + cluster.community.contributions[1];
  std::this_thread::sleep_for(milliseconds(700));
  Histogram lag;
  while (!is_over) {
    const auto token = field_of(writer->call({.method = api::Method::put,
                                              .path = item + "/support",
                                              .body = R"({"stance":"agree"})",
                                              .headers = {}}),
                                "token");
    const auto began = Clock::now();
    const auto seen = reader->call({.method = api::Method::get,
                                    .path = item + "/tally",
                                    .body = {},
                                    .headers = {{"Meent-After", token}}});
    if (!seen.is_good()) throw std::runtime_error("look refused: " + seen.body);
    lag.record(Clock::now() - began);
  }
  loading.join();
  const auto at = " at " + whole(reached) + " commands/s";
  emit({.name = "from answer at the owner to visible at a follower" + at + ", p50",
        .value = ms(lag.percentile(0.5)),
        .unit = "ms"});
  emit({.name = "from answer at the owner to visible at a follower" + at + ", p99",
        .value = ms(lag.percentile(0.99)),
        .unit = "ms",
        .reference = {},
        .ratio = {},
        .aim = "under 20 ms at " + whole(rate) + "/s",
        .met = ms(lag.percentile(0.99)) < 20 && reached > 0.98 * rate});
}

}  // namespace meent::bench
