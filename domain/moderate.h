#pragma once
#include <string>
#include <variant>
#include <vector>

#include "domain/contribution.h"
#include "domain/discuss.h"

/// Moderate: accept an item, or hide it with a reason that everyone can read.
namespace meent::domain {

using Item = std::variant<ContributionId, CommentId>;

struct AcceptItem {
  Item item;
};
struct HideItem {
  Item item;
  std::string reason;  ///< 1..1000 characters
};
using ModerateCommand = std::variant<AcceptItem, HideItem>;

/// Accepting a hidden item shows it again, as it stood before.
struct ItemAccepted {
  Item item;
  ContributionId contribution;  ///< the item's own, or the one the comment stands under
  SpaceId space;
  bool was_hidden = false;
  bool operator==(const ItemAccepted&) const = default;
};
struct ItemHidden {
  Item item;
  ContributionId contribution;
  SpaceId space;
  PrivateText reason;  ///< under the moderator's content key, or the platform's for an importer
  bool operator==(const ItemHidden&) const = default;
};
using ModerateEvent = std::variant<ItemAccepted, ItemHidden>;

/// In order of precedence.
enum class ModerateRejection : std::uint8_t {
  unknown_item,
  not_allowed,
  is_withdrawn,
  already_accepted,
  already_hidden,
  reason_missing,
  reason_too_long,
  not_text,
};
Result<std::vector<ModerateEvent>, ModerateRejection> decide(const State&, const ModerateCommand&,
                                                             const Context&);
void evolve(MutableState&, const ModerateEvent&, const EventContext&);
Reason explain(ModerateRejection rejection);

}  // namespace meent::domain
