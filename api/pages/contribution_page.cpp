#include <array>

#include "api/frames.h"
#include "api/markdown.h"
#include "api/pages/format.h"
#include "api/pages/routes.h"
#include "api/pages/rows.h"
#include "api/routes/routes.h"
#include "api/shapes.h"

namespace meent::api::pages {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t comments_on_page = 20;
constexpr std::size_t levels_on_page = 5;
constexpr std::size_t replies_in_branch = 12;

/// What the viewer may do with this contribution now, as the rules will judge it again.
struct Manners {
  bool is_author = false, is_open = false;
  bool can_support = false, can_comment = false, can_edit = false, can_withdraw = false;
  bool can_close = false, can_reopen = false, can_moderate = false;
};

Manners manners_of(const Visit& visit, const ContributionRow& row, const Kind& kind,
                   const SpaceRecord& space) {
  const auto& me = visit.viewer().person;
  const Target own{.concerned = me, .author = me};
  Manners out;
  out.is_author = row.readable && me && *me == row.author;
  out.is_open = row.standing == Standing::open && space.is_open_at(visit.now);
  out.can_support =
      me && out.is_open && kind.can(KindAbility::support) && visit.may(Capability::support, own);
  out.can_comment =
      me && out.is_open && kind.can(KindAbility::discuss) && visit.may(Capability::discuss, own);
  out.can_edit = out.is_author && out.is_open && kind.can(KindAbility::revise);
  out.can_withdraw = out.is_author && row.standing != Standing::withdrawn;
  const bool may_conclude =
      visit.may(Capability::conclude, {.concerned = {}, .author = row.author});
  out.can_close = may_conclude && row.standing == Standing::open;
  out.can_reopen = may_conclude && row.standing == Standing::closed;
  out.can_moderate = visit.may(Capability::moderate, {.concerned = {}, .author = row.author}) &&
                     row.standing != Standing::withdrawn;
  return out;
}

void set_head(Values& values, const Visit& visit, const ContributionRow& row,
              const Heading& heading) {
  values["id"] = row.contribution.text();
  values["tint"] = tint_of(row.kind);
  values["kind_label"] = visit.kind_label(row.kind);
  values["title"] = heading.title;
  values["standing"] =
      or_false(row.standing == Standing::open ? std::nullopt
                                              : std::optional(standing_words(visit, row.standing)));
  values["standing_class"] = std::string(word_of(row.standing));
  values["accepted"] = row.accepted;
  values["text_language"] = language_mark(visit, row.language);
  const auto author = row.readable ? visit.name_of(row.author) : std::nullopt;
  values["author"] = or_false(author);
  values["nameless"] = row.readable && !author;
  values["readable"] = row.readable;
  values["author_href"] = visit.href(row.author);
  values["placed"] = visit.time(row.placed_at);
  values["placed_iso"] = iso_time(row.placed_at);
  values["history_href"] = or_false(row.readable && row.revision > 1
                                        ? std::optional(visit.href(row.contribution) + "/history")
                                        : std::nullopt);
  values["history_label"] = visit.texts.count("versions", row.revision);
  const bool is_gone = row.standing == Standing::hidden || row.standing == Standing::withdrawn;
  values["tombstone"] = or_false(
      is_gone ? std::optional(visit.texts("tombstone." + std::string(word_of(row.standing))))
              : std::nullopt);
  values["tombstone_reason"] = or_false(is_gone ? visit.open(row.hide_reason) : std::nullopt);
}

void set_text(Values& values, const Visit& visit, const ContributionRow& row,
              const Heading& heading, const Kind& kind) {
  const auto html = row.readable ? markdown_html(heading.rest) : std::string();
  values["body_html"] = or_false(html.empty() ? std::nullopt : std::optional(html));
  Values facts(Values::type::list);
  for (const auto& field : kind.form) {
    const auto entry = row.form.find(field.name);
    const auto text = entry == row.form.end() ? std::nullopt : visit.open(entry->second);
    if (!text) continue;
    Values fact;
    fact["fact_label"] = field.label;
    fact["fact_value"] = *text;
    facts.push_back(fact);
  }
  values["has_form"] = facts.is_non_empty_list();
  values["form_facts"] = std::move(facts);
  Values themes(Values::type::list);
  for (const auto& theme : row.themes) {
    Values entry;
    entry["theme"] = theme;
    entry["theme_href"] = visit.href(row.space) + query_of({{"theme", theme}}) + "#feed";
    themes.push_back(entry);
  }
  values["has_themes"] = !row.themes.empty();
  values["themes"] = std::move(themes);
}

void set_support(Values& values, const Visit& visit, const ContributionRow& row, const Kind& kind,
                 const Manners& manners, std::optional<Stance> own) {
  values["has_support"] = row.readable && kind.can(KindAbility::support);
  set_counts(values, visit, row.counts);
  values["can_support"] = manners.can_support;
  values["own_stance"] = or_false(
      own ? std::optional(visit.texts("stance.own_" + std::string(word_of(*own)))) : std::nullopt);
  values["own_agree"] = own == Stance::agree;
  values["own_pass"] = own == Stance::pass;
  values["own_disagree"] = own == Stance::disagree;
}

/// Why there is no form, for those who look for one.
std::optional<std::string> hint_of(const Visit& visit, const ContributionRow& row,
                                   const SpaceRecord& space) {
  if (!space.is_open_at(visit.now)) return visit.texts("join.space_not_open");
  if (row.standing != Standing::open) return visit.texts("join.closed");
  if (!visit.viewer().person) return visit.texts("join.sign_in");
  return std::nullopt;
}

void set_acts(Values& values, const Visit& visit, const ContributionRow& row,
              const Manners& manners) {
  const auto href = visit.href(row.contribution);
  values["has_acts"] = manners.can_edit || manners.can_withdraw || manners.can_close ||
                       manners.can_reopen || manners.can_moderate;
  values["edit_href"] = or_false(manners.can_edit ? std::optional(href + "/edit") : std::nullopt);
  values["can_withdraw"] = manners.can_withdraw;
  values["can_close"] = manners.can_close;
  values["can_reopen"] = manners.can_reopen;
  values["can_moderate"] = manners.can_moderate;
  values["moderate_action"] = href + "/moderate";
}

std::expected<CommentPage, Problem> comments_of(const Visit& visit, const ContributionRow& row) {
  const auto thread = serving(visit.site.node.tables.thread);
  if (!thread) return std::unexpected(thread.error());
  BranchQuery query{.platform = visit.platform.id,
                    .contribution = row.contribution,
                    .parent = {},
                    .newest_first = false,
                    .limit = comments_on_page,
                    .depth = levels_on_page,
                    .replies_per_branch = replies_in_branch,
                    .cursor = {},
                    .viewer = visit.viewer()};
  const auto cursor =
      cursor_of(visit.site.node, Call{visit.request, visit.platform, visit.requester}, "pages");
  if (!cursor) return std::unexpected(cursor.error());
  query.cursor = *cursor;
  auto page = (*thread)->branch(query);
  // A view that has not come so far yet knows no comments either.
  if (!page) return CommentPage{};
  if (page->gone) return std::unexpected(Problem{&problems::invalid_cursor, {}, {}, {}});
  return std::move(*page);
}

void set_comments(Values& values, const Visit& visit, const ContributionRow& row,
                  const CommentPage& comments, const Manners& manners) {
  values["comments_title"] = row.comment_count == 0
                                 ? visit.texts("comments.title")
                                 : visit.texts.count("comments", row.comment_count);
  values["has_comments"] = !comments.rows.empty();
  values["comments"] = comment_rows(visit, comments.rows,
                                    {.contribution_author = row.author,
                                     .can_reply = manners.can_comment,
                                     .is_open = manners.is_open});
  const auto path = visit.href(row.contribution);
  std::optional<std::string> next;
  if (comments.next) {
    const auto cursor = seal_cursor(visit.site.node, visit.platform, "pages", *comments.next);
    next = path + query_of({{"cursor", cursor}}) + "#comments";
  }
  const bool is_first = !visit.request.query_value("cursor");
  set_pager(values, next, is_first ? std::nullopt : std::optional(path + "#comments"));
}

void set_forms(Values& values, const Visit& visit, const ContributionRow& row,
               const Manners& manners, const std::optional<Refusal>& refusal) {
  values["can_comment"] = manners.can_comment;
  values["comment_action"] = visit.href(row.contribution) + "/comment";
  values["comment_form_title"] = visit.texts("comment.write");
  values["parent_id"] = false;
  const bool of_comment = refusal && !refusal->of_moderation;
  const bool of_moderation = refusal && refusal->of_moderation;
  values["form_key"] =
      of_comment && !refusal->form_key.empty() ? refusal->form_key : to_hex(draw_id_bytes());
  values["comment_text"] = of_comment ? refusal->text : "";
  values["body_error"] = or_false(of_comment ? std::optional(refusal->sentence) : std::nullopt);
  Values errors(Values::type::list);
  if (of_comment) {
    Values error;
    error["error_field"] = "body";
    error["error_text"] = refusal->sentence;
    errors.push_back(error);
  }
  values["has_errors"] = of_comment;
  values["errors"] = std::move(errors);
  values["moderation_open"] = of_moderation;
  values["moderation_error"] =
      or_false(of_moderation ? std::optional(refusal->sentence) : std::nullopt);
  values["moderation_reason"] = of_moderation ? refusal->text : "";
}

PageAnswer asked_contribution(const Visit& visit) {
  const auto id = ContributionId::parse(visit.request.path_parameter("contribution"));
  if (!id) return std::unexpected(not_found());
  return contribution_page(visit, *id, {});
}

}  // namespace

PageAnswer contribution_page(const Visit& visit, ContributionId id,
                             const std::optional<Refusal>& refusal) {
  const auto feed = serving(visit.site.node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  const auto tally = serving(visit.site.node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  const auto row = (*feed)->contribution(visit.platform.id, id, visit.viewer());
  if (!row) return std::unexpected(not_found());
  const auto* space = visit.space(row->space);
  const auto* kind = visit.kind(row->kind);
  if (space == nullptr || kind == nullptr) return std::unexpected(not_found());
  const auto comments = comments_of(visit, *row);
  if (!comments) return std::unexpected(comments.error());
  const auto own = (*tally)->own_stances(visit.platform.id, std::span(&id, 1), visit.viewer());
  const auto manners = manners_of(visit, *row, *kind, *space);
  auto heading = row->readable ? heading_of(visit, *row) : Heading{};
  if (heading.title.empty()) {
    heading.title = row->readable ? visit.texts("tombstone.erased") : visit.kind_label(row->kind);
  }
  Page page("contribution", heading.title,
            heading.rest.empty() ? space->description.title : heading.rest);
  page.is_article = true;
  page.is_indexed = row->standing == Standing::open || row->standing == Standing::closed;
  page.space = row->space;
  page.status = refusal ? refusal->status : 200;
  page.values["space_title"] = space->description.title;
  page.values["space_href"] = visit.href(row->space);
  set_head(page.values, visit, *row, heading);
  set_text(page.values, visit, *row, heading, *kind);
  set_support(page.values, visit, *row, *kind, manners, own.empty() ? std::nullopt : own.front());
  set_acts(page.values, visit, *row, manners);
  const auto hint = hint_of(visit, *row, *space);
  page.values["join_hint"] = or_false(manners.can_support ? std::nullopt : hint);
  page.values["comment_hint"] = or_false(manners.can_comment ? std::nullopt : hint);
  page.values["has_discussion"] = kind->can(KindAbility::discuss);
  set_comments(page.values, visit, *row, *comments, manners);
  set_forms(page.values, visit, *row, manners, refusal);
  return page;
}

void add_contribution_pages(Router& router, const std::shared_ptr<const Site>& site) {
  router.add(page_route(Method::get, "/p/{platform}/c/{contribution}", "pageContribution",
                        "may_see(contribution), may_see(comment)",
                        page(site, {"feed", "tally", "thread"}, asked_contribution)));
}

}  // namespace meent::api::pages
