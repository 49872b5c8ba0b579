#include "api/cli/cli.h"

#include <iostream>
#include <CLI/CLI.hpp>

#include "eventstore/files.h"

namespace meent::api::cli {

int run(int argc, const char* const* argv) {
  CLI::App app(
      "Meent: people take part, think along, decide together and find each other.\n"
      "Every action is an event in the log under --data; everything else is rebuilt from it.");
  app.name("meent");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 refused or not proven, 2 wrong arguments, 3 the data folder cannot be "
      "opened, 4 disk or network failed.");
  Run chosen;
  add_serve(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : wrong_arguments;
  }
  try {
    return chosen();
  } catch (const eventstore::StartRefused& error) {
    std::cerr << "meent: " << error.what() << "\n";
    return cannot_open;
  } catch (const std::exception& error) {
    std::cerr << "meent: " << error.what() << "\n";
    return failed;
  }
}

}  // namespace meent::api::cli
