#include "api/platform_founding.h"
#include "api/routes/routes.h"
#include "api/routes/state_list.h"
#include "api/shapes.h"
#include "domain/kind.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::size_t most_platforms = 100;
constexpr std::size_t most_kinds = 100;

Answer list_platforms(const Node& node, const Request& request) {
  const auto limit = limit_of(request, 50, most_platforms);
  if (!limit) return std::unexpected(limit.error());
  PlatformId after;
  if (const auto text = request.query_value("after")) {
    const auto id = PlatformId::parse(*text);
    if (!id) return std::unexpected(invalid_parameter("query.after", "This must be an id."));
    after = *id;
  }
  JsonWriter json;
  json.open_object().open_array("items");
  std::optional<PlatformId> last;
  const auto ids = node.store.platforms(after, *limit);
  for (const auto id : ids) {
    last = id;
    if (id == directory_id()) continue;
    if (const auto platform = find_platform(node.store, id.text())) {
      write_platform(json, {}, *platform);
    }
  }
  json.close_array();
  json.field("next", ids.size() == *limit ? last : std::nullopt).close_object();
  return Response::json(json.take());
}

void create_platform(const Node& node, const Request& request, Respond respond) {
  const auto requester = directory_operator(
      node, request, "This needs a token of the directory with the scope operate or import.");
  if (!requester) return respond(to_response(requester.error(), request));
  const auto key = idempotency_key_of(request);
  if (!key) return respond(to_response(key.error(), request));
  auto body = JsonBody::parse(request.body);
  if (!body) return respond(to_response(body.error(), request));
  const auto genesis = node.store.partition().genesis;
  PlatformFounding founding{.log = genesis ? genesis->log_id : LogId(),
                            .slug = body->text("slug"),
                            .name = body->text("name"),
                            .language = body->text("language"),
                            .introduction = body->text("introduction", JsonBody::Need::optional),
                            .hosts = body->texts("hosts", 16),
                            .requester = *requester,
                            .idempotency_key = *key,
                            .request = request_bytes(request)};
  if (const auto problem = body->problem()) return respond(to_response(*problem, request));
  found_platform(node, std::move(founding),
                 [&node, &request, shared = std::make_shared<Respond>(std::move(respond))](
                     std::expected<PlatformId, Problem> founded) {
                   if (!founded) return (*shared)(to_response(founded.error(), request));
                   const auto platform = find_platform(node.store, founded->text());
                   if (!platform) return (*shared)(to_response(not_found(), request));
                   JsonWriter json;
                   write_platform(json, {}, *platform);
                   Response response = Response::json(json.take(), 201);
                   response.headers.add("Location", "/api/v1/platforms/" + founded->text());
                   (*shared)(std::move(response));
                 });
}

Answer get_platform(const Call& call) {
  JsonWriter json;
  write_platform(json, {}, call.platform);
  return Response::json(json.take());
}

Answer list_kinds(const Node& node, const Call& call) {
  return state_list<KindRecord>(node, call, "kinds", most_kinds,
                                [](JsonWriter& json, std::string_view, const KindRecord& record) {
                                  write_kind(json, {}, record.kind);
                                });
}

Kind kind_from(JsonBody& body, std::string_view name) {
  Kind kind;
  kind.name = name;
  kind.label = body.text("label");
  kind.abilities = (body.flag("discuss", true) ? 1U : 0U) | (body.flag("support", true) ? 2U : 0U) |
                   (body.flag("revise", true) ? 4U : 0U);
  kind.title_required = body.flag("title_required", true);
  kind.longest_title =
      static_cast<std::uint32_t>(body.number("longest_title", 1, 500).value_or(150));
  kind.longest_body =
      static_cast<std::uint32_t>(body.number("longest_body", 1, 100000).value_or(20000));
  for (auto* field : body.objects("form", 30)) {
    const int type =
        field->word("type", {"line", "paragraph", "number", "date", "choice", "link", "place"});
    kind.form.push_back(
        {.name = field->text("name"),
         .label = field->text("label"),
         .type = static_cast<FieldType>(std::max(type, 0)),
         .required = field->flag("required", false),
         .longest = static_cast<std::uint32_t>(field->number("longest", 1, 20000).value_or(500)),
         .choices = field->texts("choices", 100)});
  }
  kind.themes = body.texts("themes", 200);
  return kind;
}

std::expected<Prepared, Problem> define_kind(const Call& call, JsonBody& body) {
  auto kind = kind_from(body, call.request.path_parameter("kind"));
  return Prepared{.command = KindCommand(DefineKind{std::move(kind)}),
                  .occurred_at = {},
                  .answer = [](const eventstore::Accepted&, JsonWriter&, Response&) {}};
}

void add_schemas(Router& router) {
  router.schema("PlatformPage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"$ref":"#/components/schemas/Platform"}},
    "next":{"type":["string","null"],"description":"Pass as `after`."}}})");
  router.schema("PlatformFounding", R"({"type":"object","additionalProperties":false,
    "required":["slug","name","language"],"properties":{
    "slug":{"type":"string","pattern":"^[a-z0-9]+(-[a-z0-9]+)*$","maxLength":64},
    "name":{"type":"string","minLength":1,"maxLength":120},
    "language":{"$ref":"#/components/schemas/Language"},
    "introduction":{"type":"string","maxLength":4000},
    "hosts":{"type":"array","maxItems":16,"uniqueItems":true,"items":{"type":"string",
    "maxLength":253,"pattern":"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)"
                                    R"(([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"}}}})");
  router.schema("KindPage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"$ref":"#/components/schemas/Kind"}},
    "next":{"$ref":"#/components/schemas/Next"}}})");
  router.schema("KindDefinition", R"({"type":"object","additionalProperties":false,
    "required":["label"],"properties":{"label":{"type":"string","minLength":1,"maxLength":60},
    "discuss":{"type":"boolean"},"support":{"type":"boolean"},"revise":{"type":"boolean"},
    "title_required":{"type":"boolean"},
    "longest_title":{"type":"integer","minimum":1,"maximum":500},
    "longest_body":{"type":"integer","minimum":1,"maximum":100000},
    "form":{"type":"array","maxItems":30,"items":{"$ref":"#/components/schemas/FormField"}},
    "themes":{"type":"array","maxItems":200,"uniqueItems":true,"items":{"type":"string",
    "pattern":"^[a-z0-9]+(-[a-z0-9]+)*$","maxLength":64}}}})");
}

}  // namespace

void add_platform_routes(Router& router, const Node& node) {
  add_schemas(router);

  auto list = operation("platforms", "listPlatforms", "The platforms of this installation",
                        "open: names and introductions of platforms are public");
  list.parameters = {limit_parameter(50, most_platforms),
                     {.name = "after",
                      .place = ParameterPlace::query,
                      .description = "`next` of the page before this one.",
                      .schema = schema_ref("Id"),
                      .is_required = false,
                      .example = ""}};
  list.responses = {json_answer(200, "A page of platforms.", "PlatformPage")};
  router.add({Method::get, "/api/v1/platforms", list,
              reading_installation(
                  [&node](const Request& request) { return list_platforms(node, request); })});

  auto create = operation("platforms", "createPlatform", "Found a platform", "may_act(found)");
  create.needs_token = true;
  create.parameters = {idempotency_parameter()};
  create.body = json_request("PlatformFounding",
                             R"({"slug":"markelo","name":"Markelo samen","language":"nl"})");
  create.responses = {json_answer(201, "The platform.", "Platform")};
  create.responses.front().headers = {{"Location", "Address of the platform."}};
  create.problem_statuses = {401, 403, 409, 422, 503};
  router.add(
      {Method::post, "/api/v1/platforms", create, [&node](const Request& request, Respond respond) {
         create_platform(node, request, std::move(respond));
       }});

  auto get = operation("platforms", "getPlatform", "One platform", "may_see(platform)");
  get.parameters = {platform_parameter(), meent_after_parameter()};
  get.responses = {json_answer(200, "The platform.", "Platform")};
  get.problem_statuses = {401, 410, 503};
  router.add({Method::get, "/api/v1/platforms/{platform}", get, reading(node, "", get_platform)});

  auto kinds =
      operation("platforms", "listKinds", "The kinds of contributions", "may_see(platform)");
  kinds.parameters = {platform_parameter(), limit_parameter(50, most_kinds), cursor_parameter(),
                      meent_after_parameter()};
  kinds.responses = {json_answer(200, "A page of kinds.", "KindPage")};
  kinds.problem_statuses = {401, 410, 503};
  router.add({Method::get, "/api/v1/platforms/{platform}/kinds", kinds,
              reading(node, "", [&node](const Call& call) { return list_kinds(node, call); })});

  auto define =
      operation("platforms", "defineKind", "Define a kind, or define it anew", "may_act(found)");
  define.needs_token = true;
  define.parameters = {platform_parameter(),
                       {.name = "kind",
                        .place = ParameterPlace::path,
                        .description = "Name of the kind.",
                        .schema = R"({"type":"string","pattern":"^[a-z0-9]+(-[a-z0-9]+)*$",
                                      "maxLength":64})",
                        .is_required = true,
                        .example = R"("idea")"},
                       idempotency_parameter(),
                       meent_after_parameter()};
  define.body = json_request("KindDefinition", R"({"label":"Idee"})");
  define.responses = {json_answer(200, "Defined.", "Accepted")};
  define.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::put, "/api/v1/platforms/{platform}/kinds/{kind}", define,
              writing(node, TokenScope::operate, define_kind)});
}

}  // namespace meent::api
