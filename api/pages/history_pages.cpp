#include "api/frames.h"
#include "api/markdown.h"
#include "api/pages/format.h"
#include "api/pages/routes.h"
#include "api/pages/rows.h"
#include "api/routes/routes.h"

namespace meent::api::pages {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t editions_on_page = 20;

Values edition_of(const Visit& visit, std::uint32_t revision, Timestamp written_at,
                  const std::optional<std::string>& title, const std::optional<std::string>& body,
                  bool is_now) {
  Values out;
  out["edition"] = std::to_string(revision);
  out["edition_label"] = visit.texts("history.version", {{"n", visit.texts.number(revision)}});
  out["edition_time"] = visit.time(written_at);
  out["edition_iso"] = iso_time(written_at);
  out["edition_now"] = is_now;
  out["edition_title"] = or_false(title);
  out["edition_html"] = or_false(body ? std::optional(markdown_html(*body)) : std::nullopt);
  out["edition_gone"] =
      or_false(body ? std::nullopt : std::optional(visit.texts("tombstone.erased")));
  return out;
}

std::optional<std::uint32_t> revision_asked(const Visit& visit) {
  const auto before = visit.request.query_number("before", 1, UINT32_MAX);
  return before ? std::optional(static_cast<std::uint32_t>(*before)) : std::nullopt;
}

Page history_page(const Visit& visit, Values editions, const std::string& back,
                  const std::string& back_label, std::optional<std::uint32_t> next) {
  Page page("history", visit.texts("history.title"), back_label);
  page.is_indexed = false;
  page.values["back_href"] = back;
  page.values["back_label"] = back_label;
  page.values["editions"] = std::move(editions);
  const std::string path = back + "/history";
  set_pager(
      page.values,
      next ? std::optional(path + query_of({{"before", std::to_string(*next)}})) : std::nullopt,
      revision_asked(visit) ? std::optional(path) : std::nullopt);
  return page;
}

PageAnswer contribution_history(const Visit& visit) {
  const auto id = ContributionId::parse(visit.request.path_parameter("contribution"));
  const auto feed = serving(visit.site.node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  const auto row =
      id ? (*feed)->contribution(visit.platform.id, *id, visit.viewer()) : std::nullopt;
  if (!row || !row->readable) return std::unexpected(not_found());
  const auto before = revision_asked(visit);
  const auto page =
      (*feed)->revisions(visit.platform.id, *id, before, editions_on_page, visit.viewer());
  Values editions(Values::type::list);
  if (!before) {
    editions.push_back(edition_of(visit, row->revision, row->revised_at, visit.open(row->title),
                                  visit.open(row->body), true));
  }
  for (const auto& revision : page.rows) {
    editions.push_back(edition_of(visit, revision.revision, revision.written_at,
                                  visit.open(revision.content.title),
                                  visit.open(revision.content.body), false));
  }
  const auto heading = heading_of(visit, *row);
  auto made = history_page(visit, std::move(editions), visit.href(*id), heading.title, page.next);
  made.space = row->space;
  return made;
}

PageAnswer comment_history(const Visit& visit) {
  const auto id = CommentId::parse(visit.request.path_parameter("comment"));
  const auto thread = serving(visit.site.node.tables.thread);
  if (!thread) return std::unexpected(thread.error());
  const auto row = id ? (*thread)->comment(visit.platform.id, *id, visit.viewer()) : std::nullopt;
  if (!row || !row->readable) return std::unexpected(not_found());
  const auto before = revision_asked(visit);
  const auto page =
      (*thread)->revisions(visit.platform.id, *id, before, editions_on_page, visit.viewer());
  Values editions(Values::type::list);
  if (!before) {
    editions.push_back(
        edition_of(visit, row->revision, row->edited_at, {}, visit.open(row->body), true));
  }
  for (const auto& revision : page.rows) {
    editions.push_back(edition_of(visit, revision.revision, revision.written_at, {},
                                  visit.open(revision.body), false));
  }
  const auto name = visit.name_of(row->author).value_or(visit.texts("author.unknown"));
  auto made = history_page(visit, std::move(editions), visit.href(*id),
                           visit.texts("comment.of", {{"name", name}}), page.next);
  made.space = row->space;
  return made;
}

}  // namespace

void add_history_pages(Router& router, const std::shared_ptr<const Site>& site) {
  router.add(page_route(Method::get, "/p/{platform}/c/{contribution}/history",
                        "pageContributionHistory", "may_see(contribution)",
                        page(site, {"feed"}, contribution_history)));
  router.add(page_route(Method::get, "/p/{platform}/m/{comment}/history", "pageCommentHistory",
                        "may_see(comment)", page(site, {"thread"}, comment_history)));
}

}  // namespace meent::api::pages
