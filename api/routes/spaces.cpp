#include "api/routes/routes.h"
#include "api/routes/state_list.h"
#include "api/shapes.h"
#include "domain/space.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::size_t most_spaces = 100;

void write_one(JsonWriter& json, const projections::TallyView& tally, const Call& call,
               SpaceId space, const SpaceRecord& record) {
  write_space(json, {}, space, record, tally.totals(call.platform.id, space),
              record.is_open_at(wall_clock()));
}

Answer list_spaces(const Node& node, const Call& call) {
  const auto tally = serving(node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  return state_list<SpaceRecord>(
      node, call, "spaces", most_spaces,
      [&](JsonWriter& json, std::string_view key, const SpaceRecord& record) {
        const auto space = id_of_key<SpaceId>(key);
        if (!may_see(call.requester.viewer, Scope::of_space(space, Level::open))) return;
        write_one(json, **tally, call, space, record);
      });
}

Answer get_space(const Node& node, const Call& call) {
  const auto space = path_id<SpaceId>(call, "space");
  if (!space) return std::unexpected(space.error());
  const auto tally = serving(node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  const auto record = find<SpaceRecord>(*node.store.state(call.platform.id), *space);
  if (!record || !may_see(call.requester.viewer, Scope::of_space(*space, Level::open))) {
    return std::unexpected(not_found());
  }
  JsonWriter json;
  write_one(json, **tally, call, *space, *record);
  return Response::json(json.take());
}

SpaceDescription description_from(JsonBody& body) {
  return {.slug = body.text("slug"),
          .title = body.text("title"),
          .introduction = body.text("introduction", JsonBody::Need::optional),
          .kinds = body.texts("kinds", 20, 64),
          .opens_at = body.nullable_time("opens_at"),
          .closes_at = body.nullable_time("closes_at")};
}

std::expected<Prepared, Problem> create_space(const Call& call, JsonBody& body) {
  const std::string prefix = "/api/v1/platforms/" + call.platform.id.text() + "/spaces/";
  return Prepared{.command = SpaceCommand(CreateSpace{draw_id<SpaceId>(), description_from(body)}),
                  .occurred_at = {},
                  .answer = [prefix](const eventstore::Accepted& accepted, JsonWriter& json,
                                     Response& response) {
                    const auto* created = first_event<SpaceCreated>(accepted);
                    json.field("id", created->space);
                    response.status = 201;
                    response.headers.add("Location", prefix + created->space.text());
                  }};
}

std::expected<Prepared, Problem> change_space(const Call& call, JsonBody& body) {
  auto description = description_from(body);
  const auto space = path_id<SpaceId>(call, "space");
  if (!space) return std::unexpected(space.error());
  return Prepared{.command = SpaceCommand(ChangeSpace{*space, std::move(description)}),
                  .occurred_at = {},
                  .answer = [id = *space](const eventstore::Accepted&, JsonWriter& json,
                                          Response&) { json.field("id", id); }};
}

}  // namespace

void add_space_routes(Router& router, const Node& node) {
  router.schema("SpacePage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"$ref":"#/components/schemas/Space"}},
    "next":{"$ref":"#/components/schemas/Next"}}})");
  router.schema("SpaceDescription", R"({"type":"object","additionalProperties":false,
    "required":["slug","title","kinds"],"properties":{
    "slug":{"type":"string","pattern":"^[a-z0-9]+(-[a-z0-9]+)*$","maxLength":64},
    "title":{"type":"string","minLength":1,"maxLength":150},
    "introduction":{"type":"string","maxLength":8000},
    "kinds":{"type":"array","minItems":1,"maxItems":20,"items":{"type":"string","maxLength":64}},
    "opens_at":{"type":["string","null"],"format":"date-time"},
    "closes_at":{"type":["string","null"],"format":"date-time"}}})");

  auto list = operation("spaces", "listSpaces", "The spaces of a platform", "may_see(space)");
  list.parameters.insert(list.parameters.end(), {limit_parameter(50, most_spaces),
                                                 cursor_parameter(), meent_after_parameter()});
  list.responses = {json_answer(200, "A page of spaces.", "SpacePage")};
  list.problem_statuses = {401, 410, 503};
  router.add(
      {Method::get, "/api/v1/platforms/{platform}/spaces", list,
       reading(node, "tally", [&node](const Call& call) { return list_spaces(node, call); })});

  auto get = operation("spaces", "getSpace", "One space", "may_see(space)");
  get.parameters.insert(get.parameters.end(),
                        {id_parameter("space", "Id of the space."), meent_after_parameter()});
  get.responses = {json_answer(200, "The space.", "Space")};
  get.problem_statuses = {401, 410, 503};
  router.add({Method::get, "/api/v1/platforms/{platform}/spaces/{space}", get,
              reading(node, "tally", [&node](const Call& call) { return get_space(node, call); })});

  auto create = operation("spaces", "createSpace", "Create a space", "may_act(found)");
  create.needs_token = true;
  create.parameters.insert(create.parameters.end(),
                           {idempotency_parameter(), meent_after_parameter()});
  create.body = json_request(
      "SpaceDescription", R"({"slug":"ideeen","title":"Ideeën voor het dorp","kinds":["idea"]})");
  create.responses = {json_answer(201, "Created.", "Accepted")};
  create.responses.front().headers = {{"Location", "Address of the space."}};
  create.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::post, "/api/v1/platforms/{platform}/spaces", create,
              writing(node, TokenScope::operate, create_space)});

  auto change =
      operation("spaces", "changeSpace", "Change what a space says of itself", "may_act(found)");
  change.needs_token = true;
  change.parameters.insert(change.parameters.end(),
                           {id_parameter("space", "Id of the space."), idempotency_parameter(),
                            meent_after_parameter()});
  change.body = json_request(
      "SpaceDescription", R"({"slug":"ideeen","title":"Ideeën voor het dorp","kinds":["idea"]})");
  change.responses = {json_answer(200, "Changed.", "Accepted")};
  change.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::put, "/api/v1/platforms/{platform}/spaces/{space}", change,
              writing(node, TokenScope::operate, change_space)});
}

}  // namespace meent::api
