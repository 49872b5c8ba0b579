#include "eventstore/level.h"

#include "api/cluster.h"
#include "api/commands.h"
#include "api/json_body.h"
#include "api/routes/routes.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::int64_t highest_level = 1'000'000;

std::string level_json(const Node& node, std::uint32_t level) {
  JsonWriter json;
  json.open_object().field("level", level).field("newest", node.sequencer.level());
  return json.close_object().take();
}

Answer show_level(const Node& node, const Request& request) {
  const auto requester = directory_operator(node, request);
  if (!requester) return std::unexpected(requester.error());
  return Response::json(level_json(node, eventstore::level_of(node.store)));
}

/// Why the other nodes are in the way; nothing: they are not.
std::optional<Problem> hindrance(const Node& node, std::uint32_t level) {
  if (node.cluster == nullptr) return std::nullopt;
  bool is_anybody_heard = false;
  for (const auto& peer : node.cluster->peers()) {
    if (!peer.is_live) continue;
    is_anybody_heard = true;
    if (peer.beat.level >= level) continue;
    return Problem{&problems::refused,
                   "The node at " + peer.beat.url + " knows no level above " +
                       std::to_string(peer.beat.level) +
                       ". Install newer software there, or stop it, first.",
                   {{{}, "old-node", "A live node does not know this level."}},
                   {}};
  }
  // This node hears itself too, unless the brokers are away.
  if (is_anybody_heard) return std::nullopt;
  return Problem{&problems::not_ready,
                 "The nodes cannot be heard now, so nobody can tell whether all know this level.",
                 {},
                 std::chrono::seconds(1)};
}

void raise_level(const Node& node, const Request& request, Respond respond) {
  const auto refuse = [&](const Problem& problem) { respond(to_response(problem, request)); };
  const auto requester = directory_operator(node, request);
  if (!requester) return refuse(requester.error());
  const auto key = idempotency_key_of(request);
  if (!key) return refuse(key.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return refuse(body.error());
  const auto asked = body->number("level", 1, highest_level, JsonBody::Need::required);
  if (const auto problem = body->problem()) return refuse(*problem);
  const auto level = static_cast<std::uint32_t>(asked.value_or(0));
  if (level <= node.sequencer.level()) {
    if (const auto problem = hindrance(node, level)) return refuse(*problem);
  }
  perform(
      node.sequencer,
      Act{.platform = directory_id(),
          .command = PlatformCommand(RaiseLevel{.level = level, .newest = node.sequencer.level()}),
          .requester = *requester,
          .occurred_at = {},
          .import_progress = {},
          .idempotency_key = *key,
          .request = request_bytes(request)},
      [&node, &request, level,
       shared = std::make_shared<Respond>(std::move(respond))](const ActResult& result) {
        if (!result) return (*shared)(to_response(result.error(), request));
        (*shared)(Response::json(level_json(node, level)));
      });
}

}  // namespace

void add_level_routes(Router& router, const Node& node) {
  router.schema("Level", R"({"type":"object","required":["level","newest"],"properties":{
    "level":{"type":"integer","description":"Of the log: what is newer is not written yet."},
    "newest":{"type":"integer","description":"That the answering node knows."}}})");
  router.schema("LevelRaise", R"({"type":"object","additionalProperties":false,
    "required":["level"],"properties":{
    "level":{"type":"integer","minimum":1,"maximum":1000000}}})");
  auto show = directory_operation("showLevel", "At which level the log is");
  show.responses = {json_answer(200, "The level.", "Level")};
  router.add(
      {Method::get, "/api/v1/level", show, reading_installation([&node](const Request& request) {
         return show_level(node, request);
       })});
  auto raise =
      directory_operation("raiseLevel", "Let events be written that older software does not know");
  raise.parameters = {idempotency_parameter()};
  raise.body = json_request("LevelRaise", R"({"level":1})");
  raise.problem_statuses = {401, 403, 409, 422, 503};
  raise.responses = {json_answer(200, "The level.", "Level")};
  router.add(
      {Method::post, "/api/v1/level", raise, [&node](const Request& request, Respond respond) {
         raise_level(node, request, std::move(respond));
       }});
}

}  // namespace meent::api
