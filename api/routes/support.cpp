#include "api/routes/routes.h"
#include "api/shapes.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::string_view base = "/api/v1/platforms/{platform}/contributions/{contribution}";

Answer get_tally(const Node& node, const Call& call) {
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  const auto tally = serving(node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  const std::span one(&*id, 1);
  const auto counts = (*tally)->counts(call.platform.id, one, call.requester.viewer).front();
  if (!counts) return std::unexpected(not_found());
  const auto own = (*tally)->own_stances(call.platform.id, one, call.requester.viewer).front();
  JsonWriter json;
  json.open_object();
  write_counts(json, "counts", *counts);
  json.field("participants", counts->participants());
  if (own) {
    json.field("own_stance", word_of(*own));
  } else {
    json.null("own_stance");
  }
  return Response::json(json.close_object().take());
}

std::expected<Prepared, Problem> give_support(const Call& call, JsonBody& body) {
  const int stance = body.word("stance", {"agree", "pass", "disagree"});
  const auto person = person_concerned(call, body, "person");
  const auto time = occurred_at(call, body);
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  return Prepared{
      .command = SupportCommand(GiveSupport{*id, person, static_cast<Stance>(std::max(stance, 0))}),
      .occurred_at = time,
      .answer = [](const eventstore::Accepted& accepted, JsonWriter& json, Response&) {
        const auto* given = first_event<SupportGiven>(accepted);
        json.field("id", given->contribution).field("stance", word_of(given->stance));
      }};
}

std::expected<Prepared, Problem> withdraw_support(const Call& call, JsonBody&) {
  const auto person = person_concerned(call);
  if (!person) return std::unexpected(person.error());
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  return Prepared{.command = SupportCommand(WithdrawSupport{*id, *person}),
                  .occurred_at = {},
                  .answer = [id = *id](const eventstore::Accepted&, JsonWriter& json, Response&) {
                    json.field("id", id).null("stance");
                  }};
}

Operation support_operation(std::string id, std::string summary, std::string guard) {
  auto out = operation("support", std::move(id), std::move(summary), std::move(guard));
  out.parameters.push_back(id_parameter("contribution", "Id of the contribution."));
  return out;
}

}  // namespace

void add_support_routes(Router& router, const Node& node) {
  router.schema("Tally", R"({"type":"object","required":["counts","participants","own_stance"],
    "properties":{"counts":{"$ref":"#/components/schemas/Counts"},
    "participants":{"type":"integer"},
    "own_stance":{"type":["string","null"],"enum":["agree","pass","disagree",null]}}})");
  router.schema("Support", R"({"type":"object","additionalProperties":false,
    "required":["stance"],"properties":{"stance":{"$ref":"#/components/schemas/Stance"},
    "person":{"$ref":"#/components/schemas/Id"},
    "occurred_at":{"$ref":"#/components/schemas/Time"}}})");
  router.schema("SupportAccepted", R"({"type":"object",
    "required":["id","stance","token","recorded_at"],"properties":{
    "id":{"$ref":"#/components/schemas/Id"},
    "stance":{"type":["string","null"],"enum":["agree","pass","disagree",null]},
    "token":{"$ref":"#/components/schemas/Token"},
    "recorded_at":{"$ref":"#/components/schemas/Time"}}})");

  auto get =
      support_operation("getTally", "Live counts, and one's own stance", "may_see(contribution)");
  get.parameters.push_back(meent_after_parameter());
  get.responses = {json_answer(200, "The counts.", "Tally")};
  get.problem_statuses = {401, 410, 503};
  router.add({Method::get, std::string(base) + "/tally", get,
              reading(node, "tally", [&node](const Call& call) { return get_tally(node, call); })});

  auto give =
      support_operation("giveSupport", "Agree, pass or disagree; a later one replaces the earlier",
                        "may_act(support)");
  give.needs_token = true;
  give.parameters.insert(give.parameters.end(), {idempotency_parameter(), meent_after_parameter()});
  give.body = json_request("Support", R"({"stance":"agree"})");
  give.responses = {json_answer(200, "Given.", "SupportAccepted")};
  give.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::put, std::string(base) + "/support", give,
              writing(node, TokenScope::act, give_support)});

  auto withdraw =
      support_operation("withdrawSupport", "Take one's support back", "may_act(support)");
  withdraw.needs_token = true;
  withdraw.parameters.insert(
      withdraw.parameters.end(),
      {person_parameter(), idempotency_parameter(), meent_after_parameter()});
  withdraw.responses = {json_answer(200, "Taken back.", "SupportAccepted")};
  withdraw.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  router.add({Method::remove, std::string(base) + "/support", withdraw,
              writing(node, TokenScope::act, withdraw_support)});
}

}  // namespace meent::api
