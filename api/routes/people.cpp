#include "api/routes/routes.h"
#include "api/routes/state_list.h"
#include "api/shapes.h"
#include "domain/person.h"

namespace meent::api {

using namespace domain;
using projections::Deed;

namespace {

constexpr std::size_t most_rows = 100;
constexpr std::initializer_list<std::string_view> role_words = {"person", "moderator", "operator"};

std::string_view word_of(Deed deed) {
  constexpr std::string_view words[] = {"placed",    "revised",         "withdrew",
                                        "commented", "edited-comment",  "withdrew-comment",
                                        "supported", "withdrew-support"};
  return words[static_cast<std::size_t>(deed)];
}

void write_person_in_full(JsonWriter& json, const Node& node, const Call& call, PersonId id,
                          const PersonRecord& record) {
  json.open_object()
      .field("id", id)
      .field("name", node.open(call.platform.id, record.name))
      .field("role", api::word_of(record.role))
      .field("registered_at", record.registered_at)
      .close_object();
}

Answer list_people(const Node& node, const Call& call) {
  return state_list<PersonRecord>(
      node, call, "people", most_rows,
      [&](JsonWriter& json, std::string_view key, const PersonRecord& record) {
        write_person_in_full(json, node, call, id_of_key<PersonId>(key), record);
      });
}

Answer get_person(const Node& node, const Call& call) {
  const auto id = path_id<PersonId>(call, "person");
  if (!id) return std::unexpected(id.error());
  const auto record = find<PersonRecord>(*node.store.state(call.platform.id), *id);
  if (!record || !may_see(call.requester.viewer, Scope::of_platform())) {
    return std::unexpected(not_found());
  }
  JsonWriter json;
  write_person_in_full(json, node, call, *id, *record);
  return Response::json(json.take());
}

Answer list_deeds(const Node& node, const Call& call) {
  const auto id = path_id<PersonId>(call, "person");
  if (!id) return std::unexpected(id.error());
  const auto limit = limit_of(call.request, 20, most_rows);
  if (!limit) return std::unexpected(limit.error());
  const auto cursor = cursor_of(node, call, "deeds");
  if (!cursor) return std::unexpected(cursor.error());
  const auto view = serving(node.tables.person);
  if (!view) return std::unexpected(view.error());
  if (!find<PersonRecord>(*node.store.state(call.platform.id), *id)) {
    return std::unexpected(not_found());
  }
  const auto page = (*view)->page({.platform = call.platform.id,
                                   .person = *id,
                                   .with_support = true,
                                   .limit = *limit,
                                   .cursor = *cursor,
                                   .viewer = call.requester.viewer});
  if (page.gone) return std::unexpected(Problem{&problems::invalid_cursor, {}, {}, {}});
  JsonWriter json;
  json.open_object().open_array("items");
  for (const auto& row : page.rows) {
    json.open_object()
        .field("deed", word_of(row.deed))
        .field("space", row.space)
        .field("contribution", row.contribution)
        .field("comment", row.comment);
    if (row.stance) {
      json.field("stance", api::word_of(*row.stance));
    } else {
      json.null("stance");
    }
    json.field("at", row.at).close_object();
  }
  json.close_array();
  json.field("next", page.next
                         ? std::optional(seal_cursor(node, call.platform, "deeds", *page.next))
                         : std::nullopt);
  return Response::json(json.close_object().take());
}

std::expected<Prepared, Problem> register_person(const Node& node, const Call& call,
                                                 JsonBody& body) {
  const int role = body.word("role", role_words, JsonBody::Need::optional);
  RegisterPerson command{.person = id_for_new<PersonId>(call, body),
                         .identity_key = {},
                         .content_key = {},
                         .name = body.text("name", JsonBody::Need::optional, 1000),
                         .role = static_cast<Role>(std::max(role, 0)),
                         .external_id = body.text("external_id", JsonBody::Need::optional, 500)};
  const auto may = [&](Capability capability) {
    return may_act(call.requester.actor, call.requester.role, capability, {});
  };
  if (!may(Capability::enrol) || (command.role != Role::person && !may(Capability::entrust))) {
    return std::unexpected(Problem{&problems::not_allowed, {}, {}, {}});
  }
  command.identity_key = node.keys.create();
  command.content_key = node.keys.create();
  const std::string prefix = "/api/v1/platforms/" + call.platform.id.text() + "/people/";
  return Prepared{.command = PersonCommand(std::move(command)),
                  .occurred_at = {},
                  .answer = [prefix](const eventstore::Accepted& accepted, JsonWriter& json,
                                     Response& response) {
                    const auto* registered = first_event<PersonRegistered>(accepted);
                    json.field("id", registered->person);
                    response.status = 201;
                    response.headers.add("Location", prefix + registered->person.text());
                  }};
}

std::expected<Prepared, Problem> grant_role(const Call& call, JsonBody& body) {
  const int role = body.word("role", role_words);
  const auto person = path_id<PersonId>(call, "person");
  if (!person) return std::unexpected(person.error());
  return Prepared{
      .command = PersonCommand(GrantRole{*person, static_cast<Role>(std::max(role, 0))}),
      .occurred_at = {},
      .answer = [id = *person](const eventstore::Accepted&, JsonWriter& json, Response&) {
        json.field("id", id);
      }};
}

void add_schemas(Router& router) {
  router.schema("PersonInFull", R"({"type":"object",
    "required":["id","name","role","registered_at"],"properties":{
    "id":{"$ref":"#/components/schemas/Id"},"name":{"type":["string","null"]},
    "role":{"type":"string","enum":["person","moderator","operator"]},
    "registered_at":{"$ref":"#/components/schemas/Time"}}})");
  router.schema("PersonPage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"$ref":"#/components/schemas/PersonInFull"}},
    "next":{"$ref":"#/components/schemas/Next"}}})");
  router.schema("PersonRegistration", R"({"type":"object","additionalProperties":false,
    "properties":{"name":{"type":"string","maxLength":120},
    "role":{"type":"string","enum":["person","moderator","operator"]},
    "external_id":{"type":"string","maxLength":120},
    "id":{"$ref":"#/components/schemas/Id"}}})");
  router.schema("RoleGrant", R"({"type":"object","additionalProperties":false,
    "required":["role"],"properties":{
    "role":{"type":"string","enum":["person","moderator","operator"]}}})");
  router.schema("DeedPage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"type":"object",
      "required":["deed","space","contribution","comment","stance","at"],"properties":{
      "deed":{"type":"string","enum":["placed","revised","withdrew","commented","edited-comment",
        "withdrew-comment","supported","withdrew-support"]},
      "space":{"$ref":"#/components/schemas/Id"},
      "contribution":{"$ref":"#/components/schemas/Id"},
      "comment":{"oneOf":[{"$ref":"#/components/schemas/Id"},{"type":"null"}]},
      "stance":{"type":["string","null"],"enum":["agree","pass","disagree",null]},
      "at":{"$ref":"#/components/schemas/Time"}}}},
    "next":{"$ref":"#/components/schemas/Next"}}})");
}

}  // namespace

void add_person_routes(Router& router, const Node& node) {
  add_schemas(router);

  auto list = operation("people", "listPeople", "The people of a platform", "may_see(platform)");
  list.parameters.insert(list.parameters.end(), {limit_parameter(50, most_rows), cursor_parameter(),
                                                 meent_after_parameter()});
  list.responses = {json_answer(200, "A page of people.", "PersonPage")};
  list.problem_statuses = {401, 410, 503};
  router.add({Method::get, "/api/v1/platforms/{platform}/people", list,
              reading(node, "", [&node](const Call& call) { return list_people(node, call); })});

  auto get = operation("people", "getPerson", "One person", "may_see(platform)");
  get.parameters.insert(get.parameters.end(),
                        {id_parameter("person", "Id of the person."), meent_after_parameter()});
  get.responses = {json_answer(200, "The person.", "PersonInFull")};
  get.problem_statuses = {401, 410, 503};
  router.add({Method::get, "/api/v1/platforms/{platform}/people/{person}", get,
              reading(node, "", [&node](const Call& call) { return get_person(node, call); })});

  auto deeds = operation("people", "listDeeds", "What someone did, newest first", "may_see(item)");
  deeds.description = "Support is secret: only the person itself finds it here.";
  deeds.parameters.insert(deeds.parameters.end(), {id_parameter("person", "Id of the person."),
                                                   limit_parameter(20, most_rows),
                                                   cursor_parameter(), meent_after_parameter()});
  deeds.responses = {json_answer(200, "A page of deeds.", "DeedPage")};
  deeds.problem_statuses = {401, 410, 503};
  router.add(
      {Method::get, "/api/v1/platforms/{platform}/people/{person}/deeds", deeds,
       reading(node, "person", [&node](const Call& call) { return list_deeds(node, call); })});

  auto enrol = operation("people", "registerPerson", "Register a person",
                         "may_act(enrol), may_act(entrust) with a role");
  enrol.needs_token = true;
  enrol.parameters.insert(enrol.parameters.end(),
                          {idempotency_parameter(), meent_after_parameter()});
  enrol.body = json_request("PersonRegistration", R"({"name":"Anna Brandsma"})");
  enrol.responses = {json_answer(201, "Registered.", "Accepted")};
  enrol.responses.front().headers = {{"Location", "Address of the person."}};
  enrol.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::post, "/api/v1/platforms/{platform}/people", enrol,
              writing(node, TokenScope::operate, [&node](const Call& call, JsonBody& body) {
                return register_person(node, call, body);
              })});

  auto grant = operation("people", "grantRole", "Give a person a role", "may_act(entrust)");
  grant.needs_token = true;
  grant.parameters.insert(grant.parameters.end(),
                          {id_parameter("person", "Id of the person."), idempotency_parameter(),
                           meent_after_parameter()});
  grant.body = json_request("RoleGrant", R"({"role":"moderator"})");
  grant.responses = {json_answer(200, "Granted.", "Accepted")};
  grant.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::put, "/api/v1/platforms/{platform}/people/{person}/role", grant,
              writing(node, TokenScope::operate, grant_role)});
}

}  // namespace meent::api
