#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "projections/search.h"
#include "projections/views.h"

namespace meent::eventstore::crash {

/// All views of a node, following a store into a folder.
class CrashViews {
 public:
  CrashViews(const Store& store, const Keys& keys, const std::filesystem::path& folder);
  ~CrashViews();
  CrashViews(const CrashViews&) = delete;
  CrashViews& operator=(const CrashViews&) = delete;

  /// Waits until every view has what the store has; returns their rows, one line each, the view's
  /// name before it. Throws std::runtime_error when a view does not get there.
  std::vector<std::string> rows();

 private:
  const Store& store_;
  projections::TableViews tables_;
  projections::Slot<projections::SearchView> search_;
  std::unique_ptr<projections::Runner> runner_;
};

/// The rows of views built anew from the log.
std::vector<std::string> rebuilt_rows(const Store& store, const Keys& keys);

/// What only one of them has; at most ten lines.
std::vector<std::string> differences(const std::vector<std::string>& rows,
                                     const std::vector<std::string>& others);

/// Between the views in the folder and ones built anew from the log; at most ten lines.
std::vector<std::string> differences_from_rebuild(const Store& store, const Keys& keys,
                                                  const std::filesystem::path& folder);

}  // namespace meent::eventstore::crash
