#include "api/shapes.h"

#include <array>

namespace meent::api {

using namespace domain;
using namespace projections;

namespace {

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.open_array(name);
  for (const auto& text : texts) json.element(text);
  json.close_array();
}

void write_runs(JsonWriter& json, std::string_view name, const std::vector<TextRun>& runs) {
  json.open_array(name);
  for (const auto& run : runs) {
    json.open_object().field("text", run.text).field("highlighted", run.highlighted).close_object();
  }
  json.close_array();
}

void write_facet(JsonWriter& json, std::string_view name, const std::vector<FacetCount>& counts) {
  json.open_array(name);
  for (const auto& count : counts) {
    json.open_object().field("value", count.value).field("count", count.count).close_object();
  }
  json.close_array();
}

}  // namespace

std::string_view word_of(Standing standing) {
  constexpr std::array<std::string_view, 4> words{"open", "closed", "hidden", "withdrawn"};
  return words[static_cast<std::size_t>(standing)];
}
std::string_view word_of(Stance stance) {
  constexpr std::array<std::string_view, 3> words{"agree", "pass", "disagree"};
  return words[static_cast<std::size_t>(stance)];
}
std::string_view word_of(Role role) {
  constexpr std::array<std::string_view, 3> words{"person", "moderator", "operator"};
  return words[static_cast<std::size_t>(role)];
}
std::string_view word_of(FieldType type) {
  constexpr std::array<std::string_view, 7> words{"line",   "paragraph", "number", "date",
                                                  "choice", "link",      "place"};
  return words[static_cast<std::size_t>(type)];
}

void write_person(JsonWriter& json, std::string_view name, const Shaping& shaping,
                  PersonId person) {
  json.open_object(name)
      .field("id", person)
      .field("name", shaping.node.name_of(shaping.platform.id, person))
      .close_object();
}

void write_platform(JsonWriter& json, std::string_view name, const Platform& platform) {
  json.open_object(name)
      .field("id", platform.id)
      .field("slug", platform.record.slug)
      .field("name", platform.record.name)
      .field("language", platform.record.language)
      .field("introduction", platform.record.introduction)
      .field("created_at", platform.record.created_at)
      .close_object();
}

void write_space(JsonWriter& json, std::string_view name, SpaceId space, const SpaceRecord& record,
                 const SpaceTotals& totals, bool is_open) {
  const auto& description = record.description;
  json.open_object(name)
      .field("id", space)
      .field("slug", description.slug)
      .field("title", description.title)
      .field("introduction", description.introduction);
  write_texts(json, "kinds", description.kinds);
  json.field("opens_at", description.opens_at)
      .field("closes_at", description.closes_at)
      .field("is_open", is_open)
      .field("created_at", record.created_at)
      .open_object("totals")
      .field("contributions", totals.contributions)
      .field("comments", totals.comments)
      .field("supports", totals.supports)
      .field("participants", totals.participants)
      .close_object()
      .close_object();
}

void write_kind(JsonWriter& json, std::string_view name, const Kind& kind) {
  json.open_object(name).field("name", kind.name).field("label", kind.label);
  json.field("discuss", kind.can(KindAbility::discuss))
      .field("support", kind.can(KindAbility::support))
      .field("revise", kind.can(KindAbility::revise))
      .field("title_required", kind.title_required)
      .field("longest_title", kind.longest_title)
      .field("longest_body", kind.longest_body);
  json.open_array("form");
  for (const auto& field : kind.form) {
    json.open_object()
        .field("name", field.name)
        .field("label", field.label)
        .field("type", word_of(field.type))
        .field("required", field.required)
        .field("longest", field.longest);
    write_texts(json, "choices", field.choices);
    json.close_object();
  }
  json.close_array();
  write_texts(json, "themes", kind.themes);
  json.close_object();
}

void write_counts(JsonWriter& json, std::string_view name, const StanceCounts& counts) {
  json.open_object(name)
      .field("agree", counts.agree)
      .field("pass", counts.pass)
      .field("disagree", counts.disagree)
      .close_object();
}

void write_contribution(JsonWriter& json, std::string_view name, const Shaping& shaping,
                        const ContributionRow& row, std::optional<Stance> own) {
  const auto& [node, platform] = shaping;
  json.open_object(name)
      .field("id", row.contribution)
      .field("space", row.space)
      .field("kind", row.kind)
      .field("standing", word_of(row.standing))
      .field("readable", row.readable)
      .field("hide_reason", node.open(platform.id, row.hide_reason))
      .field("placed_at", row.placed_at);
  if (row.readable) {
    write_person(json, "author", shaping, row.author);
    json.field("title", node.open(platform.id, row.title))
        .field("body", node.open(platform.id, row.body));
    json.open_object("form");
    for (const auto& [field, text] : row.form) json.field(field, node.open(platform.id, text));
    json.close_object();
    write_texts(json, "themes", row.themes);
    json.field("language", row.language)
        .field("accepted", row.accepted)
        .field("revision", row.revision)
        .field("revised_at", row.revised_at)
        .field("active_at", row.active_at);
    write_counts(json, "counts", row.counts);
    json.field("comment_count", row.comment_count);
    if (own) {
      json.field("own_stance", word_of(*own));
    } else {
      json.null("own_stance");
    }
  }
  json.close_object();
}

void write_comment(JsonWriter& json, std::string_view name, const Shaping& shaping,
                   const CommentNode& comment) {
  const auto& row = comment.row;
  const auto& [node, platform] = shaping;
  json.open_object(name)
      .field("id", row.comment)
      .field("contribution", row.contribution)
      .field("parent", row.parent)
      .field("standing", word_of(row.standing))
      .field("readable", row.readable)
      .field("hide_reason", node.open(platform.id, row.hide_reason))
      .field("level", row.level)
      .field("placed_at", row.placed_at)
      .field("reply_count", row.reply_count)
      .field("descendant_count", row.descendant_count);
  if (row.readable) {
    write_person(json, "author", shaping, row.author);
    json.field("body", node.open(platform.id, row.body))
        .field("language", row.language)
        .field("accepted", row.accepted)
        .field("revision", row.revision)
        .field("edited_at", row.edited_at);
  }
  json.open_array("replies");
  for (const auto& reply : comment.replies) write_comment(json, {}, shaping, reply);
  json.close_array();
  json.field("more_replies", comment.more.has_value() || row.reply_count > comment.replies.size());
  json.close_object();
}

void write_search_hit(JsonWriter& json, std::string_view name, const Shaping& shaping,
                      const SearchHit& hit) {
  json.open_object(name)
      .field("contribution", hit.contribution)
      .field("comment", hit.comment)
      .field("space", hit.space)
      .field("kind", hit.kind)
      .field("standing", word_of(hit.standing))
      .field("language", hit.language)
      .field("placed_at", hit.time);
  write_person(json, "author", shaping, hit.author);
  write_texts(json, "themes", hit.themes);
  write_runs(json, "title", hit.title);
  write_runs(json, "snippet", hit.snippet);
  json.close_object();
}

void write_facets(JsonWriter& json, std::string_view name, const SearchFacets& facets) {
  json.open_object(name);
  write_facet(json, "spaces", facets.spaces);
  write_facet(json, "kinds", facets.kinds);
  write_facet(json, "themes", facets.themes);
  write_facet(json, "standings", facets.standings);
  json.close_object();
}

void add_shape_schemas(Router& router) {
  router.schema("Platform", R"({"type":"object",
    "required":["id","slug","name","language","introduction","created_at"],"properties":{
    "id":{"$ref":"#/components/schemas/Id"},"slug":{"type":"string"},"name":{"type":"string"},
    "language":{"$ref":"#/components/schemas/Language"},"introduction":{"type":"string"},
    "created_at":{"$ref":"#/components/schemas/Time"}}})");
  router.schema("Space", R"({"type":"object",
    "required":["id","slug","title","introduction","kinds","opens_at","closes_at","is_open",
      "created_at","totals"],"properties":{
    "id":{"$ref":"#/components/schemas/Id"},"slug":{"type":"string"},"title":{"type":"string"},
    "introduction":{"type":"string"},"kinds":{"type":"array","items":{"type":"string"}},
    "opens_at":{"type":["string","null"],"format":"date-time"},
    "closes_at":{"type":["string","null"],"format":"date-time"},
    "is_open":{"type":"boolean"},"created_at":{"$ref":"#/components/schemas/Time"},
    "totals":{"type":"object","required":["contributions","comments","supports","participants"],
      "properties":{"contributions":{"type":"integer"},"comments":{"type":"integer"},
      "supports":{"type":"integer"},"participants":{"type":"integer"}}}}})");
  router.schema("FormField", R"({"type":"object","required":["name","label","type"],"properties":{
    "name":{"type":"string","minLength":1,"maxLength":64},
    "label":{"type":"string","minLength":1,"maxLength":120},
    "type":{"type":"string","enum":["line","paragraph","number","date","choice","link","place"]},
    "required":{"type":"boolean"},"longest":{"type":"integer","minimum":1,"maximum":20000},
    "choices":{"type":"array","maxItems":100,"items":{"type":"string","minLength":1,
      "maxLength":120}}},"additionalProperties":false})");
  router.schema("Kind", R"({"type":"object",
    "required":["name","label","discuss","support","revise","title_required","longest_title",
      "longest_body","form","themes"],"properties":{
    "name":{"type":"string"},"label":{"type":"string"},"discuss":{"type":"boolean"},
    "support":{"type":"boolean"},"revise":{"type":"boolean"},"title_required":{"type":"boolean"},
    "longest_title":{"type":"integer"},"longest_body":{"type":"integer"},
    "form":{"type":"array","items":{"$ref":"#/components/schemas/FormField"}},
    "themes":{"type":"array","items":{"type":"string"}}}})");
  router.schema("Contribution", R"({"type":"object",
    "description":"Not readable: a tombstone without author and texts.",
    "required":["id","space","kind","standing","readable","hide_reason","placed_at"],"properties":{
    "id":{"$ref":"#/components/schemas/Id"},"space":{"$ref":"#/components/schemas/Id"},
    "kind":{"type":"string"},"standing":{"$ref":"#/components/schemas/Standing"},
    "readable":{"type":"boolean"},"hide_reason":{"type":["string","null"]},
    "placed_at":{"$ref":"#/components/schemas/Time"},
    "author":{"$ref":"#/components/schemas/Person"},"title":{"type":["string","null"]},
    "body":{"type":["string","null"],"description":"CommonMark; null: forgotten."},
    "form":{"type":"object","additionalProperties":{"type":["string","null"]}},
    "themes":{"type":"array","items":{"type":"string"}},"language":{"type":"string"},
    "accepted":{"type":"boolean"},"revision":{"type":"integer","minimum":1},
    "revised_at":{"$ref":"#/components/schemas/Time"},
    "active_at":{"$ref":"#/components/schemas/Time"},
    "counts":{"$ref":"#/components/schemas/Counts"},"comment_count":{"type":"integer"},
    "own_stance":{"type":["string","null"],"enum":["agree","pass","disagree",null]}}})");
  router.schema("Comment", R"({"type":"object",
    "description":"Not readable: a tombstone without author and text.",
    "required":["id","contribution","parent","standing","readable","hide_reason","level",
      "placed_at","reply_count","descendant_count","replies","more_replies"],"properties":{
    "id":{"$ref":"#/components/schemas/Id"},"contribution":{"$ref":"#/components/schemas/Id"},
    "parent":{"oneOf":[{"$ref":"#/components/schemas/Id"},{"type":"null"}]},
    "standing":{"$ref":"#/components/schemas/Standing"},"readable":{"type":"boolean"},
    "hide_reason":{"type":["string","null"]},"level":{"type":"integer","minimum":1},
    "placed_at":{"$ref":"#/components/schemas/Time"},"reply_count":{"type":"integer"},
    "descendant_count":{"type":"integer"},"author":{"$ref":"#/components/schemas/Person"},
    "body":{"type":["string","null"]},"language":{"type":"string"},
    "accepted":{"type":"boolean"},"revision":{"type":"integer","minimum":1},
    "edited_at":{"$ref":"#/components/schemas/Time"},
    "replies":{"type":"array","items":{"$ref":"#/components/schemas/Comment"}},
    "more_replies":{"type":"boolean"}}})");
  router.schema("TextRuns", R"({"type":"array","items":{"type":"object",
    "required":["text","highlighted"],"properties":{"text":{"type":"string"},
    "highlighted":{"type":"boolean"}}}})");
  router.schema("SearchHit", R"({"type":"object",
    "required":["contribution","comment","space","kind","standing","language","placed_at","author",
      "themes","title","snippet"],"properties":{
    "contribution":{"$ref":"#/components/schemas/Id"},
    "comment":{"oneOf":[{"$ref":"#/components/schemas/Id"},{"type":"null"}]},
    "space":{"$ref":"#/components/schemas/Id"},"kind":{"type":"string"},
    "standing":{"$ref":"#/components/schemas/Standing"},"language":{"type":"string"},
    "placed_at":{"$ref":"#/components/schemas/Time"},
    "author":{"$ref":"#/components/schemas/Person"},
    "themes":{"type":"array","items":{"type":"string"}},
    "title":{"$ref":"#/components/schemas/TextRuns"},
    "snippet":{"$ref":"#/components/schemas/TextRuns"}}})");
  router.schema("FacetCounts", R"({"type":"array","items":{"type":"object",
    "required":["value","count"],"properties":{"value":{"type":"string"},
    "count":{"type":"integer"}}}})");
}

}  // namespace meent::api
