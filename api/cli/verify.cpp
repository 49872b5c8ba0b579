#include "eventstore/verify.h"

#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"

namespace meent::api::cli {

namespace {

int verify(const std::string& folder) {
  const auto store =
      eventstore::Store::open({.folder = folder, .read_only = true}, eventstore::real_files());
  eventstore::VerifyReport result;
  {
    Progress bar("verify");
    result = eventstore::verify(*store, [&](auto at, auto all) { bar.show(at, all); });
  }
  std::cout << result.envelopes << " envelopes, " << result.records << " records, "
            << result.commits << " commits, " << result.events << " events, " << result.voids
            << " void, " << result.platforms << " platforms\n";
  for (const auto& problem : result.problems) {
    std::cerr << "offset " << problem.offset << ": " << problem.what << "\n";
  }
  std::cout << (result.is_proven()
                    ? "proven: chain, positions, counts and state are as the log says"
                    : "NOT proven")
            << "\n";
  return result.is_proven() ? done : refused;
}

}  // namespace

void add_verify(CLI::App& app, Run& run) {
  auto folder = std::make_shared<std::string>();
  auto* command = app.add_subcommand(
      "verify",
      "Read the log from first to last and prove chain, positions, counts and state; names the "
      "first bad record. Works beside a running server.");
  command->add_option("--data", *folder, "Data folder")->required();
  command->callback([folder, &run] { run = [folder] { return verify(*folder); }; });
}

}  // namespace meent::api::cli
