#pragma once
#include "domain/contribution.h"

namespace meent::projections {

/// How a contribution or comment stands, folded from its events in every view alike.
struct ItemStanding {
  domain::Standing now = domain::Standing::open;
  domain::Standing before_hiding = domain::Standing::open;

  void hide() {
    before_hiding = now;
    now = domain::Standing::hidden;
  }
  /// Accepting a hidden item shows it again, as it stood before.
  void accept() {
    if (now == domain::Standing::hidden) now = before_hiding;
  }
  [[nodiscard]] domain::Level level() const { return domain::level_of(now); }
  [[nodiscard]] bool is_shown() const { return level() == domain::Level::open; }
  bool operator==(const ItemStanding&) const = default;
  template <class A>
  void fields(A& a) {
    a(now, before_hiding);
  }
};

/// What a change of standing does to a count of shown items.
struct ShownChange {
  bool was_shown = false, is_shown = false;
  void count_in(std::uint64_t& shown) const {
    if (is_shown && !was_shown) ++shown;
    if (was_shown && !is_shown) --shown;
  }
};
/// Sets the standing by `change` and says what that does to counts.
template <class Change>
ShownChange restand(ItemStanding& standing, Change&& change) {
  ShownChange shown{.was_shown = standing.is_shown()};
  change(standing);
  shown.is_shown = standing.is_shown();
  return shown;
}

}  // namespace meent::projections
