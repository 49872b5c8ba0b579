#include "api/routes/revisions.h"
#include "api/routes/routes.h"
#include "api/shapes.h"

namespace meent::api {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t most_items = 100;
constexpr std::size_t longest_word = 64;  // of a kind or theme to filter by
constexpr std::string_view base = "/api/v1/platforms/{platform}";

std::expected<FeedQuery, Problem> feed_query(const Node& node, const Call& call,
                                             std::optional<SpaceId> space) {
  const auto sort = word_of(call.request, "sort", {"new", "active", "top", "controversial"}, 0);
  if (!sort) return std::unexpected(sort.error());
  const auto standing =
      word_of(call.request, "standing", {"open", "closed", "hidden", "withdrawn"}, -1);
  if (!standing) return std::unexpected(standing.error());
  const auto limit = limit_of(call.request, 20, most_items);
  if (!limit) return std::unexpected(limit.error());
  const auto cursor = cursor_of(node, call, "contributions");
  if (!cursor) return std::unexpected(cursor.error());
  FeedQuery query{.platform = call.platform.id,
                  .space = space,
                  .sort = static_cast<FeedSort>(*sort),
                  .kind = {},
                  .theme = {},
                  .standing = {},
                  .accepted = {},
                  .limit = *limit,
                  .cursor = *cursor,
                  .viewer = call.requester.viewer};
  for (const auto& [name, wanted] : {std::pair{"kind", &query.kind}, {"theme", &query.theme}}) {
    const auto value = call.request.query_value(name);
    if (!value) continue;
    if (value->size() > longest_word) {
      return std::unexpected(invalid_parameter(std::string("query.") + name, "At most 64 bytes."));
    }
    *wanted = std::string(*value);
  }
  if (*standing >= 0) query.standing = static_cast<Standing>(*standing);
  return query;
}

Answer list_contributions(const Node& node, const Call& call, std::optional<SpaceId> space) {
  const auto query = feed_query(node, call, space);
  if (!query) return std::unexpected(query.error());
  const auto feed = serving(node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  const auto tally = serving(node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  const auto page = (*feed)->page(*query);
  if (page.gone) return std::unexpected(Problem{&problems::invalid_cursor, {}, {}, {}});
  std::vector<ContributionId> ids;
  for (const auto& row : page.items) ids.push_back(row.contribution);
  const auto own = (*tally)->own_stances(call.platform.id, ids, call.requester.viewer);
  const Shaping shaping{node, call.platform};
  JsonWriter json;
  json.open_object().open_array("items");
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    write_contribution(json, {}, shaping, page.items[i], own[i]);
  }
  json.close_array();
  json.field("next", page.next ? std::optional(
                                     seal_cursor(node, call.platform, "contributions", *page.next))
                               : std::nullopt);
  return Response::json(json.close_object().take());
}

Answer list_of_space(const Node& node, const Call& call) {
  const auto space = path_id<SpaceId>(call, "space");
  if (!space) return std::unexpected(space.error());
  if (!find<SpaceRecord>(*node.store.state(call.platform.id), *space) ||
      !may_see(call.requester.viewer, Scope::of_space(*space, Level::open))) {
    return std::unexpected(not_found());
  }
  return list_contributions(node, call, *space);
}

Answer get_contribution(const Node& node, const Call& call) {
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  const auto feed = serving(node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  const auto tally = serving(node.tables.tally);
  if (!tally) return std::unexpected(tally.error());
  const auto row = (*feed)->contribution(call.platform.id, *id, call.requester.viewer);
  if (!row) return std::unexpected(not_found());
  const auto own =
      (*tally)->own_stances(call.platform.id, std::span(&*id, 1), call.requester.viewer);
  JsonWriter json;
  write_contribution(json, {}, {node, call.platform}, *row, own.front());
  auto response = Response::json(json.take());
  response.headers.add("ETag", revision_etag(row->revision, response.body.view()));
  return response;
}

Answer list_revisions(const Node& node, const Call& call) {
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  const auto asked = revisions_asked(call.request);
  if (!asked) return std::unexpected(asked.error());
  const auto feed = serving(node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  const auto& platform = call.platform.id;
  const auto& viewer = call.requester.viewer;
  const auto row = (*feed)->contribution(platform, *id, viewer);
  if (!row || !row->readable) return std::unexpected(not_found());
  return revision_page((*feed)->revisions(platform, *id, asked->before, asked->limit, viewer),
                       [&](JsonWriter& json, const auto& revision) {
                         json.field("title", node.open(platform, revision.content.title))
                             .field("body", node.open(platform, revision.content.body));
                       });
}

ContributionText text_from(JsonBody& body) {
  return {.title = body.text("title", JsonBody::Need::optional, 4000),
          .body = body.text("body", JsonBody::Need::optional),
          .form = body.text_map("form", 30),
          .themes = body.texts("themes", 50, 256),
          .language = body.text("language", JsonBody::Need::required, 100)};
}

/// Everything wrong with a text, by the names that clients know the fields by.
std::vector<FieldError> faults_of(const State& state, const std::string& kind,
                                  const ContributionText& text, const Actor& actor) {
  std::vector<FieldError> errors;
  const auto record = find<KindRecord>(state, kind);
  if (!record) return errors;
  for (const auto& fault : faults_in(text, record->kind, actor)) {
    const auto reason = explain(fault.why);
    errors.push_back({fault.field, std::string(reason.code), std::string(reason.sentence)});
  }
  return errors;
}

std::expected<Prepared, Problem> place_contribution(const Node& node, const Call& call,
                                                    JsonBody& body) {
  PlaceContribution command{.contribution = id_for_new<ContributionId>(call, body),
                            .space = {},
                            .kind = body.text("kind", JsonBody::Need::required, 100),
                            .author = person_concerned(call, body, "author"),
                            .text = text_from(body),
                            .external_id = body.text("external_id", JsonBody::Need::optional, 500)};
  const auto time = occurred_at(call, body);
  const bool is_from_source = !command.external_id.empty();
  if (is_from_source && !call.requester.has(TokenScope::import_)) {
    body.forbid("external_id", "Only tokens with the scope import bring ids of elsewhere.");
  }
  const auto space = path_id<SpaceId>(call, "space");
  if (!space) return std::unexpected(space.error());
  command.space = *space;
  const std::string prefix = "/api/v1/platforms/" + call.platform.id.text() + "/contributions/";
  auto faults = [&node, platform = call.platform.id, kind = command.kind,
                 text = command.text](const Actor& actor) {
    return faults_of(*node.store.state(platform), kind, text, actor);
  };
  return Prepared{
      .command = ContributionCommand(std::move(command)),
      .occurred_at = time,
      .answer =
          [prefix](const eventstore::Accepted& accepted, JsonWriter& json, Response& response) {
            const auto* placed = first_event<ContributionPlaced>(accepted);
            json.field("id", placed->contribution).field("revision", 1);
            response.status = 201;
            response.headers.add("Location", prefix + placed->contribution.text());
          },
      .is_from_source = is_from_source,
      .faults = std::move(faults)};
}

std::expected<Prepared, Problem> revise_contribution(const Node& node, const Call& call,
                                                     JsonBody& body) {
  auto text = text_from(body);
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  const auto revision = if_match_revision(call.request);
  if (!revision) return std::unexpected(revision.error());
  auto faults = [&node, platform = call.platform.id, id = *id, text](const Actor& actor) {
    const auto state = node.store.state(platform);
    const auto record = find<ContributionRecord>(*state, id);
    return record ? faults_of(*state, record->kind, text, actor) : std::vector<FieldError>();
  };
  return Prepared{
      .command = ContributionCommand(ReviseContribution{*id, *revision, std::move(text)}),
      .occurred_at = {},
      .answer =
          [](const eventstore::Accepted& accepted, JsonWriter& json, Response&) {
            const auto* revised = first_event<ContributionRevised>(accepted);
            json.field("id", revised->contribution).field("revision", revised->revision);
          },
      .faults = std::move(faults)};
}

std::expected<Prepared, Problem> withdraw_contribution(const Call& call, JsonBody&) {
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  return Prepared{.command = ContributionCommand(WithdrawContribution{*id}),
                  .occurred_at = {},
                  .answer = [id = *id](const eventstore::Accepted&, JsonWriter& json, Response&) {
                    json.field("id", id);
                  }};
}

std::expected<Prepared, Problem> set_standing(const Call& call, JsonBody& body) {
  const int wanted = body.word("standing", {"open", "closed"});
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  const auto command = wanted == 1 ? ContributionCommand(CloseContribution{*id})
                                   : ContributionCommand(ReopenContribution{*id});
  return Prepared{.command = command,
                  .occurred_at = {},
                  .answer = [id = *id](const eventstore::Accepted&, JsonWriter& json, Response&) {
                    json.field("id", id);
                  }};
}

void add_schemas(Router& router) {
  router.schema("ContributionPage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"$ref":"#/components/schemas/Contribution"}},
    "next":{"$ref":"#/components/schemas/Next"}}})");
  const std::string text = R"("title":{"type":"string","maxLength":500},
    "body":{"type":"string","description":"CommonMark; raw HTML is shown as text.",
      "maxLength":100000},
    "form":{"type":"object","maxProperties":30,"additionalProperties":{"type":"string"}},
    "themes":{"type":"array","maxItems":10,"uniqueItems":true,"items":{"type":"string",
      "pattern":"^[a-z0-9]+(-[a-z0-9]+)*$","maxLength":64}},
    "language":{"$ref":"#/components/schemas/Language"})";
  router.schema("ContributionPlacing", R"({"type":"object","additionalProperties":false,
    "required":["kind","body","language"],"properties":{"kind":{"type":"string","maxLength":64},)" +
                                           text + R"(,
    "author":{"$ref":"#/components/schemas/Id"},"external_id":{"type":"string","maxLength":120},
    "id":{"$ref":"#/components/schemas/Id"},
    "occurred_at":{"$ref":"#/components/schemas/Time"}}})");
  router.schema("ContributionRevising", R"({"type":"object","additionalProperties":false,
    "required":["body","language"],"properties":{)" +
                                            text + "}}");
  router.schema("StandingChange", R"({"type":"object","additionalProperties":false,
    "required":["standing"],"properties":{
    "standing":{"type":"string","enum":["open","closed"]}}})");
  add_revisions_schema(router);
}

void add_feed_parameters(Operation& row) {
  row.parameters.insert(
      row.parameters.end(),
      {word_parameter("sort", "Order; docs/views.md has the formulas.",
                      {"new", "active", "top", "controversial"}),
       {.name = "kind",
        .place = ParameterPlace::query,
        .description = "Only of this kind.",
        .schema = R"({"type":"string","maxLength":64,"pattern":"^[^\\u0000]*$"})",
        .is_required = false,
        .example = ""},
       {.name = "theme",
        .place = ParameterPlace::query,
        .description = "Only with this theme.",
        .schema = R"({"type":"string","maxLength":64,"pattern":"^[^\\u0000]*$"})",
        .is_required = false,
        .example = ""},
       word_parameter("standing", "Only standing so.", {"open", "closed", "hidden", "withdrawn"}),
       limit_parameter(20, most_items),
       cursor_parameter(),
       meent_after_parameter()});
  row.responses = {json_answer(200, "A page of contributions.", "ContributionPage")};
  row.problem_statuses = {401, 410, 503};
}

void add_reads(Router& router, const Node& node) {
  auto all = operation("contributions", "listContributions", "Contributions of the whole platform",
                       "may_see(contribution)");
  add_feed_parameters(all);
  router.add({Method::get, std::string(base) + "/contributions", all,
              reading(node, "feed",
                      [&node](const Call& call) { return list_contributions(node, call, {}); })});

  auto of_space = operation("contributions", "listContributionsOfSpace",
                            "Contributions of one space", "may_see(contribution)");
  of_space.parameters.push_back(id_parameter("space", "Id of the space."));
  add_feed_parameters(of_space);
  router.add(
      {Method::get, std::string(base) + "/spaces/{space}/contributions", of_space,
       reading(node, "feed", [&node](const Call& call) { return list_of_space(node, call); })});

  auto get =
      operation("contributions", "getContribution", "One contribution", "may_see(contribution)");
  get.parameters.insert(
      get.parameters.end(),
      {id_parameter("contribution", "Id of the contribution."), meent_after_parameter()});
  get.responses = {json_answer(200, "The contribution.", "Contribution")};
  get.responses.front().headers = {
      {"ETag", "Send it as If-Match when revising: its revision counts, not its digest."}};
  get.problem_statuses = {401, 410, 503};
  router.add(
      {Method::get, std::string(base) + "/contributions/{contribution}", get,
       reading(node, "feed", [&node](const Call& call) { return get_contribution(node, call); })});

  auto revisions = revisions_operation("contributions", "listRevisions", "may_see(contribution)",
                                       id_parameter("contribution", "Id of the contribution."));
  router.add(
      {Method::get, std::string(base) + "/contributions/{contribution}/revisions", revisions,
       reading(node, "feed", [&node](const Call& call) { return list_revisions(node, call); })});
}

void add_writes(Router& router, const Node& node) {
  const std::string one = std::string(base) + "/contributions/{contribution}";
  const auto finish = [](Operation& row) {
    row.needs_token = true;
    row.parameters.insert(row.parameters.end(), {idempotency_parameter(), meent_after_parameter()});
    row.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  };

  auto place = operation("contributions", "placeContribution", "Place a contribution in a space",
                         "may_act(place)");
  place.parameters.push_back(id_parameter("space", "Id of the space."));
  finish(place);
  place.body = json_request("ContributionPlacing",
                            R"({"kind":"statement","body":"Meer bankjes langs het wandelpad.",)"
                            R"("language":"nl"})");
  place.responses = {json_answer(201, "Placed.", "Accepted")};
  place.responses.front().headers = {{"Location", "Address of the contribution."}};
  router.add({Method::post, std::string(base) + "/spaces/{space}/contributions", place,
              writing(node, TokenScope::act, [&node](const Call& call, JsonBody& body) {
                return place_contribution(node, call, body);
              })});

  auto revise =
      operation("contributions", "reviseContribution", "Revise a contribution", "may_act(place)");
  revise.parameters.insert(
      revise.parameters.end(),
      {id_parameter("contribution", "Id of the contribution."), if_match_parameter()});
  finish(revise);
  revise.problem_statuses.push_back(428);
  revise.body = json_request("ContributionRevising", R"({"body":"Beter zo.","language":"nl"})");
  revise.responses = {json_answer(200, "Revised.", "Accepted")};
  router.add({Method::put, one, revise,
              writing(node, TokenScope::act, [&node](const Call& call, JsonBody& body) {
                return revise_contribution(node, call, body);
              })});

  auto withdraw = operation("contributions", "withdrawContribution", "Withdraw a contribution",
                            "may_act(place)");
  withdraw.parameters.push_back(id_parameter("contribution", "Id of the contribution."));
  finish(withdraw);
  withdraw.responses = {json_answer(200, "Withdrawn.", "Accepted")};
  router.add(
      {Method::remove, one, withdraw, writing(node, TokenScope::act, withdraw_contribution)});

  auto standing = operation("contributions", "setStanding", "Close or reopen a contribution",
                            "may_act(conclude)");
  standing.parameters.push_back(id_parameter("contribution", "Id of the contribution."));
  finish(standing);
  standing.body = json_request("StandingChange", R"({"standing":"closed"})");
  standing.responses = {json_answer(200, "Done.", "Accepted")};
  router.add(
      {Method::put, one + "/standing", standing, writing(node, TokenScope::act, set_standing)});
}

}  // namespace

void add_contribution_routes(Router& router, const Node& node) {
  add_schemas(router);
  add_reads(router, node);
  add_writes(router, node);
}

}  // namespace meent::api
