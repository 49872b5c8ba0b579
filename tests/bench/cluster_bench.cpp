#include <unistd.h>

#include <iostream>
#include <CLI/CLI.hpp>

#include "tests/bench/cluster_figures.h"

/// Measures three nodes over three real brokers, on one machine:
///   cluster_bench --meent build/release/meent --out build/bench-cluster.json [--quick]
///                 [--events N] [--part NAME]…
namespace meent::bench {
namespace {

struct ClusterBenchOptions {
  std::string meent;
  std::string out;
  bool is_quick = false;
  std::uint64_t events = 1'000'000;
  std::vector<std::string> parts{"time", "rate", "lag", "handover", "fresh"};
};

void measure(const ClusterBenchOptions& options, const std::filesystem::path& folder,
             const Emit& emit) {
  const auto wanted = [&](const char* part) {
    return std::ranges::find(options.parts, part) != options.parts.end();
  };
  const double seconds = options.is_quick ? 1 : 4;
  BenchCluster cluster(options.meent, folder / "cluster", 3);
  output_of({options.meent, "kafka", "init", "--kafka", cluster.addresses(), "--topic-prefix",
             "raw", "--partitions", "1"});
  const auto caller = [&](const std::string& token) { return cluster.caller(0, token); };
  populate(cluster.community, caller, 200, 100);
  warm_up(cluster, options.is_quick ? 1 : 20);
  if (wanted("time")) command_time(cluster, seconds, emit);
  if (wanted("rate")) {
    BenchServer embedded(options.meent, folder / "embedded");
    embedded.start();
    embedded.populate(200, 100);
    command_rate(cluster, embedded, seconds, emit);
  }
  if (wanted("lag")) follower_lag(cluster, 5000, emit);
  if (wanted("handover")) handover(cluster, options.is_quick ? 1 : 5, emit);
  if (wanted("fresh")) fresh_node(cluster, options.is_quick ? 20'000 : options.events, emit);
}

int run(int argc, char** argv) {
  ClusterBenchOptions options;
  CLI::App app("Benchmarks of a cluster of Meent, as ratios against something known");
  app.add_option("--meent", options.meent, "The binary to measure")->required();
  app.add_option("--out", options.out, "Where the figures go, as JSON")->required();
  app.add_flag("--quick", options.is_quick, "Smaller numbers, for trying it out");
  app.add_option("--events", options.events, "How many a fresh node takes up")
      ->capture_default_str();
  app.add_option("--part", options.parts, "Only these; all if not given")
      ->check(CLI::IsMember({"time", "rate", "lag", "handover", "fresh"}));
  CLI11_PARSE(app, argc, argv);
  const auto folder =
      std::filesystem::temp_directory_path() / ("meent-cluster-bench-" + std::to_string(getpid()));
  run_benchmark(options.out, [&](const Emit& emit) {
    measure(options, folder, emit);
    std::filesystem::remove_all(folder);
  });
  return 0;
}

}  // namespace
}  // namespace meent::bench

int main(int argc, char** argv) {
  try {
    return meent::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cluster_bench: " << error.what() << "\n";
    return 1;
  }
}
