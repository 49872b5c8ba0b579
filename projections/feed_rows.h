#pragma once
#include <array>
#include <bit>

#include "projections/feed.h"
#include "projections/standing.h"
#include "projections/tables.h"

/// Rows of the feed; docs/views.md lists the tables.
namespace meent::projections::feed {

inline constexpr std::uint32_t version = 1;
inline constexpr char head_table = 'h';
inline constexpr char text_table = 't';
inline constexpr char revision_table = 'r';
inline constexpr char index_table = 'i';
inline constexpr char comment_table = 'm';

/// All about a contribution but its texts: what support and comments change is small.
struct Head {
  domain::SpaceId space;
  std::string kind;
  domain::PersonId author;
  ItemStanding standing;
  bool accepted = false;
  std::optional<domain::PrivateText> hide_reason;
  std::uint32_t revision = 1;
  std::vector<std::string> themes;
  std::string external_id;
  std::uint64_t placed_position = 0, active_position = 0;
  domain::Timestamp placed_at, revised_at, active_at;
  StanceCounts counts;
  std::int64_t top = 0, controversial = 0;  ///< as indexed: near the scores of `counts`
  std::uint64_t comment_count = 0;
  [[nodiscard]] domain::Scope scope() const {
    return domain::Scope::of_space(space, standing.level());
  }
  template <class A>
  void fields(A& a) {
    a(space, kind, author, standing, accepted, hide_reason, revision, themes, external_id,
      placed_position, active_position, placed_at, revised_at, active_at, counts, top,
      controversial, comment_count);
  }
};

struct RevisionRow {
  domain::PersonId author;
  domain::ContributionContent content;
  domain::Timestamp written_at;
  template <class A>
  void fields(A& a) {
    a(author, content, written_at);
  }
};

/// What filters look at, so that an index entry can be passed over without reading its head.
struct IndexValue {
  domain::ContributionId contribution;
  std::string kind;
  std::vector<std::string> themes;
  domain::Standing standing = domain::Standing::open;
  bool accepted = false;
  bool operator==(const IndexValue&) const = default;
  template <class A>
  void fields(A& a) {
    a(contribution, kind, themes, standing, accepted);
  }
};

/// From what a head's index entries are made.
struct IndexState {
  bool is_shown = true;
  std::array<std::int64_t, 4> scores{};
  IndexValue value;
};

/// Which of an order's lists an entry stands in. A row at the moderation level stands in two.
enum class List : std::uint8_t {
  open,        ///< as open as the space
  moderation,  ///< for those who see everything at the moderation level
  own,         ///< the moderation level, one list an author
};

inline constexpr std::array all_sorts{FeedSort::new_, FeedSort::active, FeedSort::top,
                                      FeedSort::controversial};

inline std::int64_t score_of(const Head& head, FeedSort sort) {
  switch (sort) {
    case FeedSort::new_: return static_cast<std::int64_t>(head.placed_position);
    case FeedSort::active: return static_cast<std::int64_t>(head.active_position);
    case FeedSort::top: return head.top;
    case FeedSort::controversial: return head.controversial;
  }
  return 0;
}

/// Front of an index key: one order of one list. `space` zero: the whole platform.
inline std::string list_key(domain::PlatformId platform, domain::SpaceId space, List list,
                            domain::PersonId author, FeedSort sort) {
  std::string key = key_of(index_table, platform, space, static_cast<std::uint8_t>(list));
  if (list == List::own) append_to(key, author);
  append_to(key, static_cast<std::uint8_t>(sort));
  return key;
}

/// Back of an index key: greater scores first, then what was placed later.
inline constexpr std::size_t place_bytes = 16;
inline std::string place_in_list(std::int64_t score, std::uint64_t placed_position) {
  const auto biased = std::bit_cast<std::uint64_t>(score) ^ (std::uint64_t{1} << 63);
  std::string place;
  append_to(place, ~biased);
  append_to(place, ~placed_position);
  return place;
}

}  // namespace meent::projections::feed
