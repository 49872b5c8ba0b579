#pragma once
#include <unordered_set>

#include "domain/action.h"

/// Which items of one platform anyone may read, as the history goes on: what the store's state no
/// longer knows of the past.
namespace meent::consumers {

/// Threads: one. Memory: what is hidden or withdrawn now, 16 bytes each and their place in a set.
class OpenScopes {
 public:
  /// Takes the platform's next event. True when anyone could read what it is about just before it
  /// or just after it.
  bool note(const domain::Event& event);

 private:
  struct HashOfId {
    std::size_t operator()(const domain::IdBytes& id) const;
  };
  [[nodiscard]] bool is_open(const domain::Event& event) const;

  std::unordered_set<domain::IdBytes, HashOfId> not_open_;  ///< contributions and comments
};

}  // namespace meent::consumers
