#include "tests/simulation/fleet.h"

#include <algorithm>

namespace meent::simulation {

Node* Fleet::at(const std::string& url) const {
  for (const auto& node : nodes) {
    if (node->url() == url) return node->is_up() ? node.get() : nullptr;
  }
  return nullptr;
}

Node* Fleet::some_up(Random& random) const {
  std::vector<Node*> up;
  for (const auto& node : nodes) {
    if (node->is_up()) up.push_back(node.get());
  }
  return up.empty() ? nullptr : random.pick(up);
}

bool Fleet::is_cut(std::size_t from, std::size_t to, SteadyTime now) const {
  const auto found = cuts_.find(std::minmax(from, to));
  return found != cuts_.end() && now < found->second;
}

void Fleet::cut(std::size_t one, std::size_t other, SteadyTime until) {
  cuts_[std::minmax(one, other)] = until;
}

}  // namespace meent::simulation
