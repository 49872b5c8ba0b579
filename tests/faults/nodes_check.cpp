// Checks what nodes have on disk, once they have stopped:
//   meent_nodes_check FOLDER…                nodes of one cluster: all have the same history
//   meent_nodes_check --platform ID FOLDER…  whatever logs they belong to: the platform's records
//                                            and all rows of its views are the same
// Exit code 0: that, and each is proven, and every view is what its rebuild would be.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <span>

#include "eventstore/verify.h"
#include "tests/crash/crash_views.h"

namespace meent::eventstore {
namespace {

/// Each platform's last position and hash there.
std::map<std::string, std::string> chains_of(const Store& store) {
  std::map<std::string, std::string> out;
  domain::PlatformId after;
  while (true) {
    const auto ids = store.platforms(after, 1000);
    if (ids.empty()) return out;
    for (const auto id : ids) {
      const auto tip = store.tip(id);
      std::string hash;
      for (const auto byte : tip.hash) hash += std::to_string(byte) + '.';
      out[id.text()] = std::to_string(tip.position) + '@' + hash;
    }
    after = ids.back();
  }
}

/// Leaves the platform's rows. Every one has its id in the key.
void keep_rows_of(const std::string& platform, std::vector<std::string>& rows) {
  std::string upper = platform;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  std::erase_if(rows, [&](const std::string& row) {
    return row.find(platform) == std::string::npos && row.find(upper) == std::string::npos;
  });
}

class Check {
 public:
  explicit Check(std::string platform) : platform_(std::move(platform)) {}

  void look_at(const std::string& name) {
    const std::filesystem::path folder = name;
    const auto store = Store::open({.folder = folder}, real_files());
    const auto keys = Keys::open(folder / "keys", real_files());
    const auto report = verify(*store);
    for (const auto& problem : report.problems) fault(name, problem.what);
    auto rows = crash::CrashViews(*store, *keys, folder).rows();
    for (const auto& line : crash::differences(rows, crash::rebuilt_rows(*store, *keys))) {
      fault(name, "a view differs from its rebuild: " + line);
    }
    auto chains = chains_of(*store);
    if (!platform_.empty()) {
      std::erase_if(chains, [&](const auto& chain) { return chain.first != platform_; });
      if (chains.empty()) fault(name, "no record of the platform");
    }
    if (!chains_) chains_ = chains;
    if (chains != *chains_) fault(name, "another history than the first");
    std::printf("%s: %llu records, %llu void envelopes, %zu platforms", name.c_str(),
                static_cast<unsigned long long>(report.records),
                static_cast<unsigned long long>(report.voids), chains.size());
    if (!platform_.empty()) {
      keep_rows_of(platform_, rows);
      std::printf(", %zu rows of views", rows.size());
      if (!rows_) rows_ = rows;
      for (const auto& line : crash::differences(*rows_, rows)) {
        fault(name, "a view differs from the first: " + line);
      }
      if (rows.empty()) fault(name, "no view has a row of the platform");
    }
    std::printf("\n");
  }
  [[nodiscard]] bool is_good() const { return fault_count_ == 0; }

 private:
  void fault(const std::string& folder, const std::string& what) {
    ++fault_count_;
    std::printf("%s: %s\n", folder.c_str(), what.c_str());
  }
  std::string platform_;
  int fault_count_ = 0;
  std::optional<std::map<std::string, std::string>> chains_;  ///< the first folder's
  std::optional<std::vector<std::string>> rows_;
};

int check(std::span<char*> arguments) {
  std::string platform;
  if (arguments.size() > 2 && std::string_view(arguments[0]) == "--platform") {
    platform = arguments[1];
    arguments = arguments.subspan(2);
  }
  Check check(platform);
  for (const auto* folder : arguments) check.look_at(folder);
  return check.is_good() ? 0 : 1;
}

}  // namespace
}  // namespace meent::eventstore

int main(int argc, char** argv) {
  try {
    return meent::eventstore::check({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 2;
  }
}
