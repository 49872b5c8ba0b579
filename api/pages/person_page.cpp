#include <array>

#include "api/frames.h"
#include "api/markdown.h"
#include "api/pages/format.h"
#include "api/pages/routes.h"
#include "api/pages/rows.h"
#include "api/routes/routes.h"
#include "api/shapes.h"
#include "domain/person.h"

namespace meent::api::pages {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t deeds_on_page = 20;
constexpr std::size_t longest_excerpt = 160;

std::string_view key_of(Deed deed) {
  switch (deed) {
    case Deed::placed: return "did.placed";
    case Deed::revised: return "did.revised";
    case Deed::withdrew: return "did.withdrew";
    case Deed::commented: return "did.commented";
    case Deed::edited_comment: return "did.edited_comment";
    case Deed::withdrew_comment: return "did.withdrew_comment";
    case Deed::supported: return "did.supported";
    case Deed::withdrew_support: return "did.withdrew_support";
  }
  std::abort();
}

/// Deeds with what they were done to: contributions in one read, comments one by one.
Values deeds_of(const Visit& visit, const PersonPage& page, const FeedView& feed,
                const ThreadView& thread) {
  std::vector<ContributionId> ids;
  ids.reserve(page.rows.size());
  for (const auto& row : page.rows) ids.push_back(row.contribution);
  const auto contributions = feed.contributions(visit.platform.id, ids, visit.viewer());
  Values list(Values::type::list);
  for (std::size_t at = 0; at < page.rows.size(); ++at) {
    const auto& deed = page.rows[at];
    const auto& contribution = contributions[at];
    const auto heading =
        contribution && contribution->readable ? heading_of(visit, *contribution) : Heading{};
    const auto comment = deed.comment
                             ? thread.comment(visit.platform.id, *deed.comment, visit.viewer())
                             : std::nullopt;
    const auto said = comment && comment->readable ? visit.open(comment->body) : std::nullopt;
    const auto excerpt = markdown_words(
        said ? *said : (deed.deed == Deed::placed ? heading.rest : ""), longest_excerpt);
    Values out;
    const auto stance =
        deed.stance ? visit.texts("stance." + std::string(word_of(*deed.stance))) : std::string();
    out["doing_what"] = visit.texts(key_of(deed.deed), {{"stance", stance}});
    out["doing_time"] = visit.time(deed.at);
    out["doing_iso"] = iso_time(deed.at);
    out["doing_href"] = deed.comment ? visit.href(*deed.comment) : visit.href(deed.contribution);
    out["doing_title"] =
        heading.title.empty() ? visit.texts("tombstone.unreadable") : heading.title;
    out["doing_excerpt"] = or_false(excerpt.empty() ? std::nullopt : std::optional(excerpt));
    list.push_back(out);
  }
  return list;
}

PageAnswer person_page(const Visit& visit) {
  const auto id = PersonId::parse(visit.request.path_parameter("person"));
  const auto role = id ? visit.role_of(*id) : std::nullopt;
  if (!role) return std::unexpected(not_found());
  const auto& tables = visit.site.node.tables;
  const auto view = serving(tables.person);
  if (!view) return std::unexpected(view.error());
  const auto feed = serving(tables.feed);
  if (!feed) return std::unexpected(feed.error());
  const auto thread = serving(tables.thread);
  if (!thread) return std::unexpected(thread.error());
  PersonQuery query{.platform = visit.platform.id,
                    .person = *id,
                    .with_support = true,
                    .limit = deeds_on_page,
                    .cursor = {},
                    .viewer = visit.viewer()};
  const auto cursor =
      cursor_of(visit.site.node, Call{visit.request, visit.platform, visit.requester}, "pages");
  if (!cursor) return std::unexpected(cursor.error());
  query.cursor = *cursor;
  const auto deeds = (*view)->page(query);
  if (deeds.gone) return std::unexpected(Problem{&problems::invalid_cursor, {}, {}, {}});
  const auto name = visit.name_of(*id);
  const auto title = name.value_or(visit.texts("author.unknown"));
  Page page("person", title, title);
  page.is_indexed = false;  // people are found here, not by search engines
  page.values["person_name"] = or_false(name);
  page.values["initials"] = initials(title);
  page.values["person_role"] = or_false(
      *role >= Role::moderator ? std::optional(visit.texts("role.moderator")) : std::nullopt);
  page.values["person_facts"] = visit.texts.count("contributions", deeds.contribution_count) +
                                " · " + visit.texts.count("comments", deeds.comment_count);
  page.values["has_doings"] = !deeds.rows.empty();
  page.values["doings"] = deeds_of(visit, deeds, **feed, **thread);
  std::optional<std::string> next;
  if (deeds.next) {
    const auto sealed = seal_cursor(visit.site.node, visit.platform, "pages", *deeds.next);
    next = visit.href(*id) + query_of({{"cursor", sealed}});
  }
  set_pager(page.values, next,
            visit.request.query_value("cursor") ? std::optional(visit.href(*id)) : std::nullopt);
  return page;
}

}  // namespace

void add_person_page(Router& router, const std::shared_ptr<const Site>& site) {
  router.add(page_route(Method::get, "/p/{platform}/people/{person}", "pagePerson",
                        "may_see(deed): names are the platform's, deeds are judged one by one",
                        page(site, {"person", "feed", "thread"}, person_page)));
}

}  // namespace meent::api::pages
