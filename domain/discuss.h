#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/contribution.h"

/// Discuss: threaded comments under a contribution; edited with kept history; withdrawn.
namespace meent::domain {

inline constexpr std::uint32_t longest_comment = 10000;  ///< characters
inline constexpr std::uint32_t deepest_comment = 32;  ///< levels; the root's comments are level 1

struct PlaceComment {
  CommentId comment;
  ContributionId contribution;
  std::optional<CommentId> parent;
  PersonId author;
  std::string body;  ///< CommonMark, 1..longest_comment characters
  std::string language;
  std::vector<PersonId> mentions;  ///< 0..50
};
struct EditComment {
  CommentId comment;
  std::uint32_t revision = 0;  ///< the one the editor saw
  std::string body;
};
struct WithdrawComment {
  CommentId comment;
};
using DiscussCommand = std::variant<PlaceComment, EditComment, WithdrawComment>;

struct CommentPlaced {
  CommentId comment;
  ContributionId contribution;
  SpaceId space;
  std::optional<CommentId> parent;
  PersonId author;
  PrivateText body;
  std::string language;
  std::vector<PersonId> mentions;
  bool operator==(const CommentPlaced&) const = default;
};
struct CommentEdited {
  CommentId comment;
  ContributionId contribution;
  std::uint32_t revision = 0;  ///< the new one
  PrivateText body;
  bool operator==(const CommentEdited&) const = default;
};
struct CommentWithdrawn {
  CommentId comment;
  ContributionId contribution;
  bool operator==(const CommentWithdrawn&) const = default;
};
using DiscussEvent = std::variant<CommentPlaced, CommentEdited, CommentWithdrawn>;

struct CommentRecord {
  static constexpr char table = 'm';
  using Key = CommentId;
  ContributionId contribution;
  SpaceId space;
  std::optional<CommentId> parent;
  PersonId author;
  Standing standing = Standing::open;
  bool accepted = false;
  std::uint32_t revision = 1;
  std::uint32_t level = 1;
  template <class A>
  void fields(A& a) {
    a(contribution, space, parent, author, standing, accepted, revision, level);
  }
};

/// In order of precedence.
enum class DiscussRejection : std::uint8_t {
  unknown_contribution,
  unknown_comment,
  unknown_parent,
  unknown_author,
  not_allowed,
  already_placed,
  space_not_open,
  cannot_be_discussed,  ///< the kind has no discussion
  contribution_not_open,
  parent_elsewhere,  ///< the parent stands under another contribution
  parent_not_open,
  too_deep,
  is_hidden,
  is_withdrawn,
  stale_revision,
  body_missing,
  body_too_long,
  not_text,
  bad_language,
  too_many_mentions,
  unknown_mention,
};
Result<std::vector<DiscussEvent>, DiscussRejection> decide(const State&, const DiscussCommand&,
                                                           const Context&);
void evolve(MutableState&, const DiscussEvent&, const EventContext&);
Reason explain(DiscussRejection rejection);

}  // namespace meent::domain
