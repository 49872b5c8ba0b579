#pragma once
#include <string>
#include <vector>

#include "api/pages/visit.h"

/// Rows of the views as values for templates. Private to api/pages: brings in Mustache.
namespace meent::api::pages {

/// What stands above a contribution and what below. One without a title is headed by the first
/// paragraph of its text.
struct Heading {
  std::string title;
  std::string rest;  ///< CommonMark
};
Heading heading_of(const Visit& visit, const projections::ContributionRow& row);

/// A card in a feed. `with_space`: says in which space it stands.
Values card(const Visit& visit, const projections::ContributionRow& row, bool with_space);
/// "cards" and "has_cards" for a page of a feed.
void set_cards(Values& values, const Visit& visit, const projections::FeedPage& page,
               bool with_space);
/// The counts as bar and numbers.
void set_counts(Values& values, const Visit& visit, const projections::StanceCounts& counts);
/// A pager that goes on at `next` (an address) and back to `first` when this is not the first page.
void set_pager(Values& values, const std::optional<std::string>& next,
               const std::optional<std::string>& first);

/// Whose thread it is and what the viewer may do in it.
struct ThreadManners {
  domain::PersonId contribution_author;
  bool can_reply = false;
  bool is_open = false;  ///< texts may still be edited
};
/// The tree in reading order: each row says whether it opens a level and how many it closes.
Values comment_rows(const Visit& visit, const std::vector<projections::CommentNode>& nodes,
                    const ThreadManners& manners);

/// "nl" for a text in another language than the platform's, else false.
Values language_mark(const Visit& visit, std::string_view language);
/// Number in the style sheet's three tints for kinds.
std::string tint_of(std::string_view kind);
std::string standing_words(const Visit& visit, domain::Standing standing);

/// A query string from names and values; empty values are left out. "?sort=top&kind=idea"
std::string query_of(const std::vector<std::pair<std::string, std::string>>& parts);

}  // namespace meent::api::pages
