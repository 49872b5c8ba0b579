#include "api/routes/routes.h"
#include "api/routes/state_list.h"
#include "domain/token.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::size_t most_tokens = 100;
constexpr std::pair<std::string_view, TokenScope> scope_words[] = {
    {"act", TokenScope::act},
    {"moderate", TokenScope::moderate},
    {"import", TokenScope::import_},
    {"operate", TokenScope::operate},
    {"analyse", TokenScope::analyse}};

bool may_entrust(const Call& call) {
  return may_act(call.requester.actor, call.requester.role, Capability::entrust, {});
}

void write_token(JsonWriter& json, std::string_view key, const TokenRecord& record) {
  json.open_object()
      .field("id", id_of_key<TokenId>(key))
      .field("label", record.label)
      .field("person", record.person)
      .open_array("scopes");
  for (const auto& [word, scope] : scope_words) {
    if ((record.scopes & static_cast<TokenScopes>(scope)) != 0) json.element(word);
  }
  json.close_array()
      .field("issued_at", record.issued_at)
      .field("expires_at", record.expires_at)
      .field("revoked", record.revoked)
      .close_object();
}

Answer list_tokens(const Node& node, const Call& call) {
  if (!call.requester.viewer.is_signed_in) {
    return std::unexpected(Problem{&problems::not_signed_in, {}, {}, {}});
  }
  if (!may_entrust(call)) return std::unexpected(Problem{&problems::not_allowed, {}, {}, {}});
  return state_list<TokenRecord>(node, call, "tokens", most_tokens, write_token);
}

std::expected<Prepared, Problem> issue_token(const Call& call, JsonBody& body) {
  const auto drawn = TokenText::draw();
  IssueToken command{
      .token = drawn.id,
      .secret_hash = drawn.hash(),
      .person = body.id<PersonId>("person"),
      .scopes = 0,
      .expires_at = body.time("expires_at", JsonBody::Need::required).value_or(Timestamp{}),
      .label = body.text("label", JsonBody::Need::required, 1000)};
  for (const auto& [place, word] : body.indexed_texts("scopes", 10, 20)) {
    const auto* found = std::find_if(std::begin(scope_words), std::end(scope_words),
                                     [&](const auto& row) { return row.first == word; });
    if (found == std::end(scope_words)) {
      body.fault(place, "unknown-value", "Scopes are act, moderate, import, operate, analyse.");
    } else {
      command.scopes |= static_cast<TokenScopes>(found->second);
    }
  }
  const std::string prefix = "/api/v1/platforms/" + call.platform.id.text() + "/tokens/";
  return Prepared{
      .command = TokenCommand(std::move(command)),
      .occurred_at = {},
      .answer = [prefix, text = drawn.text(), id = drawn.id](const eventstore::Accepted& accepted,
                                                             JsonWriter& json, Response& response) {
        const auto* issued = first_event<TokenIssued>(accepted);
        json.field("id", issued->token);
        // A repeat finds the first token, whose secret was shown then and is kept nowhere.
        if (issued->token == id) {
          json.field("secret", text);
        } else {
          json.null("secret");
        }
        response.status = 201;
        response.headers.add("Location", prefix + issued->token.text());
      }};
}

std::expected<Prepared, Problem> revoke_token(const Call& call, JsonBody&) {
  const auto token = path_id<TokenId>(call, "token");
  if (!token) return std::unexpected(token.error());
  return Prepared{.command = TokenCommand(RevokeToken{*token}),
                  .occurred_at = {},
                  .answer = [id = *token](const eventstore::Accepted&, JsonWriter& json,
                                          Response&) { json.field("id", id); }};
}

void add_schemas(Router& router) {
  router.schema("TokenPage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"type":"object",
      "required":["id","label","person","scopes","issued_at","expires_at","revoked"],"properties":{
      "id":{"$ref":"#/components/schemas/Id"},"label":{"type":"string"},
      "person":{"oneOf":[{"$ref":"#/components/schemas/Id"},{"type":"null"}]},
      "scopes":{"type":"array","items":{"type":"string"}},
      "issued_at":{"$ref":"#/components/schemas/Time"},
      "expires_at":{"$ref":"#/components/schemas/Time"},"revoked":{"type":"boolean"}}}},
    "next":{"$ref":"#/components/schemas/Next"}}})");
  router.schema("TokenRequest", R"({"type":"object","additionalProperties":false,
    "required":["label","scopes","expires_at"],"properties":{
    "label":{"type":"string","minLength":1,"maxLength":120},
    "person":{"$ref":"#/components/schemas/Id"},
    "scopes":{"type":"array","minItems":1,"maxItems":5,"uniqueItems":true,"items":{"type":"string",
      "enum":["act","moderate","import","operate","analyse"]}},
    "expires_at":{"$ref":"#/components/schemas/Time"}}})");
  router.schema("TokenIssued", R"({"type":"object",
    "required":["id","secret","token","recorded_at"],"properties":{
    "id":{"$ref":"#/components/schemas/Id"},
    "secret":{"type":["string","null"],
      "description":"The bearer token; shown this once. null: this was a repeat."},
    "token":{"$ref":"#/components/schemas/Token"},
    "recorded_at":{"$ref":"#/components/schemas/Time"}}})");
}

Operation token_operation(std::string id, std::string summary) {
  auto out = operation("tokens", std::move(id), std::move(summary), "may_act(entrust)");
  out.needs_token = true;
  return out;
}

}  // namespace

void add_token_routes(Router& router, const Node& node) {
  add_schemas(router);
  const std::string path = "/api/v1/platforms/{platform}/tokens";

  auto list = token_operation("listTokens", "The tokens of a platform, without their secrets");
  list.parameters.insert(list.parameters.end(), {limit_parameter(50, most_tokens),
                                                 cursor_parameter(), meent_after_parameter()});
  list.responses = {json_answer(200, "A page of tokens.", "TokenPage")};
  list.problem_statuses = {401, 403, 410, 503};
  router.add({Method::get, path, list,
              reading(node, "", [&node](const Call& call) { return list_tokens(node, call); })});

  auto issue = token_operation("issueToken", "Make a token");
  issue.parameters.insert(issue.parameters.end(),
                          {idempotency_parameter(), meent_after_parameter()});
  issue.body =
      json_request("TokenRequest",
                   R"({"label":"koppeling","scopes":["act"],"expires_at":"2027-01-01T00:00:00Z"})");
  issue.responses = {json_answer(201, "Made.", "TokenIssued")};
  issue.responses.front().headers = {{"Location", "Address of the token."}};
  issue.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::post, path, issue, writing(node, TokenScope::operate, issue_token)});

  auto revoke = token_operation("revokeToken", "Revoke a token");
  revoke.parameters.insert(revoke.parameters.end(),
                           {id_parameter("token", "Id of the token."), idempotency_parameter(),
                            meent_after_parameter()});
  revoke.responses = {json_answer(200, "Revoked.", "Accepted")};
  revoke.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::remove, path + "/{token}", revoke,
              writing(node, TokenScope::operate, revoke_token)});
}

}  // namespace meent::api
