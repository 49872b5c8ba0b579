#include "tests/crash/crash_views.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "tests/eventstore/scratch.h"

namespace meent::eventstore::crash {
namespace {

constexpr std::chrono::seconds longest_wait{60};
constexpr std::size_t most_differences = 10;
constexpr std::size_t platforms_a_read = 100;
constexpr std::string_view offset_row = "216F ";  ///< key "!o"

}  // namespace

CrashViews::CrashViews(const Store& store, const Keys& keys, const std::filesystem::path& folder)
    : store_(store) {
  auto specs = projections::table_view_specs(tables_);
  specs.push_back(projections::search_view_spec(search_, keys));
  projections::RunnerOptions options;
  options.folder = folder;
  runner_ = projections::Runner::start(store, std::move(specs), options);
}

CrashViews::~CrashViews() {
  runner_->stop();
}

std::vector<std::string> CrashViews::rows() {
  for (const auto platform : store_.platforms({}, platforms_a_read)) {
    const auto position = store_.tip(platform).position;
    if (runner_->wait_for("", platform, position, longest_wait) !=
        projections::WaitOutcome::reached) {
      throw std::runtime_error("the views did not reach position " + std::to_string(position) +
                               ": " + runner_->health().reason);
    }
  }
  std::vector<std::string> out;
  const auto add = [&](const projections::View& view) {
    view.dump([&](std::string_view line) {
      // How many envelopes were looked at may differ by some without events.
      if (line.starts_with(offset_row)) return;
      out.push_back(std::string(view.name()) + ' ' + std::string(line));
    });
  };
  add(*tables_.feed.get());
  add(*tables_.thread.get());
  add(*tables_.tally.get());
  add(*tables_.person.get());
  add(*search_.get());
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> rebuilt_rows(const Store& store, const Keys& keys) {
  const ScratchFolder anew;
  return CrashViews(store, keys, anew.path()).rows();
}

std::vector<std::string> differences(const std::vector<std::string>& rows,
                                     const std::vector<std::string>& others) {
  std::vector<std::string> out;
  std::ranges::set_symmetric_difference(rows, others, std::back_inserter(out));
  out.resize(std::min(out.size(), most_differences));
  return out;
}

std::vector<std::string> differences_from_rebuild(const Store& store, const Keys& keys,
                                                  const std::filesystem::path& folder) {
  auto out = differences(CrashViews(store, keys, folder).rows(), rebuilt_rows(store, keys));
  for (auto& line : out) line = "a view differs from its rebuild: " + line;
  return out;
}

}  // namespace meent::eventstore::crash
