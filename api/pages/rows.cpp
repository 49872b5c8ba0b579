#include "api/pages/rows.h"

#include <algorithm>

#include "api/markdown.h"
#include "api/pages/format.h"
#include "api/shapes.h"

namespace meent::api::pages {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t longest_excerpt = 220;
constexpr std::size_t longest_heading = 300;
constexpr std::uint64_t bar_width = 1000;

std::string tombstone_words(const Visit& visit, Standing standing, bool is_comment) {
  const std::string part = is_comment ? "comment_" : "";
  return visit.texts("tombstone." + part + std::string(word_of(standing)));
}

/// The row's own values and what it says of the level it stands on.
Values comment_row(const Visit& visit, const CommentNode& node, const ThreadManners& manners) {
  const auto& row = node.row;
  Values out;
  out["is_more"] = false;
  out["comment_id"] = row.comment.text();
  const auto& me = visit.viewer().person;
  const bool is_mine = row.readable && me && *me == row.author;
  const bool is_gone = row.standing != Standing::open;
  const auto body = row.readable ? visit.open(row.body) : std::nullopt;
  out["comment_is_own"] = is_mine;
  out["comment_gone"] =
      or_false(is_gone ? std::optional(tombstone_words(visit, row.standing, true))
                       : (!body ? std::optional(visit.texts("tombstone.erased")) : std::nullopt));
  out["comment_reason"] = or_false(is_gone ? visit.open(row.hide_reason) : std::nullopt);
  out["comment_html"] = or_false(body ? std::optional(markdown_html(*body)) : std::nullopt);
  out["comment_language"] = language_mark(visit, row.language);
  const auto name = row.readable ? visit.name_of(row.author) : std::nullopt;
  out["comment_author"] = or_false(name);
  out["comment_nameless"] = row.readable && !name;
  out["comment_readable"] = row.readable;
  out["comment_author_href"] = visit.href(row.author);
  out["comment_by_author"] = row.readable && row.author == manners.contribution_author;
  const auto role = row.readable ? visit.role_of(row.author) : std::nullopt;
  out["comment_role"] =
      or_false(role && *role >= Role::moderator ? std::optional(visit.texts("role.moderator"))
                                                : std::nullopt);
  const auto href = visit.href(row.comment);
  out["comment_href"] = href;
  out["comment_time"] = visit.time(row.placed_at);
  out["comment_time_iso"] = iso_time(row.placed_at);
  out["comment_history_href"] =
      or_false(row.readable && row.revision > 1 ? std::optional(href + "/history") : std::nullopt);
  const bool can_reply = manners.can_reply && !is_gone && row.level < deepest_comment;
  const bool can_edit = is_mine && row.standing != Standing::withdrawn && manners.is_open;
  const bool can_moderate =
      visit.may(Capability::moderate, {}) && row.standing != Standing::withdrawn;
  out["comment_acts"] = can_reply || can_edit || can_moderate;
  out["reply_href"] = or_false(can_reply ? std::optional(href + "#write") : std::nullopt);
  out["reply_label"] =
      visit.texts("comment.reply_to", {{"name", name.value_or(visit.texts("author.unknown"))}});
  out["comment_edit_href"] = or_false(can_edit ? std::optional(href + "#edit") : std::nullopt);
  out["comment_moderate_href"] =
      or_false(can_moderate ? std::optional(href + "#moderate") : std::nullopt);
  return out;
}

Values more_row(const Visit& visit, const CommentNode& node) {
  const auto left =
      node.row.reply_count - std::min<std::uint64_t>(node.row.reply_count, node.replies.size());
  Values out;
  out["is_more"] = true;
  out["more_href"] = visit.href(node.row.comment);
  out["more_label"] = node.replies.empty() ? visit.texts("comments.deeper")
                                           : visit.texts.count("comments.more", left);
  return out;
}

void set_levels(Values& row, bool opens, bool is_leaf, std::size_t closes) {
  row["down"] = opens;
  row["leaf"] = is_leaf;
  Values ups(Values::type::list);
  for (std::size_t i = 0; i < closes; ++i) ups.push_back(Values(true));
  row["ups"] = std::move(ups);
}

/// `closes`: levels that end with the last row of this branch.
void add_branch(Values& list, const Visit& visit, const std::vector<CommentNode>& nodes,
                const ThreadManners& manners, const CommentNode* parent, std::size_t closes) {
  const bool has_more = parent != nullptr && parent->more.has_value();
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    const auto& node = nodes[at];
    const bool is_last = at + 1 == nodes.size() && !has_more;
    const std::size_t ends = is_last ? closes : 0;
    const bool is_leaf = node.replies.empty() && !node.more;
    auto row = comment_row(visit, node, manners);
    set_levels(row, parent != nullptr && at == 0, is_leaf, is_leaf ? ends : 0);
    list.push_back(row);
    if (!is_leaf) add_branch(list, visit, node.replies, manners, &node, ends + 1);
  }
  if (!has_more) return;
  auto row = more_row(visit, *parent);
  set_levels(row, nodes.empty(), true, closes);
  list.push_back(row);
}

}  // namespace

Heading heading_of(const Visit& visit, const ContributionRow& row) {
  const auto body = visit.open(row.body).value_or("");
  if (auto title = visit.open(row.title)) return {std::move(*title), body};
  const auto end = body.find("\n\n");
  const auto first = std::string_view(body).substr(0, end);
  if (length(first) > longest_heading) return {markdown_words(first, longest_heading), body};
  return {markdown_words(first, longest_heading),
          end == std::string::npos ? std::string() : body.substr(end + 2)};
}

std::string tint_of(std::string_view kind) {
  if (kind == "idea") return "0";
  if (kind == "statement") return "1";
  return "2";
}

std::string standing_words(const Visit& visit, Standing standing) {
  return visit.texts("standing." + std::string(word_of(standing)));
}

Values language_mark(const Visit& visit, std::string_view language) {
  const bool differs = !language.empty() && language != visit.platform.record.language;
  return or_false(differs ? std::optional(std::string(language)) : std::nullopt);
}

void set_counts(Values& values, const Visit& visit, const StanceCounts& counts) {
  const auto all = std::max<std::uint64_t>(counts.participants(), 1);
  const auto agree = bar_width * counts.agree / all;
  const auto disagree = bar_width * counts.disagree / all;
  values["bar_a"] = std::to_string(agree);
  values["bar_p"] = std::to_string(bar_width * counts.pass / all);
  values["bar_d"] = std::to_string(disagree);
  values["bar_dx"] = std::to_string(bar_width - disagree);
  values["agree_text"] = visit.texts.number(counts.agree);
  values["pass_text"] = visit.texts.number(counts.pass);
  values["disagree_text"] = visit.texts.number(counts.disagree);
  values["counts_sentence"] =
      counts.participants() == 0
          ? visit.texts("support.none")
          : visit.texts("support.sentence", {{"agree", visit.texts.number(counts.agree)},
                                             {"pass", visit.texts.number(counts.pass)},
                                             {"disagree", visit.texts.number(counts.disagree)}});
}

Values card(const Visit& visit, const ContributionRow& row, bool with_space) {
  Values out;
  out["card_id"] = row.contribution.text();
  out["card_href"] = visit.href(row.contribution);
  out["card_tint"] = tint_of(row.kind);
  out["card_kind"] = visit.kind_label(row.kind);
  const auto* space = visit.space(row.space);
  out["card_space"] = or_false(
      with_space && space != nullptr ? std::optional(space->description.title) : std::nullopt);
  out["card_space_href"] = visit.href(row.space);
  out["card_standing"] =
      or_false(row.standing == Standing::open ? std::nullopt
                                              : std::optional(standing_words(visit, row.standing)));
  out["card_standing_class"] = std::string(word_of(row.standing));
  const auto heading = row.readable ? heading_of(visit, row)
                                    : Heading{tombstone_words(visit, row.standing, false), {}};
  out["card_title"] = heading.title.empty() ? visit.texts("tombstone.erased") : heading.title;
  const auto excerpt = markdown_words(heading.rest, longest_excerpt);
  out["card_excerpt"] = or_false(excerpt.empty() ? std::nullopt : std::optional(excerpt));
  out["card_language"] = language_mark(visit, row.language);
  const auto author = row.readable ? visit.name_of(row.author) : std::nullopt;
  out["card_author"] = or_false(author);
  out["card_nameless"] = row.readable && !author;
  out["card_readable"] = row.readable;
  out["card_author_href"] = visit.href(row.author);
  out["card_time"] = visit.time(row.placed_at);
  out["card_time_iso"] = iso_time(row.placed_at);
  out["card_comments"] = or_false(
      row.comment_count > 0 ? std::optional(visit.texts.count("comments", row.comment_count))
                            : std::nullopt);
  const auto* kind = visit.kind(row.kind);
  const bool has_counts = row.readable && kind != nullptr && kind->can(KindAbility::support);
  out["card_has_counts"] = has_counts;
  if (has_counts) set_counts(out, visit, row.counts);
  return out;
}

void set_cards(Values& values, const Visit& visit, const FeedPage& page, bool with_space) {
  Values cards(Values::type::list);
  for (const auto& row : page.items) cards.push_back(card(visit, row, with_space));
  values["has_cards"] = !page.items.empty();
  values["cards"] = std::move(cards);
}

void set_pager(Values& values, const std::optional<std::string>& next,
               const std::optional<std::string>& first) {
  values["has_pager"] = next.has_value() || first.has_value();
  values["pager_next"] = or_false(next);
  values["pager_first"] = or_false(first);
}

Values comment_rows(const Visit& visit, const std::vector<CommentNode>& nodes,
                    const ThreadManners& manners) {
  Values list(Values::type::list);
  add_branch(list, visit, nodes, manners, nullptr, 0);
  return list;
}

std::string query_of(const std::vector<std::pair<std::string, std::string>>& parts) {
  std::string out;
  for (const auto& [name, value] : parts) {
    if (value.empty()) continue;
    out += (out.empty() ? "?" : "&") + name + "=" + percent_encode(value);
  }
  return out;
}

}  // namespace meent::api::pages
