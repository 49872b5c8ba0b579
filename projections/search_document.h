#pragma once
#include <xapian.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/contribution.h"
#include "domain/moderate.h"
#include "eventstore/keys.h"
#include "projections/search_text.h"
#include "projections/standing.h"

/// What a search document holds. Terms, slots and data are listed in docs/search.md.
namespace meent::projections {

/// A document's data: what a hit shows, its texts sealed as in the event.
struct SearchEntry {
  domain::ContributionId contribution;
  std::optional<domain::CommentId> comment;
  domain::SpaceId space;
  std::string kind;  ///< a comment's: its contribution's
  domain::PersonId author;
  ItemStanding standing = {};
  domain::Level root_level = domain::Level::open;  ///< a comment's: where its contribution stands
  domain::ContributionContent content;             ///< a comment has only body and language
  domain::Timestamp shown_at;

  [[nodiscard]] domain::Level level() const { return std::max(standing.level(), root_level); }
  [[nodiscard]] domain::Scope scope() const {
    if (!comment) return domain::Scope::of_space(space, level());
    return {domain::Scope::Place::discussion, contribution.value(), level()};
  }
  template <class A>
  void fields(A& a) {
    a(contribution, comment, space, kind, author, standing, root_level, content, shown_at);
  }
};

/// What the policy needs of each match, in one slot.
struct SearchStand {
  domain::PersonId author;
  domain::Scope scope;
  template <class A>
  void fields(A& a) {
    a(author, scope);
  }
};

/// What is counted of each match, in one slot: many documents have the same.
struct SearchFacts {
  domain::SpaceId space;
  domain::Standing standing = domain::Standing::open;
  std::string kind;
  std::vector<std::string> themes;
  template <class A>
  void fields(A& a) {
    a(space, standing, kind, themes);
  }
};

inline constexpr Xapian::valueno time_slot = 0;
inline constexpr Xapian::valueno stand_slot = 1;
inline constexpr Xapian::valueno facts_slot = 2;

/// Boolean terms. Words never start with a capital, so these never meet them.
std::string item_term(const domain::Item& item);
std::string thread_term(domain::ContributionId contribution);  ///< on its comments
std::string space_term(domain::SpaceId space);
std::string kind_term(std::string_view kind);
std::string theme_term(std::string_view theme);
std::string standing_term(domain::Standing standing);
std::string language_term(std::string_view tag);  ///< each document has its tag's and its primary
std::string what_term(bool is_comment);
/// Words.
std::string stem_term(std::string_view folded, Tongue tongue);
bool is_word_term(std::string_view term);

/// A whole document. A text whose key is destroyed has no words; throws StorageError when a key is
/// missing or a text does not open.
Xapian::Document make_document(const SearchEntry& entry, domain::PlatformId platform,
                               const eventstore::Keys& keys);
/// Replaces data, slots and boolean terms; the words stay.
void mark_document(Xapian::Document& document, const SearchEntry& entry);
/// Throws StorageError when the data is not an entry.
SearchEntry entry_of(const Xapian::Document& document);

}  // namespace meent::projections
