#pragma once
#include <filesystem>
#include <functional>
#include <string>

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
void add_serve(CLI::App& app, Run& run);

/// Parses and runs; errors go to standard error, in words that say what to do.
int run(int argc, const char* const* argv);

}  // namespace meent::api::cli
