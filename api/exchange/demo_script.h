#pragma once
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requester.h"
#include "domain/action.h"

namespace meent::api {

/// The demo communities, by the names of their files.
inline constexpr std::array<std::string_view, 4> demo_communities{"overijssel", "manege",
                                                                  "techniek", "standaard"};
/// Its file. Throws std::runtime_error when there is none of this name.
std::string demo_file(std::string_view community);
/// What the progress of loading it is kept under.
domain::SourceDigest demo_source(std::string_view slug);
/// Where some of its steps are asked for, from `row` on (routes/demo.cpp).
std::string demo_path(std::string_view platform, std::string_view community, std::uint64_t row);

/// One command of a demo. It is made when its turn comes: keys are drawn then.
struct DemoStep {
  domain::Timestamp at;  ///< when it is said to have happened
  std::function<domain::Command(eventstore::Keys&)> command;
  bool is_operators = false;  ///< done by the operator, now; else by the importer, then
};

/// What a demo file says of its platform.
struct DemoHead {
  std::string slug, name, language, introduction;
};
/// Throws std::runtime_error, naming what is missing.
DemoHead demo_head(std::string_view json);

/// Everything else in a demo file, in the order in which it happened, the last of it at `now`. The
/// same file, platform and time give the same steps with the same ids.
std::vector<DemoStep> demo_steps(std::string_view json, domain::PlatformId platform,
                                 domain::Timestamp now);

}  // namespace meent::api
