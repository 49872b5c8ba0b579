#include "eventstore/moving.h"

#include <filesystem>
#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/moving_desk.h"
#include "eventstore/embedded.h"
#include "eventstore/shared_keys.h"

namespace meent::api::cli {

namespace {

using namespace eventstore;

/// One side: a data folder, or a cluster.
struct Side {
  std::string folder, server, secret;
};

/// A data folder whose server is not running.
class FolderHome {
 public:
  explicit FolderHome(const std::string& folder)
      : embedded_(Embedded::open(folder, real_files(), {})),
        home_(*embedded_.store, *embedded_.keys, *embedded_.sequencer, folder) {}
  ~FolderHome() { embedded_.sequencer->stop(); }
  FolderHome(const FolderHome&) = delete;
  FolderHome& operator=(const FolderHome&) = delete;
  Home& home() { return home_; }

 private:
  Embedded embedded_;
  NodeHome home_;
};

/// Whichever it is, opened.
class OpenSide {
 public:
  explicit OpenSide(const Side& side) {
    if (side.server.empty()) {
      folder_ = std::make_unique<FolderHome>(side.folder);
    } else {
      remote_ = remote_home(side.server, read_cluster_secret(side.secret, real_files()));
    }
  }
  Home& home() { return folder_ ? folder_->home() : *remote_; }

 private:
  std::unique_ptr<FolderHome> folder_;
  std::unique_ptr<Home> remote_;
};

int migrate(const std::string& platform, const Side& from, const Side& to) {
  if (from.server.empty() && !real_files().exists(std::filesystem::path(from.folder) / "log")) {
    throw StartRefused("there is no log in " + from.folder);  // opening would make one
  }
  OpenSide source(from), target(to);
  MoveReport report;
  try {
    Progress bar("records");
    report = move_platform(source.home(), target.home(), platform,
                           {.progress = [&](auto at, auto all) { bar.show(at, all); }});
  } catch (const MoveRefused& why) {
    std::cerr << "meent: " << why.what() << "\n";
    return refused;
  } catch (const StorageError& why) {
    std::cerr << "meent: " << why.what()
              << "\nThe move is not finished. Run the same command again: it goes on from here.\n";
    return failed;
  }
  std::cout << "platform " << report.platform.text() << " lives at " << target.home().name()
            << " now, to position " << report.position << "\n"
            << report.record_count << " records and " << report.key_count
            << " keys handed over; closed for " << report.closed.count() << " ms\n";
  return done;
}

void add_side(CLI::App& command, const std::string& name, const std::string& what, Side& side) {
  auto* where = command.add_option_group(what);
  auto* folder =
      where->add_option("--" + name, side.folder, "Data folder of a server that is not running");
  auto* server = where->add_option("--" + name + "-server", side.server, "A node of a cluster");
  where->require_option(1);
  auto* secret = command.add_option("--" + name + "-secret", side.secret,
                                    "The cluster's secret file, for --" + name + "-server");
  folder->excludes(server);
  server->needs(secret);
  secret->needs(server);
}

}  // namespace

void add_migrate(CLI::App& app, Run& run) {
  struct Options {
    std::string platform;
    Side from, to;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "migrate",
      "Move a platform into another log, from one machine to a cluster or back: the same records, "
      "and its keys. Run again, it goes on where it was cut off (docs/migrate.md).");
  command->add_option("platform", options->platform, "Id or slug")->required();
  add_side(*command, "from", "From", options->from);
  add_side(*command, "to", "To", options->to);
  command->callback([options, &run] {
    run = [options] { return migrate(options->platform, options->from, options->to); };
  });
}

}  // namespace meent::api::cli
