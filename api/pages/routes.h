#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "api/pages/visit.h"

/// The pages and forms by what they are about. Private to api/pages: brings in Mustache.
namespace meent::api::pages {

void add_feed_pages(Router& router, const std::shared_ptr<const Site>& site);
void add_contribution_pages(Router& router, const std::shared_ptr<const Site>& site);
void add_comment_pages(Router& router, const std::shared_ptr<const Site>& site);
void add_history_pages(Router& router, const std::shared_ptr<const Site>& site);
void add_search_page(Router& router, const std::shared_ptr<const Site>& site);
void add_person_page(Router& router, const std::shared_ptr<const Site>& site);
void add_contribution_forms(Router& router, const std::shared_ptr<const Site>& site);
void add_comment_forms(Router& router, const std::shared_ptr<const Site>& site);
void add_moderation_forms(Router& router, const std::shared_ptr<const Site>& site);
void add_demo_pages(Router& router, const std::shared_ptr<const Site>& site);

/// By slug, also one the space has left, or by id.
std::optional<domain::SpaceId> space_named(const Visit& visit, std::string_view name);

/// What a form that was refused puts on the page again.
struct Refusal {
  std::string text;            ///< what was typed
  std::string sentence;        ///< what is wrong with it
  bool of_moderation = false;  ///< in the moderation form, not in the comment's
  bool of_edit = false;        ///< in the form that changes a comment
  bool is_conflict = false;    ///< it was changed meanwhile
  unsigned status = 400;
  std::string form_key;
};
PageAnswer contribution_page(const Visit& visit, domain::ContributionId id,
                             const std::optional<Refusal>& refusal);
PageAnswer comment_page(const Visit& visit, domain::CommentId id,
                        const std::optional<Refusal>& refusal);

}  // namespace meent::api::pages
