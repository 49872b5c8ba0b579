#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/node.h"

namespace meent::simulation {

/// The nodes over one log, and which of them cannot reach each other. Threads: one.
class Fleet {
 public:
  std::vector<std::unique_ptr<Node>> nodes;

  /// The node that answers at this address; null: nobody does.
  [[nodiscard]] Node* at(const std::string& url) const;
  /// Any that is up; null: none is.
  Node* some_up(Random& random) const;

  [[nodiscard]] bool is_cut(std::size_t from, std::size_t to, SteadyTime now) const;
  void cut(std::size_t one, std::size_t other, SteadyTime until);
  void mend_links() { cuts_.clear(); }

 private:
  std::map<std::pair<std::size_t, std::size_t>, SteadyTime> cuts_;
};

}  // namespace meent::simulation
