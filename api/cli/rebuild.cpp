#include <iostream>
#include <thread>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/local_node.h"

namespace meent::api::cli {

namespace {

struct RebuildOptions {
  std::string folder;
  std::vector<std::string> views{"feed", "thread", "tally", "person", "search"};
};

/// Waits until nothing is being rebuilt. False when a view has stopped.
bool finish(const projections::Runner& runner) {
  Progress bar("rebuild");
  for (;;) {
    bool is_busy = false;
    std::uint64_t next = UINT64_MAX, lag = 0;
    const auto health = runner.health();
    for (const auto& view : health.views) {
      is_busy = is_busy || view.is_rebuilding || view.lag_envelopes > 0;
      next = std::min(next, view.next_offset);
      lag = std::max(lag, view.lag_envelopes);
      if (!view.error.empty()) {
        std::cerr << view.name << ": " << view.error << "\n";
        return false;
      }
    }
    bar.show(next, next + lag);
    if (!is_busy) return health.is_ready();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

int rebuild(const RebuildOptions& options) {
  LocalNode local({.folder = options.folder});
  auto& runner = local.node().runner;
  for (const auto& view : options.views) {
    if (!runner.rebuild(view)) {
      std::cerr << "meent: there is no view " << view << "\n";
      return wrong_arguments;
    }
  }
  if (!finish(runner)) return refused;
  for (const auto& view : runner.health().views) {
    std::cout << view.name << "@" << view.version << ": " << view.events_applied << " events\n";
  }
  return done;
}

}  // namespace

void add_rebuild(CLI::App& app, Run& run) {
  auto options = std::make_shared<RebuildOptions>();
  auto* command = app.add_subcommand("rebuild", "Build views anew from the log");
  command->add_option("--data", options->folder, "Data folder of a server that is not running")
      ->required();
  command->add_option("--view", options->views, "Which; may be given again")->capture_default_str();
  command->callback([options, &run] { run = [options] { return rebuild(*options); }; });
}

}  // namespace meent::api::cli
