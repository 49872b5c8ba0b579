#pragma once
#include "tests/bench/bench_cluster.h"
#include "tests/bench/http_figures.h"

/// Figures of a cluster on real brokers, each beside something known; one function a question.
namespace meent::bench {

/// Some load before anything counts: brokers compile what they run only once they have run it some
/// thousand times.
void warm_up(BenchCluster& cluster, double seconds);
/// How long one durable command takes, at its owner and through another node, against the same
/// bytes produced and read back by librdkafka alone (without others reading along and with two),
/// and in a transaction each.
void command_time(BenchCluster& cluster, double seconds, const Emit& emit);
/// Commands a second with so many connections, one request each at a time, against a raw producer
/// of the same bytes and against one machine with an embedded log.
void command_rate(BenchCluster& cluster, BenchServer& embedded, double seconds, const Emit& emit);
/// From a command's answer at the owner to its being read at another node, at `rate` commands a
/// second.
void follower_lag(BenchCluster& cluster, double rate, const Emit& emit);
/// How long nothing is accepted when the owner stops, and when it is killed.
void handover(BenchCluster& cluster, int rounds, const Emit& emit);
/// How long a new node takes to serve about so many events: one with an empty disk, and one that
/// starts on a copy of the owner's log.
void fresh_node(BenchCluster& cluster, std::uint64_t events, const Emit& emit);

}  // namespace meent::bench
