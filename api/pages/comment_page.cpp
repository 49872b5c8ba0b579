#include "api/frames.h"
#include "api/markdown.h"
#include "api/pages/routes.h"
#include "api/pages/rows.h"
#include "api/routes/routes.h"

namespace meent::api::pages {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t replies_on_page = 30;
constexpr std::size_t levels_on_page = 6;
constexpr std::size_t replies_in_branch = 12;

/// The comment with its replies as one node; `next` goes on below it.
struct Branch {
  CommentNode top;
  std::optional<std::string> next;
};

std::expected<Branch, Problem> branch_of(const Visit& visit, CommentId id) {
  const auto thread = serving(visit.site.node.tables.thread);
  if (!thread) return std::unexpected(thread.error());
  const auto row = (*thread)->comment(visit.platform.id, id, visit.viewer());
  if (!row) return std::unexpected(not_found());
  BranchQuery query{.platform = visit.platform.id,
                    .contribution = row->contribution,
                    .parent = id,
                    .newest_first = false,
                    .limit = replies_on_page,
                    .depth = levels_on_page,
                    .replies_per_branch = replies_in_branch,
                    .cursor = {},
                    .viewer = visit.viewer()};
  const auto cursor =
      cursor_of(visit.site.node, Call{visit.request, visit.platform, visit.requester}, "pages");
  if (!cursor) return std::unexpected(cursor.error());
  query.cursor = *cursor;
  auto page = (*thread)->branch(query);
  if (!page) return std::unexpected(not_found());
  if (page->gone) return std::unexpected(Problem{&problems::invalid_cursor, {}, {}, {}});
  return Branch{CommentNode{*row, std::move(page->rows), {}}, std::move(page->next)};
}

void set_edit(Values& values, const Visit& visit, const CommentRow& row, bool can_edit,
              const std::optional<Refusal>& refusal) {
  const auto body = visit.open(row.body).value_or("");
  const bool failed = refusal && refusal->of_edit;
  const bool conflicts = failed && refusal->is_conflict;
  values["can_edit"] = can_edit;
  values["comment_id"] = row.comment.text();
  values["revision"] = std::to_string(row.revision);
  values["edit_text"] = failed ? refusal->text : body;
  values["edit_error"] =
      or_false(failed && !conflicts ? std::optional(refusal->sentence) : std::nullopt);
  values["conflict"] = conflicts;
  values["conflict_html"] = markdown_html(body);
}

void set_reply(Values& values, const Visit& visit, const CommentRow& row, bool can_reply,
               const std::string& name, const std::optional<Refusal>& refusal) {
  const bool failed = refusal && !refusal->of_edit && !refusal->of_moderation;
  const bool moderating = refusal && refusal->of_moderation;
  values["can_comment"] = can_reply;
  values["comment_action"] = visit.href(row.contribution) + "/comment";
  values["comment_form_title"] = visit.texts("comment.reply_to", {{"name", name}});
  values["parent_id"] = row.comment.text();
  values["form_key"] =
      failed && !refusal->form_key.empty() ? refusal->form_key : to_hex(draw_id_bytes());
  values["comment_text"] = failed ? refusal->text : "";
  values["body_error"] = or_false(failed ? std::optional(refusal->sentence) : std::nullopt);
  Values errors(Values::type::list);
  if (failed) {
    Values error;
    error["error_field"] = "body";
    error["error_text"] = refusal->sentence;
    errors.push_back(error);
  }
  values["has_errors"] = failed;
  values["errors"] = std::move(errors);
  values["moderate_action"] = visit.href(row.comment) + "/moderate";
  values["moderation_open"] = moderating;
  values["moderation_error"] =
      or_false(moderating ? std::optional(refusal->sentence) : std::nullopt);
  values["moderation_reason"] = moderating ? refusal->text : "";
}

std::optional<std::string> hint_of(const Visit& visit, bool can_reply, bool is_open) {
  if (can_reply) return std::nullopt;
  if (!is_open) return visit.texts("join.closed");
  return visit.viewer().person ? std::nullopt : std::optional(visit.texts("join.sign_in"));
}

PageAnswer asked_comment(const Visit& visit) {
  const auto id = CommentId::parse(visit.request.path_parameter("comment"));
  if (!id) return std::unexpected(not_found());
  return comment_page(visit, *id, {});
}

}  // namespace

PageAnswer comment_page(const Visit& visit, CommentId id, const std::optional<Refusal>& refusal) {
  const auto feed = serving(visit.site.node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  auto branch = branch_of(visit, id);
  if (!branch) return std::unexpected(branch.error());
  const auto& row = branch->top.row;
  const auto contribution =
      (*feed)->contribution(visit.platform.id, row.contribution, visit.viewer());
  const auto* space = visit.space(row.space);
  if (!contribution || space == nullptr) return std::unexpected(not_found());
  const auto& me = visit.viewer().person;
  const bool is_open = contribution->standing == Standing::open && space->is_open_at(visit.now);
  const bool can_reply = me && is_open && row.standing == Standing::open &&
                         row.level < deepest_comment &&
                         visit.may(Capability::discuss, {.concerned = me, .author = me});
  const bool is_mine = row.readable && me && *me == row.author;
  const auto name = row.readable ? visit.name_of(row.author).value_or(visit.texts("author.unknown"))
                                 : visit.texts("author.unknown");
  Page page("comment", visit.texts("comment.of", {{"name", name}}),
            row.readable ? visit.open(row.body).value_or("") : "");
  page.space = row.space;
  page.is_indexed = false;  // the contribution's own page is the one to find
  page.status = refusal ? refusal->status : 200;
  auto& values = page.values;
  values["space_title"] = space->description.title;
  values["space_href"] = visit.href(row.space);
  values["contribution_href"] = visit.href(row.contribution);
  const auto heading = contribution->readable ? heading_of(visit, *contribution) : Heading{};
  values["contribution_title"] =
      heading.title.empty() ? visit.kind_label(contribution->kind) : heading.title;
  values["comment_title"] = page.title;
  values["parent_href"] =
      or_false(row.parent ? std::optional(visit.href(*row.parent)) : std::nullopt);
  values["comments"] = comment_rows(
      visit, {branch->top},
      {.contribution_author = contribution->author, .can_reply = can_reply, .is_open = is_open});
  std::optional<std::string> next;
  if (branch->next) {
    const auto cursor = seal_cursor(visit.site.node, visit.platform, "pages", *branch->next);
    next = visit.href(id) + query_of({{"cursor", cursor}});
  }
  set_pager(values, next,
            visit.request.query_value("cursor") ? std::optional(visit.href(id)) : std::nullopt);
  set_reply(values, visit, row, can_reply, name, refusal);
  values["comment_hint"] = or_false(hint_of(visit, can_reply, is_open));
  set_edit(values, visit, row, is_mine && is_open && row.standing == Standing::open, refusal);
  values["can_withdraw"] = is_mine && row.standing != Standing::withdrawn;
  values["can_moderate"] =
      visit.may(Capability::moderate, {}) && row.standing != Standing::withdrawn;
  return page;
}

void add_comment_pages(Router& router, const std::shared_ptr<const Site>& site) {
  router.add(page_route(Method::get, "/p/{platform}/m/{comment}", "pageComment",
                        "may_see(contribution), may_see(comment)",
                        page(site, {"feed", "thread"}, asked_comment)));
}

}  // namespace meent::api::pages
