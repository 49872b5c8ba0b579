#pragma once
#include <functional>
#include <memory>
#include <string>

#include "api/cli/wiring.h"
#include "api/exchange/caller.h"

namespace CLI {
class App;
}

/// The command line: one file per subcommand. Exit codes are for scripts:
///   0 done · 1 refused by the rules or not proven · 2 wrong arguments · 3 the data folder cannot
///   be opened · 4 disk or network failed · 70 stopped so that nothing is lost (sysexits: internal)
namespace meent::api::cli {

inline constexpr int done = 0;
inline constexpr int refused = 1;
inline constexpr int wrong_arguments = 2;
inline constexpr int cannot_open = 3;
inline constexpr int failed = 4;

/// A subcommand adds itself to `app` and sets `run` when it is chosen.
using Run = std::function<int()>;
void add_serve(CLI::App& app, Run& run, const Wiring& wiring);
void add_platform(CLI::App& app, Run& run);
void add_space(CLI::App& app, Run& run);
void add_import(CLI::App& app, Run& run);
void add_cluster(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);
void add_verify(CLI::App& app, Run& run);
void add_log(CLI::App& app, Run& run);
void add_rebuild(CLI::App& app, Run& run);
void add_token(CLI::App& app, Run& run);
void add_kafka(CLI::App& app, Run& run);
void add_level(CLI::App& app, Run& run);
void add_migrate(CLI::App& app, Run& run);
void add_checkpoint(CLI::App& app, Run& run);

/// Parses and runs; errors go to standard error, in words that say what to do.
int run(int argc, const char* const* argv, const Wiring& wiring = {});

/// What a command works on: a data folder, or a server.
struct Place {
  std::string folder;
  std::string server;
  std::string token;
  std::string cluster_secret;  ///< a file, instead of a token
  /// Opens it. Throws StartRefused, or CallFailed.
  [[nodiscard]] std::unique_ptr<ApiCaller> open() const;
};
/// --data, or --server with --token (or the environment's MEENT_TOKEN).
void add_place(CLI::App& command, Place& place);

/// Prints a good answer's body, or what was wrong; gives the exit code.
int report(const ApiAnswer& answer);

/// A bar on standard error, redrawn a few times a second while it is a terminal.
class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)) {}
  ~Progress();
  void show(std::uint64_t done_count, std::uint64_t all_count);

 private:
  std::string what_;
  std::int64_t shown_at_ms_ = 0;
  bool is_shown_ = false;
};

}  // namespace meent::api::cli
