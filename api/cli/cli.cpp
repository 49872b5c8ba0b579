#include "api/cli/cli.h"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <CLI/CLI.hpp>

#include "api/exchange/csv.h"
#include "eventstore/files.h"
#include "eventstore/shared_keys.h"

namespace meent::api::cli {

namespace {

constexpr std::int64_t redraw_ms = 200;
constexpr std::size_t bar_width = 30;

int run_chosen(const Run& chosen) {
  try {
    return chosen();
  } catch (const eventstore::StartRefused& error) {
    std::cerr << "meent: " << error.what() << "\n";
    return cannot_open;
  } catch (const SourceError& error) {
    std::cerr << "meent: " << error.what() << "\n";
    return wrong_arguments;
  } catch (const std::exception& error) {
    std::cerr << "meent: " << error.what() << "\n";
    return failed;
  }
}

}  // namespace

int run(int argc, const char* const* argv, const Wiring& wiring) {
  CLI::App app(
      "Meent: people take part, think along, decide together and find each other.\n"
      "Every action is an event in the log under --data; everything else is rebuilt from it.");
  app.name("meent");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 refused or not proven, 2 wrong arguments or source, 3 the data folder "
      "cannot be opened, 4 disk or network failed.");
  Run chosen;
  add_serve(app, chosen, wiring);
  add_cluster(app, chosen);
  add_platform(app, chosen);
  add_space(app, chosen);
  add_import(app, chosen);
  add_export(app, chosen);
  add_verify(app, chosen);
  add_log(app, chosen);
  add_rebuild(app, chosen);
  add_token(app, chosen);
  add_kafka(app, chosen);
  add_level(app, chosen);
  add_migrate(app, chosen);
  add_checkpoint(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : wrong_arguments;
  }
  return run_chosen(chosen);
}

std::unique_ptr<ApiCaller> Place::open() const {
  if (server.empty()) return local_caller(folder);
  if (!cluster_secret.empty()) {
    return operator_caller(
        server, eventstore::read_cluster_secret(cluster_secret, eventstore::real_files()));
  }
  if (token.empty()) {
    throw SourceError("--server needs --token (or MEENT_TOKEN), or --cluster-secret.");
  }
  return remote_caller(server, token);
}

void add_place(CLI::App& command, Place& place) {
  auto* where = command.add_option_group("Where");
  auto* folder = where->add_option("--data", place.folder,
                                   "Data folder of a server that is not running (takes its lock)");
  auto* server = where->add_option("--server", place.server, "Address of a running server");
  where->require_option(1);
  command
      .add_option("--token", place.token, "Bearer token for --server; better in the environment")
      ->envname("MEENT_TOKEN");
  auto* secret = command.add_option("--cluster-secret", place.cluster_secret,
                                    "Instead of a token, for a node of a cluster: its secret file");
  folder->excludes(server);
  secret->needs(server);
}

int report(const ApiAnswer& answer) {
  (answer.is_good() ? std::cout : std::cerr) << answer.body << "\n";
  if (answer.is_good()) return done;
  std::cerr << "meent: refused with status " << answer.status << "\n";
  return answer.status >= 500 ? failed : refused;
}

void Progress::show(std::uint64_t done_count, std::uint64_t all_count) {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  const bool is_last = done_count == all_count;
  if ((!is_last && now - shown_at_ms_ < redraw_ms) || isatty(STDERR_FILENO) == 0) return;
  shown_at_ms_ = now;
  is_shown_ = true;
  const auto filled =
      all_count == 0 ? bar_width : static_cast<std::size_t>(done_count * bar_width / all_count);
  std::cerr << "\r" << what_ << " [" << std::string(filled, '#')
            << std::string(bar_width - filled, '.') << "] " << done_count << "/" << all_count
            << std::flush;
}

Progress::~Progress() {
  if (is_shown_) std::cerr << "\n";
}

}  // namespace meent::api::cli
