#include "eventstore/checkpoint.h"

#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"

namespace meent::api::cli {

namespace {

int checkpoint(const std::string& folder, const std::string& to) {
  const auto report = eventstore::make_checkpoint(folder, to, eventstore::real_files());
  std::cout << "made " << to << ": " << report.next_offset << " offsets, "
            << report.linked_bytes / 1024 << " KiB shared and " << report.copied_bytes / 1024
            << " KiB copied; read back and whole\n"
            << (report.is_replicated
                    ? "Start a node on it with: meent serve --log kafka --data " + to + "\n"
                    : "A backup of this log needs keys/ too: copy it now, after the log.\n");
  return done;
}

}  // namespace

void add_checkpoint(CLI::App& app, Run& run) {
  struct Options {
    std::string folder, to;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "checkpoint",
      "Copy a node's log, without keys and views, into a folder that a new node starts on: it then "
      "reads only what came since. Works beside a running server.");
  command->add_option("--data", options->folder, "Data folder")->required();
  command->add_option("--to", options->to, "A folder that is empty or not there yet")->required();
  command->callback(
      [options, &run] { run = [options] { return checkpoint(options->folder, options->to); }; });
}

}  // namespace meent::api::cli
