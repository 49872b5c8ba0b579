// Checks what the nodes of a cluster have on disk, once they have stopped:
//   meent_nodes_check FOLDER…      exit code 0: each is proven, all have the same history, and
//   every
//                                  view is what its rebuild would be
#include <cstdio>
#include <exception>
#include <map>

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

int check(int count, char** folders) {
  int faults = 0;
  const auto fault = [&](const char* folder, const std::string& what) {
    ++faults;
    std::printf("%s: %s\n", folder, what.c_str());
  };
  std::map<std::string, std::string> first;
  for (int i = 0; i < count; ++i) {
    const std::filesystem::path folder = folders[i];
    const auto store = Store::open({.folder = folder}, real_files());
    const auto keys = Keys::open(folder / "keys", real_files());
    const auto report = verify(*store);
    for (const auto& problem : report.problems) fault(folders[i], problem.what);
    for (const auto& line : crash::differences_from_rebuild(*store, *keys, folder)) {
      fault(folders[i], line);
    }
    auto chains = chains_of(*store);
    if (i == 0) first = chains;
    if (chains != first) fault(folders[i], std::string("another history than ") + folders[0]);
    std::printf("%s: %llu records, %llu void envelopes, %zu platforms\n", folders[i],
                static_cast<unsigned long long>(report.records),
                static_cast<unsigned long long>(report.voids), chains.size());
  }
  return faults == 0 ? 0 : 1;
}

}  // namespace
}  // namespace meent::eventstore

int main(int argc, char** argv) {
  try {
    return meent::eventstore::check(argc - 1, argv + 1);
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 2;
  }
}
