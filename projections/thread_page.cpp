#include "projections/thread_page.h"

#include <algorithm>

#include "projections/thread_rows.h"

namespace meent::projections::thread {
namespace {

using domain::CommentId;
using domain::ContributionId;
using domain::PlatformId;

constexpr std::size_t most_in_branch = 100;
constexpr std::size_t deepest = 8;
constexpr std::size_t most_replies = 20;
constexpr std::size_t most_rows = 500;

struct CursorBytes {
  std::uint32_t view_version = version;
  ContributionId contribution;
  CommentId parent;
  bool newest_first = false;
  std::uint64_t position = 0;  ///< of the last row given
  template <class A>
  void fields(A& a) {
    a(view_version, contribution, parent, newest_first, position);
  }
};

domain::Scope scope_of(ContributionId contribution, const ItemStanding& standing) {
  return {domain::Scope::Place::discussion, contribution.value(), standing.level()};
}

/// Reads rows of one contribution's thread for one viewer.
class Reader {
 public:
  Reader(const TableSnapshot& now, PlatformId platform, ContributionId contribution,
         const domain::Viewer& viewer)
      : now_(now),
        platform_(platform),
        contribution_(contribution),
        viewer_(viewer),
        rows_(now.cursor()) {}

  struct Slice {
    CommentId parent;
    bool newest_first = false;
    std::optional<std::uint64_t> after;  ///< position of the last row given before
    std::size_t limit = 0;
  };
  struct Found {
    std::vector<CommentNode> nodes;
    std::optional<std::string> next;
  };

  /// One branch's rows, without replies.
  Found read(const Slice& slice) {
    Found found;
    const auto prefix = branch_key(platform_, contribution_, slice.parent);
    if (slice.newest_first) {
      const auto last = slice.after ? *slice.after - 1 : ~std::uint64_t{0};
      rows_->seek(prefix, prefix + number(last), true);
    } else {
      rows_->seek(prefix, prefix + number(slice.after ? *slice.after + 1 : 0), false);
    }
    for (; rows_->valid(); rows_->next()) {
      if (found.nodes.size() == slice.limit || rows_left_ == 0) {
        found.next = cursor_after(slice, found.nodes);
        break;
      }
      --rows_left_;
      const auto position = number_in(rows_->row().key, prefix.size());
      found.nodes.push_back(
          {row_of(unpack_row<Head>(rows_->row().value), slice.parent, position), {}, {}});
    }
    return found;
  }

  /// Replies below each node, level by level, so that a full page cuts the deepest first.
  void add_replies(std::vector<CommentNode>& nodes, std::size_t depth, std::size_t limit) {
    if (depth == 0 || limit == 0) return;
    for (auto& node : nodes) {
      if (node.row.reply_count == 0) continue;
      auto found = read({.parent = node.row.comment, .after = {}, .limit = limit});
      node.replies = std::move(found.nodes);
      node.more = std::move(found.next);
    }
    for (auto& node : nodes) add_replies(node.replies, depth - 1, limit);
  }

  CommentRow row_of(Head head, CommentId parent, std::uint64_t position) const {
    CommentRow row;
    row.comment = head.comment;
    row.contribution = contribution_;
    row.space = head.space;
    if (!parent.is_zero()) row.parent = parent;
    row.scope = scope_of(contribution_, head.standing);
    row.readable = may_see(viewer_, row.scope, head.author);
    row.level = head.level;
    row.standing = head.standing.now;
    row.hide_reason = std::move(head.hide_reason);
    row.placed_position = position;
    row.placed_at = head.placed_at;
    row.reply_count = head.reply_count;
    row.descendant_count = head.descendant_count;
    row.edited_at = head.edited_at;
    if (!row.readable) return row;
    row.author = head.author;
    row.accepted = head.accepted;
    row.revision = head.revision;
    row.language = std::move(head.language);
    row.mentions = std::move(head.mentions);
    auto body = now_.row<domain::PrivateText>(key_of(text_table, platform_, head.comment));
    if (!body) throw ViewFault("comment " + head.comment.text() + " has no text; rebuild the view");
    row.body = *std::move(body);
    return row;
  }

 private:
  static std::string number(std::uint64_t position) {
    std::string bytes;
    append_to(bytes, position);
    return bytes;
  }
  std::string cursor_after(const Slice& slice, const std::vector<CommentNode>& nodes) const {
    std::uint64_t position = slice.newest_first ? ~std::uint64_t{0} : 0;
    if (slice.after) position = *slice.after;
    if (!nodes.empty()) position = nodes.back().row.placed_position;
    return domain::pack(CursorBytes{.contribution = contribution_,
                                    .parent = slice.parent,
                                    .newest_first = slice.newest_first,
                                    .position = position});
  }

  const TableSnapshot& now_;
  PlatformId platform_;
  ContributionId contribution_;
  const domain::Viewer& viewer_;
  std::unique_ptr<TableSnapshot::Cursor> rows_;
  std::size_t rows_left_ = most_rows;
};

struct FoundComment {
  Place place;
  Head head;
};

/// Nothing when there is none, or the viewer may not see what it stands under.
std::optional<FoundComment> find_comment(const TableSnapshot& now, PlatformId platform,
                                         CommentId comment, const domain::Viewer& viewer) {
  const auto place = now.row<Place>(key_of(place_table, platform, comment));
  if (!place) return std::nullopt;
  const auto root = now.row<Root>(key_of(root_table, platform, place->contribution));
  auto head = now.row<Head>(head_key(platform, *place));
  if (!root || !head) throw ViewFault("comment " + comment.text() + " is torn; rebuild the view");
  if (!may_see(viewer, root->scope(), root->author)) return std::nullopt;
  return FoundComment{*place, *std::move(head)};
}

}  // namespace

std::optional<CommentPage> branch(const TableSnapshot& now, const BranchQuery& query) {
  const auto root = now.row<Root>(key_of(root_table, query.platform, query.contribution));
  if (!root || !may_see(query.viewer, root->scope(), root->author)) return std::nullopt;
  CommentPage page;
  page.position = now.position(query.platform);
  page.reply_count = root->reply_count;
  page.descendant_count = root->descendant_count;
  if (query.parent) {
    const auto place = now.row<Place>(key_of(place_table, query.platform, *query.parent));
    if (!place || place->contribution != query.contribution) return std::nullopt;
    const auto head = now.row<Head>(head_key(query.platform, *place));
    if (!head) throw ViewFault("comment " + query.parent->text() + " is torn; rebuild the view");
    page.reply_count = head->reply_count;
    page.descendant_count = head->descendant_count;
  }
  Reader::Slice slice{.parent = query.parent.value_or(CommentId()),
                      .newest_first = query.newest_first,
                      .after = {},
                      .limit = std::clamp<std::size_t>(query.limit, 1, most_in_branch)};
  if (query.cursor) {
    const auto given = domain::unpack<CursorBytes>(*query.cursor);
    page.gone = !given || given->view_version != version ||
                given->contribution != query.contribution || given->parent != slice.parent ||
                given->newest_first != slice.newest_first;
    if (page.gone) return page;
    slice.after = given->position;
  }
  Reader reader(now, query.platform, query.contribution, query.viewer);
  auto found = reader.read(slice);
  reader.add_replies(found.nodes, std::min(query.depth, deepest),
                     std::min(query.replies_per_branch, most_replies));
  page.rows = std::move(found.nodes);
  page.next = std::move(found.next);
  return page;
}

std::optional<CommentRow> comment(const TableSnapshot& now, PlatformId platform, CommentId comment,
                                  const domain::Viewer& viewer) {
  auto found = find_comment(now, platform, comment, viewer);
  if (!found) return std::nullopt;
  return Reader(now, platform, found->place.contribution, viewer)
      .row_of(std::move(found->head), found->place.parent, found->place.position);
}

CommentRevisions revisions(const TableSnapshot& now, PlatformId platform, CommentId comment,
                           std::optional<std::uint32_t> before, std::size_t limit,
                           const domain::Viewer& viewer) {
  CommentRevisions out;
  const auto found = find_comment(now, platform, comment, viewer);
  if (!found || !may_see(viewer, scope_of(found->place.contribution, found->head.standing),
                         found->head.author)) {
    return out;
  }
  const auto below = before.value_or(found->head.revision);
  if (below == 0) return out;
  limit = std::clamp<std::size_t>(limit, 1, most_in_branch);
  const auto prefix = key_of(revision_table, platform, comment);
  const auto rows = now.cursor();
  rows->seek(prefix, key_of(revision_table, platform, comment, std::uint64_t{below - 1}), true);
  for (; rows->valid(); rows->next()) {
    if (out.rows.size() == limit) {
      out.next = out.rows.back().revision;
      break;
    }
    auto row = unpack_row<RevisionRow>(rows->row().value);
    out.rows.push_back(
        {.revision = static_cast<std::uint32_t>(number_in(rows->row().key, prefix.size())),
         .body = std::move(row.body),
         .written_at = row.written_at});
  }
  return out;
}

}  // namespace meent::projections::thread
