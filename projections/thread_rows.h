#pragma once
#include "projections/standing.h"
#include "projections/tables.h"
#include "projections/thread.h"

/// Rows of the thread view; docs/views.md lists the tables.
namespace meent::projections::thread {

inline constexpr std::uint32_t version = 1;
inline constexpr char root_table = 'n';
inline constexpr char place_table = 'c';
inline constexpr char branch_table = 'b';
inline constexpr char text_table = 't';
inline constexpr char revision_table = 'r';

/// The contribution a thread stands under.
struct Root {
  domain::SpaceId space;
  domain::PersonId author;
  ItemStanding standing;
  std::uint64_t reply_count = 0, descendant_count = 0;
  [[nodiscard]] domain::Scope scope() const {
    return domain::Scope::of_space(space, standing.level());
  }
  template <class A>
  void fields(A& a) {
    a(space, author, standing, reply_count, descendant_count);
  }
};

/// Where a comment's head lies.
struct Place {
  domain::ContributionId contribution;
  domain::CommentId parent;  ///< zero: directly under the contribution
  std::uint64_t position = 0;
  template <class A>
  void fields(A& a) {
    a(contribution, parent, position);
  }
};

struct Head {
  domain::CommentId comment;
  domain::SpaceId space;
  domain::PersonId author;
  std::uint32_t level = 1;
  ItemStanding standing;
  bool accepted = false;
  std::optional<domain::PrivateText> hide_reason;
  std::uint32_t revision = 1;
  domain::Timestamp placed_at, edited_at;
  std::string language;
  std::vector<domain::PersonId> mentions;
  std::uint64_t reply_count = 0, descendant_count = 0;
  template <class A>
  void fields(A& a) {
    a(comment, space, author, level, standing, accepted, hide_reason, revision, placed_at,
      edited_at, language, mentions, reply_count, descendant_count);
  }
};

struct RevisionRow {
  domain::PrivateText body;
  domain::Timestamp written_at;
  template <class A>
  void fields(A& a) {
    a(body, written_at);
  }
};

inline std::string branch_key(domain::PlatformId platform, domain::ContributionId contribution,
                              domain::CommentId parent) {
  return key_of(branch_table, platform, contribution, parent);
}
inline std::string head_key(domain::PlatformId platform, const Place& place) {
  return key_of(branch_table, platform, place.contribution, place.parent, place.position);
}

}  // namespace meent::projections::thread
