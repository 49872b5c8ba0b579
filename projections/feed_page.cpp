#include "projections/feed_page.h"

#include "projections/feed_rows.h"
#include "projections/merge.h"

namespace meent::projections::feed {
namespace {

using domain::Level;
using domain::Scope;
using domain::SpaceId;

/// The same on every node; a cursor of another query does not fit.
std::uint64_t fingerprint(const FeedQuery& query) {
  domain::Packer packer;
  packer(query.platform, query.space, query.sort, query.kind, query.theme, query.standing,
         query.accepted);
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char byte : packer.take()) {
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 1099511628211U;
  }
  return hash;
}

struct CursorBytes {
  std::uint32_t view_version = version;
  std::uint64_t query = 0;
  std::string place;
  template <class A>
  void fields(A& a) {
    a(view_version, query, place);
  }
};

/// Lists that may hold something for this viewer and filter; the policy judges each row again.
std::vector<std::string> lists_for(const FeedQuery& query) {
  const auto space = query.space.value_or(SpaceId());
  const auto& viewer = query.viewer;
  const auto key = [&](List list) -> std::string {
    return list_key(query.platform, space, list, viewer.person.value_or(domain::PersonId()),
                    query.sort);
  };
  const auto wanted = [&](Level level) {
    return !query.standing || domain::level_of(*query.standing) == level;
  };
  std::vector<std::string> lists;
  if (wanted(Level::open)) lists.push_back(key(List::open));
  if (!wanted(Level::moderation)) return lists;
  const auto moderated = Scope::of_space(space, Level::moderation);
  if (may_see(viewer, moderated)) {
    lists.push_back(key(List::moderation));
  } else if (viewer.person && may_see(viewer, moderated, viewer.person)) {
    lists.push_back(key(List::own));
  }
  return lists;
}

bool passes(const FeedQuery& query, const IndexValue& entry) {
  return (!query.kind || entry.kind == *query.kind) &&
         (!query.theme || std::ranges::find(entry.themes, *query.theme) != entry.themes.end()) &&
         (!query.standing || entry.standing == *query.standing) &&
         (!query.accepted || entry.accepted == *query.accepted);
}

bool has_filter(const FeedQuery& query) {
  return query.kind || query.theme || query.standing || query.accepted;
}

/// Everything but the texts.
ContributionRow row_of(domain::ContributionId id, Head head, const domain::Viewer& viewer) {
  ContributionRow row;
  row.contribution = id;
  row.space = head.space;
  row.scope = head.scope();
  row.readable = may_see(viewer, row.scope, head.author);
  row.kind = std::move(head.kind);
  row.standing = head.standing.now;
  row.hide_reason = std::move(head.hide_reason);
  row.placed_position = head.placed_position;
  row.placed_at = head.placed_at;
  row.revised_at = head.revised_at;
  row.active_at = head.active_at;
  if (!row.readable) return row;
  row.author = head.author;
  row.accepted = head.accepted;
  row.revision = head.revision;
  row.external_id = std::move(head.external_id);
  row.counts = head.counts;
  row.comment_count = head.comment_count;
  return row;
}

/// Rows in the order asked, with their texts where the viewer may read them; nothing for what was
/// never placed.
std::vector<std::optional<ContributionRow>> rows_of(const TableSnapshot& now,
                                                    domain::PlatformId platform,
                                                    std::span<const domain::ContributionId> ids,
                                                    const domain::Viewer& viewer) {
  std::vector<std::string> keys;
  for (const auto id : ids) keys.push_back(key_of(head_table, platform, id));
  const auto heads = now.get_many(keys);
  std::vector<std::optional<ContributionRow>> rows(ids.size());
  std::vector<std::size_t> readable;
  keys.clear();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!heads[i]) continue;
    rows[i] = row_of(ids[i], unpack_row<Head>(*heads[i]), viewer);
    if (!rows[i]->readable) continue;
    readable.push_back(i);
    keys.push_back(key_of(text_table, platform, ids[i]));
  }
  const auto texts = now.get_many(keys);
  for (std::size_t i = 0; i < readable.size(); ++i) {
    auto& row = *rows[readable[i]];
    if (!texts[i]) {
      throw ViewFault("contribution " + row.contribution.text() + " has no text; rebuild the view");
    }
    auto content = unpack_row<domain::ContributionContent>(*texts[i]);
    row.title = std::move(content.title);
    row.body = std::move(content.body);
    row.form = std::move(content.form);
    row.themes = std::move(content.themes);
    row.language = std::move(content.language);
  }
  return rows;
}

}  // namespace

FeedPage page(const TableSnapshot& now, const FeedQuery& query) {
  FeedPage page;
  page.position = now.position(query.platform);
  CursorBytes cursor{.query = fingerprint(query), .place = {}};
  if (query.cursor) {
    const auto given = domain::unpack<CursorBytes>(*query.cursor);
    page.gone = !given || given->view_version != version || given->query != cursor.query ||
                given->place.size() != place_bytes;
    if (page.gone) return page;
    cursor.place = given->place;
  }
  const auto limit = std::clamp<std::size_t>(query.limit, 1, most_rows);
  const bool filters = has_filter(query);
  std::size_t looked_at = 0;
  MergedLists lists(now, lists_for(query), cursor.place);
  while (lists.valid() && page.items.size() < limit && looked_at < most_looked_at) {
    std::vector<domain::ContributionId> found;
    const auto missing = limit - page.items.size();
    for (; lists.valid() && found.size() < missing && looked_at < most_looked_at; lists.next()) {
      ++looked_at;
      cursor.place = lists.place();
      const auto entry = unpack_row<IndexValue>(lists.value());
      if (!filters || passes(query, entry)) found.push_back(entry.contribution);
    }
    for (auto& row : rows_of(now, query.platform, found, query.viewer)) {
      if (!row) throw ViewFault("the feed's index names an unknown contribution; rebuild the view");
      if (row->readable) page.items.push_back(*std::move(row));
    }
  }
  if (lists.valid()) page.next = domain::pack(cursor);
  return page;
}

std::vector<std::optional<ContributionRow>> contributions(
    const TableSnapshot& now, domain::PlatformId platform,
    std::span<const domain::ContributionId> contributions, const domain::Viewer& viewer) {
  return rows_of(now, platform, contributions.first(std::min(contributions.size(), most_rows)),
                 viewer);
}

ContributionRevisions revisions(const TableSnapshot& now, domain::PlatformId platform,
                                domain::ContributionId contribution,
                                std::optional<std::uint32_t> before, std::size_t limit,
                                const domain::Viewer& viewer) {
  ContributionRevisions out;
  const auto head = now.row<Head>(key_of(head_table, platform, contribution));
  if (!head || !may_see(viewer, head->scope(), head->author)) return out;
  const auto below = before.value_or(head->revision);
  if (below == 0) return out;
  limit = std::clamp<std::size_t>(limit, 1, most_rows);
  const std::string prefix = key_of(revision_table, platform, contribution);
  const auto rows = now.cursor();
  const std::string last = key_of(revision_table, platform, contribution, std::uint64_t{below - 1});
  for (rows->seek(prefix, last, true); rows->valid(); rows->next()) {
    if (out.rows.size() == limit) {
      out.next = out.rows.back().revision;
      break;
    }
    auto row = unpack_row<RevisionRow>(rows->row().value);
    out.rows.push_back(
        {.revision = static_cast<std::uint32_t>(number_in(rows->row().key, prefix.size())),
         .author = row.author,
         .content = std::move(row.content),
         .written_at = row.written_at});
  }
  return out;
}

}  // namespace meent::projections::feed
