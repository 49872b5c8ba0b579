#include <algorithm>

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

constexpr std::uint32_t hits_on_page = 20;
constexpr std::uint32_t exact_up_to = 10'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t values_in_facet = 12;

/// What the address asks, as typed.
struct Wish {
  std::string text, space, kind, theme, state, from, until;
  std::uint32_t offset = 0;

  [[nodiscard]] std::string query() const {
    return query_of({{"q", text},
                     {"space", space},
                     {"kind", kind},
                     {"theme", theme},
                     {"state", state},
                     {"from", from},
                     {"until", until},
                     {"offset", offset == 0 ? "" : std::to_string(offset)}});
  }
};

Wish wish_of(const Request& request) {
  const auto value = [&](std::string_view name) {
    return std::string(request.query_value(name).value_or(""));
  };
  Wish wish{.text = value("q"),
            .space = value("space"),
            .kind = value("kind"),
            .theme = value("theme"),
            .state = value("state"),
            .from = value("from"),
            .until = value("until"),
            .offset = 0};
  wish.offset = static_cast<std::uint32_t>(
      request.query_number("offset", 0, farthest_search_hit).value_or(0));
  return wish;
}

/// Nothing when a date is no date.
std::optional<SearchQuery> query_for(const Visit& visit, const Wish& wish) {
  SearchQuery query;
  query.platform = visit.platform.id;
  query.text = wish.text;
  query.viewer = visit.viewer();
  query.limit = hits_on_page;
  query.offset = wish.offset;
  query.space = SpaceId::parse(wish.space);
  if (!wish.kind.empty()) query.kinds = {wish.kind};
  if (!wish.theme.empty()) query.themes = {wish.theme};
  for (const auto standing :
       {Standing::open, Standing::closed, Standing::hidden, Standing::withdrawn}) {
    if (wish.state == word_of(standing)) query.standings = {standing};
  }
  if (!wish.from.empty()) {
    query.from = day_start(wish.from);
    if (!query.from) return std::nullopt;
  }
  if (!wish.until.empty()) {
    const auto last = day_start(wish.until);
    if (!last) return std::nullopt;
    query.until = Timestamp{last->ms + day_ms};
  }
  return query;
}

std::string marked(const std::vector<TextRun>& runs) {
  std::string out;
  for (const auto& run : runs) {
    if (run.highlighted) out += "<mark>";
    append_escaped(out, run.text);
    if (run.highlighted) out += "</mark>";
  }
  return out;
}

Values hit_values(const Visit& visit, const SearchHit& hit) {
  Values out;
  out["hit_tint"] = tint_of(hit.kind);
  const auto by = visit.name_of(hit.author);
  out["hit_kind"] = hit.comment ? visit.texts("search.comment") : visit.kind_label(hit.kind);
  const auto* space = visit.space(hit.space);
  out["hit_space"] =
      or_false(space != nullptr ? std::optional(space->description.title) : std::nullopt);
  out["hit_space_href"] = visit.href(hit.space);
  out["hit_standing"] =
      or_false(hit.standing == Standing::open ? std::nullopt
                                              : std::optional(standing_words(visit, hit.standing)));
  out["hit_href"] = hit.comment ? visit.href(*hit.comment) : visit.href(hit.contribution);
  // A statement has no title: what was found of its text stands there instead.
  const bool has_title = !hit.title.empty();
  out["hit_title_html"] = marked(has_title ? hit.title : hit.snippet);
  out["hit_snippet_html"] = has_title ? marked(hit.snippet) : "";
  out["hit_author"] = or_false(by);
  out["hit_author_href"] = visit.href(hit.author);
  out["hit_time"] = visit.time(hit.time);
  out["hit_time_iso"] = iso_time(hit.time);
  return out;
}

/// One group of links that narrow the search down, each with its count.
void add_facet(Values& facets, const Visit& visit, const Wish& wish, std::string Wish::* part,
               std::string_view label, const std::vector<FacetCount>& counts,
               const std::function<std::string(const std::string&)>& name_of) {
  if (counts.size() < 2 && (wish.*part).empty()) return;
  Values values(Values::type::list);
  for (std::size_t at = 0; at < std::min(counts.size(), values_in_facet); ++at) {
    const auto& count = counts[at];
    const bool is_chosen = wish.*part == count.value;
    Wish narrowed = wish;
    narrowed.*part = is_chosen ? "" : count.value;
    narrowed.offset = 0;
    Values value;
    value["facet_href"] = visit.base + "/search" + narrowed.query();
    value["facet_chosen"] = is_chosen;
    value["facet_value"] = name_of(count.value);
    value["facet_count"] = visit.texts.number(count.count);
    values.push_back(value);
  }
  Values facet;
  facet["facet_label"] = visit.texts(label);
  facet["facet_values"] = std::move(values);
  facets.push_back(facet);
}

void set_facets(Values& values, const Visit& visit, const Wish& wish, const SearchFacets& found) {
  Values facets(Values::type::list);
  add_facet(facets, visit, wish, &Wish::kind, "filter.kind", found.kinds,
            [&](const std::string& kind) { return visit.kind_label(kind); });
  add_facet(facets, visit, wish, &Wish::space, "filter.space", found.spaces,
            [&](const std::string& id) {
              const auto space = SpaceId::parse(id);
              const auto* record = space ? visit.space(*space) : nullptr;
              return record != nullptr ? record->description.title : id;
            });
  add_facet(facets, visit, wish, &Wish::theme, "filter.theme", found.themes,
            [](const std::string& theme) { return theme; });
  add_facet(facets, visit, wish, &Wish::state, "filter.state", found.standings,
            [&](const std::string& state) { return visit.texts("standing." + state); });
  values["has_facets"] = facets.is_non_empty_list();
  values["facets"] = std::move(facets);
}

Values option(const std::string& value, const std::string& label, bool is_chosen) {
  Values out;
  out["option_value"] = value;
  out["option_label"] = label;
  out["option_chosen"] = is_chosen;
  return out;
}

void set_form(Values& values, const Visit& visit, const Wish& wish) {
  Values spaces(Values::type::list);
  for (const auto& [id, record] : visit.spaces) {
    spaces.push_back(option(id.text(), record.description.title, wish.space == id.text()));
  }
  Values kinds(Values::type::list);
  for (const auto& [name, kind] : visit.kinds) {
    kinds.push_back(option(name, kind.label, wish.kind == name));
  }
  values["filter_spaces"] = std::move(spaces);
  values["filter_kinds"] = std::move(kinds);
  values["filter_from"] = wish.from;
  values["filter_until"] = wish.until;
}

void set_found(Values& values, const Visit& visit, const Wish& wish, const SearchPage& found) {
  Values hits(Values::type::list);
  for (const auto& hit : found.hits) hits.push_back(hit_values(visit, hit));
  values["has_hits"] = !found.hits.empty();
  values["hits"] = std::move(hits);
  const auto total = found.estimated_total;
  values["search_count"] =
      total > exact_up_to ? visit.texts("hits.about", {{"n", visit.texts.number(total)}})
                          : visit.texts.count(found.has_every_word ? "hits" : "hits.some", total);
  values["suggestion"] = or_false(found.suggestion);
  Wish better = wish;
  better.text = found.suggestion.value_or("");
  better.offset = 0;
  values["suggestion_href"] = visit.base + "/search" + better.query();
  Wish further = wish;
  further.offset = found.next.value_or(0);
  Wish first = wish;
  first.offset = 0;
  set_pager(values,
            found.next ? std::optional(visit.base + "/search" + further.query()) : std::nullopt,
            wish.offset > 0 ? std::optional(visit.base + "/search" + first.query()) : std::nullopt);
  set_facets(values, visit, wish, found.facets);
}

PageAnswer search_page(const Visit& visit) {
  const auto view = serving(visit.site.node.search);
  if (!view) return std::unexpected(view.error());
  const auto wish = wish_of(visit.request);
  const auto query = query_for(visit, wish);
  const auto is_asked = !wish.query().empty();
  const auto title = wish.text.empty() ? visit.texts("search.title")
                                       : visit.texts("search.results", {{"q", wish.text}});
  Page page("search", title, title);
  page.is_indexed = false;
  page.search_text = wish.text;
  page.status = query ? 200 : 400;
  page.values["search_title"] = title;
  page.values["has_query"] = is_asked && query.has_value();
  page.values["search_error"] =
      or_false(query ? std::nullopt : std::optional(visit.texts("search.bad_date")));
  page.values["suggestion"] = false;
  set_form(page.values, visit, wish);
  if (is_asked && query) set_found(page.values, visit, wish, (*view)->search(*query));
  return page;
}

}  // namespace

void add_search_page(Router& router, const std::shared_ptr<const Site>& site) {
  router.add(page_route(Method::get, "/p/{platform}/search", "pageSearch", "may_see(item)",
                        page(site, {"search"}, search_page)));
}

}  // namespace meent::api::pages
