#include <unistd.h>

#include <iostream>
#include <sstream>
#include <CLI/CLI.hpp>

#include "tests/bench/http_figures.h"

/// Measures a server over HTTP and collects the figures of the benchmarks beside it:
///   meent_bench --meent build/release/meent --out build/bench.json [--quick] [--part NAME]
namespace meent::bench {
namespace {

struct BenchOptions {
  std::string meent;
  std::string out;
  std::string beside;  ///< folder of the other benchmarks
  bool is_quick = false;
  std::string part;  ///< empty: all
};

/// The figure lines another benchmark prints.
void collect(const std::vector<std::string>& command, const Emit& emit) {
  std::istringstream lines(output_of(command));
  for (std::string line; std::getline(lines, line);) {
    if (const auto figure = figure_from(line)) emit(*figure);
  }
}

void measure_server(const BenchOptions& options, const std::filesystem::path& folder,
                    const Emit& emit) {
  BenchServer server(options.meent, folder / "data");
  server.start();
  server.populate(options.is_quick ? 100 : 1000, options.is_quick ? 50 : 500);
  feed_page_against_nginx(server, emit);
  support_rate(server, options.is_quick ? 3 : 10, emit);
  visibility_delay(server, options.is_quick ? 1000 : 5000, emit);
  long_thread(server, emit);
  stream_clients(server, options.is_quick ? 500 : 5000, 200, emit);
}

void measure_growing(const BenchOptions& options, const std::filesystem::path& folder,
                     const Emit& emit) {
  BenchServer server(options.meent, folder / "growing");
  server.start();
  server.populate(options.is_quick ? 100 : 1000, options.is_quick ? 50 : 500);
  feed_page_as_history_grows(server, options.is_quick ? 200'000 : 1'000'000, emit);
}

void measure(const BenchOptions& options, const Emit& emit) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("meent-bench-" + std::to_string(getpid()));
  const auto wanted = [&](const char* part) {
    return options.part.empty() || options.part == part;
  };
  if (wanted("server")) measure_server(options, folder, emit);
  if (wanted("growing")) measure_growing(options, folder, emit);
  std::filesystem::remove_all(folder);
  const auto events = options.is_quick ? "200000" : "1000000";
  if (wanted("sequencer")) collect({options.beside + "/sequencer_bench"}, emit);
  if (wanted("views")) collect({options.beside + "/views_bench", events}, emit);
  if (wanted("search")) collect({options.beside + "/search_bench"}, emit);
}

int run(int argc, char** argv) {
  BenchOptions options;
  CLI::App app("Benchmarks of Meent, as ratios against something known");
  app.add_option("--meent", options.meent, "The binary to measure")->required();
  app.add_option("--out", options.out, "Where bench.json goes")->required();
  app.add_flag("--quick", options.is_quick, "Smaller numbers, for trying it out");
  app.add_option("--part", options.part, "Only this; all if not given")
      ->check(CLI::IsMember({"server", "growing", "sequencer", "views", "search"}));
  CLI11_PARSE(app, argc, argv);
  options.beside = std::filesystem::path(argv[0]).parent_path().string();
  run_benchmark(options.out, [&](const Emit& emit) { measure(options, emit); });
  return 0;
}

}  // namespace
}  // namespace meent::bench

int main(int argc, char** argv) {
  try {
    return meent::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "meent_bench: " << error.what() << "\n";
    return 1;
  }
}
