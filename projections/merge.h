#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "projections/tables.h"

namespace meent::projections {

/// Several lists of one table read as one, in order of what follows their prefixes.
class MergedLists {
 public:
  /// Every list from `place` on, without it; from its start when `place` is empty.
  MergedLists(const TableSnapshot& now, const std::vector<std::string>& prefixes,
              std::string_view place) {
    for (const auto& prefix : prefixes) {
      List list{now.cursor(), prefix.size()};
      list.rows->seek(prefix, prefix + std::string(place), false);
      if (list.rows->valid() && !place.empty() && list.place() == place) list.rows->next();
      if (list.rows->valid()) lists_.push_back(std::move(list));
    }
  }
  [[nodiscard]] bool valid() const { return !lists_.empty(); }
  [[nodiscard]] std::string_view place() const { return first().place(); }
  [[nodiscard]] std::string_view value() const { return first().rows->row().value; }
  void next() {
    const auto at = std::ranges::min_element(lists_, {}, &List::place);
    at->rows->next();
    if (!at->rows->valid()) lists_.erase(at);
  }

 private:
  struct List {
    std::unique_ptr<TableSnapshot::Cursor> rows;
    std::size_t prefix_size = 0;
    [[nodiscard]] std::string_view place() const { return rows->row().key.substr(prefix_size); }
  };
  [[nodiscard]] const List& first() const {
    return *std::ranges::min_element(lists_, {}, &List::place);
  }
  std::vector<List> lists_;
};

}  // namespace meent::projections
