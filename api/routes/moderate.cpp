#include "api/routes/routes.h"

namespace meent::api {

using namespace domain;

namespace {

template <class IdT>
std::expected<Prepared, Problem> moderate(const Call& call, JsonBody& body, std::string_view name) {
  const int verdict = body.word("verdict", {"accepted", "hidden"});
  auto reason = body.text("reason", JsonBody::Need::optional, 10'000);
  const auto time = occurred_at(call, body);
  if (verdict == 0 && !reason.empty()) {
    body.fault("reason", "not-wanted", "Only hiding takes a reason.");
  }
  const auto id = path_id<IdT>(call, name);
  if (!id) return std::unexpected(id.error());
  const auto command = verdict == 0 ? ModerateCommand(AcceptItem{*id})
                                    : ModerateCommand(HideItem{*id, std::move(reason)});
  return Prepared{.command = command,
                  .occurred_at = time,
                  .answer = [id = *id](const eventstore::Accepted&, JsonWriter& json, Response&) {
                    json.field("id", id);
                  }};
}

Operation moderating(std::string id, std::string summary, Parameter item) {
  auto out = operation("moderation", std::move(id), std::move(summary), "may_act(moderate)");
  out.needs_token = true;
  out.parameters.insert(out.parameters.end(),
                        {std::move(item), idempotency_parameter(), meent_after_parameter()});
  out.body = json_request("Moderation", R"({"verdict":"hidden","reason":"Reclame."})");
  out.responses = {json_answer(200, "Done.", "Accepted")};
  out.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  return out;
}

}  // namespace

void add_moderate_routes(Router& router, const Node& node) {
  router.schema("Moderation", R"({"type":"object","additionalProperties":false,
    "required":["verdict"],"properties":{
    "verdict":{"type":"string","enum":["accepted","hidden"]},
    "reason":{"type":"string","maxLength":1000,
      "description":"Required for hidden; everyone reads it."},
    "occurred_at":{"$ref":"#/components/schemas/Time"}}})");
  const std::string base = "/api/v1/platforms/{platform}";
  router.add({Method::put, base + "/contributions/{contribution}/moderation",
              moderating("moderateContribution", "Accept or hide a contribution",
                         id_parameter("contribution", "Id of the contribution.")),
              writing(node, TokenScope::moderate, [](const Call& call, JsonBody& body) {
                return moderate<ContributionId>(call, body, "contribution");
              })});
  router.add({Method::put, base + "/comments/{comment}/moderation",
              moderating("moderateComment", "Accept or hide a comment",
                         id_parameter("comment", "Id of the comment.")),
              writing(node, TokenScope::moderate, [](const Call& call, JsonBody& body) {
                return moderate<CommentId>(call, body, "comment");
              })});
}

}  // namespace meent::api
