#include "api/routes/routes.h"
#include "api/shapes.h"
#include "domain/text.h"

namespace meent::api {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t longest_text = 2000;  // characters to look for
constexpr std::size_t longest_language = 35;

std::vector<std::string> values_of(const Request& request, std::string_view name) {
  std::vector<std::string> out;
  for (const auto value : request.query_values(name)) out.emplace_back(value);
  return out;
}

std::expected<std::optional<Timestamp>, Problem> time_of(const Request& request,
                                                         std::string_view name) {
  const auto value = request.query_value(name);
  if (!value) return std::nullopt;
  auto text = std::string(*value);
  if (text.size() == 10) text += "T00:00:00Z";
  const auto time = parse_rfc3339(text);
  if (time) return time;
  return std::unexpected(invalid_parameter("query." + std::string(name),
                                           "Write a date as 2026-11-24 or a time as "
                                           "2026-11-24T10:15:30Z."));
}

std::expected<SearchQuery, Problem> search_query(const Call& call) {
  const auto& request = call.request;
  SearchQuery query;
  query.platform = call.platform.id;
  query.viewer = call.requester.viewer;
  query.text = request.query_value("q").value_or("");
  if (length(query.text) > longest_text) {
    return std::unexpected(invalid_parameter("query.q", "At most 2000 characters."));
  }
  query.kinds = values_of(request, "kind");
  query.themes = values_of(request, "theme");
  query.language = request.query_value("language").value_or("");
  if (query.language.size() > longest_language) {
    return std::unexpected(invalid_parameter("query.language", "This is no language tag."));
  }
  const auto what = word_of(request, "what", {"everything", "contributions", "comments"}, 0);
  if (!what) return std::unexpected(what.error());
  query.what = static_cast<SearchWhat>(*what);
  const auto sort = word_of(request, "sort", {"relevance", "newest"}, 0);
  if (!sort) return std::unexpected(sort.error());
  query.sort = static_cast<SearchSort>(*sort);
  const auto standing = word_of(request, "standing", {"open", "closed", "hidden", "withdrawn"}, -1);
  if (!standing) return std::unexpected(standing.error());
  if (*standing >= 0) query.standings.push_back(static_cast<Standing>(*standing));
  if (const auto space = request.query_value("space")) {
    query.space = SpaceId::parse(*space);
    if (!query.space) {
      return std::unexpected(invalid_parameter("query.space", "This must be a space's id."));
    }
  }
  const auto from = time_of(request, "from");
  if (!from) return std::unexpected(from.error());
  query.from = *from;
  const auto until = time_of(request, "until");
  if (!until) return std::unexpected(until.error());
  query.until = *until;
  const auto limit = limit_of(request, 20, most_search_hits);
  if (!limit) return std::unexpected(limit.error());
  query.limit = static_cast<std::uint32_t>(*limit);
  const auto offset = request.query_number("offset", 0, farthest_search_hit);
  if (request.query_value("offset") && !offset) {
    return std::unexpected(invalid_parameter("query.offset", "This must be from 0 to 1000."));
  }
  query.offset = static_cast<std::uint32_t>(offset.value_or(0));
  return query;
}

Answer search(const Node& node, const Call& call) {
  const auto query = search_query(call);
  if (!query) return std::unexpected(query.error());
  const auto view = serving(node.search);
  if (!view) return std::unexpected(view.error());
  const auto page = (*view)->search(*query);
  const Shaping shaping{node, call.platform};
  JsonWriter json;
  json.open_object().open_array("items");
  for (const auto& hit : page.hits) write_search_hit(json, {}, shaping, hit);
  json.close_array()
      .field("next", page.next)
      .field("estimated_total", page.estimated_total)
      .field("has_every_word", page.has_every_word)
      .field("suggestion", page.suggestion);
  write_facets(json, "facets", page.facets);
  return Response::json(json.close_object().take());
}

Parameter text_parameter(std::string name, std::string description, std::string schema) {
  return {.name = std::move(name),
          .place = ParameterPlace::query,
          .description = std::move(description),
          .schema = std::move(schema),
          .is_required = false,
          .example = ""};
}

}  // namespace

void add_search_routes(Router& router, const Node& node) {
  router.schema("SearchPage", R"({"type":"object",
    "required":["items","next","estimated_total","has_every_word","suggestion","facets"],
    "properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/SearchHit"}},
    "next":{"type":["integer","null"],"description":"Pass as `offset`."},
    "estimated_total":{"type":"integer"},"has_every_word":{"type":"boolean",
      "description":"false: nothing had every word, so these have some."},
    "suggestion":{"type":["string","null"]},
    "facets":{"type":"object","required":["spaces","kinds","themes","standings"],"properties":{
      "spaces":{"$ref":"#/components/schemas/FacetCounts"},
      "kinds":{"$ref":"#/components/schemas/FacetCounts"},
      "themes":{"$ref":"#/components/schemas/FacetCounts"},
      "standings":{"$ref":"#/components/schemas/FacetCounts"}}}}})");
  Operation row;
  row.id = "search";
  row.summary = "Search contributions and comments";
  row.description = "docs/search.md says what is found and in which order.";
  row.tag = "search";
  row.guard = "may_see(item)";
  const std::string words =
      R"({"type":"array","maxItems":50,"items":{"type":"string","pattern":"^[^\\u0000]*$"}})";
  const std::string time =
      R"({"type":"string","anyOf":[{"format":"date"},{"format":"date-time"}]})";
  row.parameters = {
      platform_parameter(),
      text_parameter("q", "What to look for; empty: everything, newest first.",
                     R"({"type":"string","maxLength":2000,"pattern":"^[^\\u0000]*$"})"),
      word_parameter("what", "Which items.", {"everything", "contributions", "comments"}),
      word_parameter("sort", "Order.", {"relevance", "newest"}),
      text_parameter("space", "Only in this space.", schema_ref("Id")),
      text_parameter("kind", "Only of these kinds.", words),
      text_parameter("theme", "Only with one of these themes.", words),
      word_parameter("standing", "Only standing so.", {"open", "closed", "hidden", "withdrawn"}),
      text_parameter("language", "Only in this language.",
                     R"({"type":"string","maxLength":35,"pattern":"^[^\\u0000]*$"})"),
      text_parameter("from", "Shown at this time or later.", time),
      text_parameter("until", "Shown before this time.", time),
      limit_parameter(20, most_search_hits),
      text_parameter("offset", "`next` of the page before this one.",
                     R"({"type":"integer","minimum":0,"maximum":1000,"default":0})"),
      meent_after_parameter()};
  row.responses = {json_answer(200, "A page of hits.", "SearchPage")};
  row.problem_statuses = {401, 410, 503};
  router.add({Method::get, "/api/v1/platforms/{platform}/search", row,
              reading(node, "search", [&node](const Call& call) { return search(node, call); })});
}

}  // namespace meent::api
