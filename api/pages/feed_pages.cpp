#include <algorithm>
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

constexpr std::size_t feed_size = 20;
constexpr std::size_t longest_excerpt = 200;
constexpr std::array<std::string_view, 4> sort_words{"new", "active", "top", "controversial"};
constexpr std::array<std::string_view, 4> standings{"open", "closed", "hidden", "withdrawn"};

/// What the address asks of a feed, apart from its cursor.
struct FeedWish {
  std::size_t sort = 0;
  std::string kind, theme, state, cursor;

  [[nodiscard]] std::string query(std::size_t with_sort, std::string_view with_cursor) const {
    return query_of({{"sort", with_sort == 0 ? "" : std::string(sort_words.at(with_sort))},
                     {"kind", kind},
                     {"theme", theme},
                     {"state", state},
                     {"cursor", std::string(with_cursor)}});
  }
  [[nodiscard]] bool has_filter() const {
    return !kind.empty() || !theme.empty() || !state.empty();
  }
};

/// A value that is none of the words asks for nothing: addresses are typed and mangled.
FeedWish wish_of(const Request& request) {
  FeedWish wish;
  const auto value = [&](std::string_view name) {
    return std::string(request.query_value(name).value_or(""));
  };
  const auto sort = std::ranges::find(sort_words, value("sort"));
  wish.sort = sort == sort_words.end() ? 0 : static_cast<std::size_t>(sort - sort_words.begin());
  if (is_slug(value("kind"))) wish.kind = value("kind");
  if (is_slug(value("theme"))) wish.theme = value("theme");
  if (std::ranges::find(standings, value("state")) != standings.end()) {
    wish.state = value("state");
  }
  wish.cursor = value("cursor");
  return wish;
}

std::expected<FeedPage, Problem> read_feed(const Visit& visit, const FeedWish& wish,
                                           std::optional<SpaceId> space) {
  const auto feed = serving(visit.site.node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  FeedQuery query{.platform = visit.platform.id,
                  .space = space,
                  .sort = static_cast<FeedSort>(wish.sort),
                  .kind = {},
                  .theme = {},
                  .standing = {},
                  .accepted = {},
                  .limit = feed_size,
                  .cursor = {},
                  .viewer = visit.viewer()};
  if (!wish.kind.empty()) query.kind = wish.kind;
  if (!wish.theme.empty()) query.theme = wish.theme;
  const auto state = std::ranges::find(standings, wish.state);
  if (state != standings.end()) query.standing = static_cast<Standing>(state - standings.begin());
  const auto cursor =
      cursor_of(visit.site.node, Call{visit.request, visit.platform, visit.requester}, "pages");
  if (!cursor) return std::unexpected(cursor.error());
  query.cursor = *cursor;
  auto page = (*feed)->page(query);
  if (page.gone) return std::unexpected(Problem{&problems::invalid_cursor, {}, {}, {}});
  return page;
}

void set_sorts(Values& values, const Visit& visit, const FeedWish& wish, const std::string& path) {
  Values sorts(Values::type::list);
  for (std::size_t at = 0; at < sort_words.size(); ++at) {
    Values sort;
    sort["sort_href"] = path + wish.query(at, {}) + "#feed";
    sort["sort_label"] = visit.texts("sort." + std::string(sort_words.at(at)));
    sort["sort_current"] = at == wish.sort;
    sorts.push_back(sort);
  }
  values["sorts"] = std::move(sorts);
  values["sort_name"] = std::string(sort_words.at(wish.sort));
}

void set_feed(Values& values, const Visit& visit, const FeedWish& wish, const FeedPage& page,
              const std::string& path, bool with_space) {
  set_sorts(values, visit, wish, path);
  set_cards(values, visit, page, with_space);
  std::optional<std::string> next;
  if (page.next) {
    const auto cursor = seal_cursor(visit.site.node, visit.platform, "pages", *page.next);
    next = path + wish.query(wish.sort, cursor) + "#feed";
  }
  set_pager(values, next,
            wish.cursor.empty() ? std::nullopt
                                : std::optional(path + wish.query(wish.sort, {}) + "#feed"));
}

/// Title, excerpt, numbers and term of a space.
void set_space(Values& values, const Visit& visit, SpaceId id, const SpaceRecord& record,
               const TallyView& tally) {
  const auto& told = record.description;
  const auto totals = tally.totals(visit.platform.id, id);
  values["space_title"] = told.title;
  values["space_href"] = visit.href(id);
  values["space_excerpt"] = markdown_words(told.introduction, longest_excerpt);
  values["space_facts"] = visit.texts.count("contributions", totals.contributions) + " · " +
                          visit.texts.count("participants", totals.participants);
  const auto dated = [&](std::string_view key, const std::optional<Timestamp>& when) {
    return when ? std::optional(visit.texts(key, {{"date", date_words(visit.texts, *when)}}))
                : std::nullopt;
  };
  const bool has_closed = told.closes_at && *told.closes_at <= visit.now;
  const bool is_ahead = told.opens_at && visit.now < *told.opens_at;
  values["space_closed"] =
      or_false(has_closed ? dated("space.closed", told.closes_at) : std::nullopt);
  values["space_term"] = or_false(has_closed ? std::nullopt
                                  : is_ahead ? dated("space.opens", told.opens_at)
                                             : dated("space.closes", told.closes_at));
}

PageAnswer platform_page(const Visit& visit) {
  const auto tally = serving(visit.site.node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  const auto wish = wish_of(visit.request);
  const auto feed = read_feed(visit, wish, {});
  if (!feed) return std::unexpected(feed.error());
  const auto& record = visit.platform.record;
  Page page("platform", record.name, record.introduction);
  page.is_home = true;
  page.is_indexed = wish.cursor.empty();
  page.values["introduction_html"] = markdown_html(record.introduction);
  Values spaces(Values::type::list);
  for (const auto& [id, space] : visit.spaces) {
    Values values;
    set_space(values, visit, id, space, **tally);
    spaces.push_back(values);
  }
  page.values["spaces"] = std::move(spaces);
  set_feed(page.values, visit, wish, *feed, visit.home, true);
  return page;
}

void set_place_links(Values& values, const Visit& visit, SpaceId id, const SpaceRecord& record) {
  Values links(Values::type::list);
  const auto& me = visit.viewer().person;
  const bool can_place = record.is_open_at(visit.now) && me &&
                         visit.may(Capability::place, {.concerned = me, .author = me});
  for (const auto& kind : record.description.kinds) {
    Values link;
    link["place_href"] = visit.href(id) + "/new/" + kind;
    const std::string key = "place." + kind;
    link["place_label"] = visit.texts.has(key)
                              ? visit.texts(key)
                              : visit.texts("place.other", {{"kind", visit.kind_label(kind)}});
    links.push_back(link);
  }
  values["can_place"] = can_place;
  values["place_links"] = std::move(links);
}

Values option(const std::string& value, const std::string& label, bool is_chosen) {
  Values out;
  out["option_value"] = value;
  out["option_label"] = label;
  out["option_chosen"] = is_chosen;
  return out;
}

void set_filters(Values& values, const Visit& visit, const SpaceRecord& record,
                 const FeedWish& wish, const std::string& path) {
  Values kinds(Values::type::list);
  for (const auto& kind : record.description.kinds) {
    kinds.push_back(option(kind, visit.kind_label(kind), kind == wish.kind));
  }
  Values states(Values::type::list);
  const bool moderates = visit.may(Capability::moderate, {});
  for (std::size_t at = 0; at < (moderates ? standings.size() : 2); ++at) {
    const std::string state(standings.at(at));
    states.push_back(option(state, visit.texts("standing." + state), state == wish.state));
  }
  values["has_filters"] = true;
  values["filter_action"] = path;
  values["filter_kinds"] = std::move(kinds);
  values["filter_states"] = std::move(states);
  values["filter_theme"] = wish.theme;
  values["filter_clear"] =
      or_false(wish.has_filter() ? std::optional(path + "#feed") : std::nullopt);
}

PageAnswer space_page(const Visit& visit) {
  const auto id = space_named(visit, visit.request.path_parameter("space"));
  const auto* record = id ? visit.space(*id) : nullptr;
  if (record == nullptr) return std::unexpected(not_found());
  const auto tally = serving(visit.site.node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  const auto wish = wish_of(visit.request);
  const auto feed = read_feed(visit, wish, id);
  if (!feed) return std::unexpected(feed.error());
  Page page("space", record->description.title, record->description.introduction);
  page.space = id;
  page.is_indexed = wish.cursor.empty() && !wish.has_filter();
  const auto path = visit.href(*id);
  set_space(page.values, visit, *id, *record, **tally);
  page.values["introduction_html"] = markdown_html(record->description.introduction);
  set_place_links(page.values, visit, *id, *record);
  set_filters(page.values, visit, *record, wish, path);
  set_feed(page.values, visit, wish, *feed, path, false);
  return page;
}

constexpr std::size_t platforms_on_page = 50;

Response installation_page(const Site& site, const Request& request) {
  const auto tally = serving(site.node.tables.tally);
  if (!tally) return show_problem(site, request, tally.error());
  const auto after = PlatformId::parse(request.query_value("after").value_or(""));
  const auto ids = site.node.store.platforms(after.value_or(PlatformId()), platforms_on_page);
  const auto& texts = site.templates.texts("nl");
  Values rows(Values::type::list);
  std::size_t count = 0;
  for (const auto id : ids) {
    const auto found =
        id == directory_id() ? std::nullopt : find_platform(site.node.store, id.text());
    if (!found) continue;
    const auto totals = (*tally)->totals(id, {});
    Values row;
    row["platform_hue"] = hue_of(found->record.slug);
    row["platform_href"] = "/p/" + found->record.slug;
    row["platform_name"] = found->record.name;
    row["platform_excerpt"] = markdown_words(found->record.introduction, longest_excerpt);
    row["platform_facts"] = texts.count("contributions", totals.contributions) + " · " +
                            texts.count("comments", totals.comments) + " · " +
                            texts.count("participants", totals.participants);
    rows.push_back(row);
    ++count;
  }
  Page page("installation", texts("installation.title"), texts("installation.lead"));
  page.values["platforms"] = count > 0;
  page.values["platform_rows"] = std::move(rows);
  set_pager(page.values,
            ids.size() == platforms_on_page ? std::optional("/?after=" + ids.back().text())
                                            : std::nullopt,
            after ? std::optional<std::string>("/") : std::nullopt);
  return show(site, request, std::move(page));
}

}  // namespace

std::optional<SpaceId> space_named(const Visit& visit, std::string_view name) {
  const auto state = visit.site.node.store.state(visit.platform.id);
  if (const auto slug = find<SpaceSlugRecord>(*state, std::string(name))) return slug->space;
  return SpaceId::parse(name);
}

void add_feed_pages(Router& router, const std::shared_ptr<const Site>& site) {
  router.add(page_route(Method::get, "/", "pageInstallation",
                        "open: names and introductions of platforms are public",
                        [site](const Request& request, Respond respond) {
                          respond(installation_page(*site, request));
                        }));
  router.add(page_route(Method::get, "/p/{platform}", "pagePlatform", "may_see(contribution)",
                        page(site, {"feed", "tally"}, platform_page)));
  router.add(page_route(Method::get, "/p/{platform}/s/{space}", "pageSpace",
                        "may_see(space), may_see(contribution)",
                        page(site, {"feed", "tally"}, space_page)));
}

}  // namespace meent::api::pages
