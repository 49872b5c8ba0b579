#include "api/routes/revisions.h"
#include "api/routes/routes.h"
#include "api/shapes.h"

namespace meent::api {

using namespace domain;
using namespace projections;

namespace {

constexpr std::size_t most_comments = 100;
constexpr std::string_view base = "/api/v1/platforms/{platform}";

Answer list_comments(const Node& node, const Call& call) {
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  const auto limit = limit_of(call.request, 20, most_comments);
  if (!limit) return std::unexpected(limit.error());
  const auto depth = call.request.query_number("depth", 0, 8);
  if (call.request.query_value("depth") && !depth) {
    return std::unexpected(invalid_parameter("query.depth", "This must be from 0 to 8."));
  }
  const auto order = word_of(call.request, "order", {"oldest", "newest"}, 0);
  if (!order) return std::unexpected(order.error());
  const auto cursor = cursor_of(node, call, "comments");
  if (!cursor) return std::unexpected(cursor.error());
  BranchQuery query{.platform = call.platform.id,
                    .contribution = *id,
                    .parent = {},
                    .newest_first = *order == 1,
                    .limit = *limit,
                    .depth = static_cast<std::size_t>(depth.value_or(0)),
                    .replies_per_branch = 3,
                    .cursor = *cursor,
                    .viewer = call.requester.viewer};
  if (const auto parent = call.request.query_value("parent")) {
    query.parent = CommentId::parse(*parent);
    if (!query.parent) {
      return std::unexpected(invalid_parameter("query.parent", "This must be a comment's id."));
    }
  }
  const auto thread = serving(node.tables.thread);
  if (!thread) return std::unexpected(thread.error());
  const auto page = (*thread)->branch(query);
  if (!page) return std::unexpected(not_found());
  if (page->gone) return std::unexpected(Problem{&problems::invalid_cursor, {}, {}, {}});
  JsonWriter json;
  json.open_object().open_array("items");
  for (const auto& comment : page->rows) {
    write_comment(json, {}, {node, call.platform}, comment);
  }
  json.close_array();
  json.field("next", page->next
                         ? std::optional(seal_cursor(node, call.platform, "comments", *page->next))
                         : std::nullopt);
  json.field("reply_count", page->reply_count).field("descendant_count", page->descendant_count);
  return Response::json(json.close_object().take());
}

Answer get_comment(const Node& node, const Call& call) {
  const auto id = path_id<CommentId>(call, "comment");
  if (!id) return std::unexpected(id.error());
  const auto thread = serving(node.tables.thread);
  if (!thread) return std::unexpected(thread.error());
  const auto row = (*thread)->comment(call.platform.id, *id, call.requester.viewer);
  if (!row) return std::unexpected(not_found());
  JsonWriter json;
  write_comment(json, {}, {node, call.platform}, CommentNode{*row, {}, {}});
  auto response = Response::json(json.take());
  response.headers.add("ETag", revision_etag(row->revision, response.body.view()));
  return response;
}

Answer list_comment_revisions(const Node& node, const Call& call) {
  const auto id = path_id<CommentId>(call, "comment");
  if (!id) return std::unexpected(id.error());
  const auto asked = revisions_asked(call.request);
  if (!asked) return std::unexpected(asked.error());
  const auto thread = serving(node.tables.thread);
  if (!thread) return std::unexpected(thread.error());
  const auto& platform = call.platform.id;
  const auto& viewer = call.requester.viewer;
  const auto row = (*thread)->comment(platform, *id, viewer);
  if (!row || !row->readable) return std::unexpected(not_found());
  return revision_page((*thread)->revisions(platform, *id, asked->before, asked->limit, viewer),
                       [&](JsonWriter& json, const auto& revision) {
                         json.null("title").field("body", node.open(platform, revision.body));
                       });
}

std::expected<Prepared, Problem> place_comment(const Call& call, JsonBody& body) {
  PlaceComment command{.comment = draw_id<CommentId>(),
                       .contribution = {},
                       .parent = body.id<CommentId>("parent"),
                       .author = person_concerned(call, body, "author"),
                       .body = body.text("body"),
                       .language = body.text("language", JsonBody::Need::required, 100),
                       .mentions = {}};
  command.mentions = body.ids<PersonId>("mentions", 50);
  const auto time = occurred_at(call, body);
  const auto id = path_id<ContributionId>(call, "contribution");
  if (!id) return std::unexpected(id.error());
  command.contribution = *id;
  const std::string prefix = "/api/v1/platforms/" + call.platform.id.text() + "/comments/";
  return Prepared{.command = DiscussCommand(std::move(command)),
                  .occurred_at = time,
                  .answer = [prefix](const eventstore::Accepted& accepted, JsonWriter& json,
                                     Response& response) {
                    const auto* placed = first_event<CommentPlaced>(accepted);
                    json.field("id", placed->comment).field("revision", 1);
                    response.status = 201;
                    response.headers.add("Location", prefix + placed->comment.text());
                  }};
}

std::expected<Prepared, Problem> edit_comment(const Call& call, JsonBody& body) {
  auto text = body.text("body");
  const auto id = path_id<CommentId>(call, "comment");
  if (!id) return std::unexpected(id.error());
  const auto revision = if_match_revision(call.request);
  if (!revision) return std::unexpected(revision.error());
  return Prepared{.command = DiscussCommand(EditComment{*id, *revision, std::move(text)}),
                  .occurred_at = {},
                  .answer = [](const eventstore::Accepted& accepted, JsonWriter& json, Response&) {
                    const auto* edited = first_event<CommentEdited>(accepted);
                    json.field("id", edited->comment).field("revision", edited->revision);
                  }};
}

std::expected<Prepared, Problem> withdraw_comment(const Call& call, JsonBody&) {
  const auto id = path_id<CommentId>(call, "comment");
  if (!id) return std::unexpected(id.error());
  return Prepared{.command = DiscussCommand(WithdrawComment{*id}),
                  .occurred_at = {},
                  .answer = [id = *id](const eventstore::Accepted&, JsonWriter& json, Response&) {
                    json.field("id", id);
                  }};
}

void add_schemas(Router& router) {
  router.schema("CommentPage", R"({"type":"object",
    "required":["items","next","reply_count","descendant_count"],"properties":{
    "items":{"type":"array","items":{"$ref":"#/components/schemas/Comment"}},
    "next":{"$ref":"#/components/schemas/Next"},"reply_count":{"type":"integer"},
    "descendant_count":{"type":"integer"}}})");
  router.schema("CommentPlacing", R"({"type":"object","additionalProperties":false,
    "required":["body","language"],"properties":{
    "body":{"type":"string","minLength":1,"maxLength":10000},
    "language":{"$ref":"#/components/schemas/Language"},
    "parent":{"$ref":"#/components/schemas/Id"},"author":{"$ref":"#/components/schemas/Id"},
    "mentions":{"type":"array","maxItems":50,"items":{"$ref":"#/components/schemas/Id"}},
    "occurred_at":{"$ref":"#/components/schemas/Time"}}})");
  router.schema("CommentEditing", R"({"type":"object","additionalProperties":false,
    "required":["body"],"properties":{"body":{"type":"string","minLength":1,"maxLength":10000}}})");
}

void add_reads(Router& router, const Node& node) {
  auto list =
      operation("comments", "listComments", "One branch of a discussion", "may_see(comment)");
  list.parameters.insert(
      list.parameters.end(),
      {id_parameter("contribution", "Id of the contribution."),
       {.name = "parent",
        .place = ParameterPlace::query,
        .description = "The comment whose replies are wanted; absent: those of the contribution.",
        .schema = schema_ref("Id"),
        .is_required = false,
        .example = ""},
       {.name = "depth",
        .place = ParameterPlace::query,
        .description = "Levels of replies to give along.",
        .schema = R"({"type":"integer","minimum":0,"maximum":8,"default":0})",
        .is_required = false,
        .example = ""},
       word_parameter("order", "Order of this branch.", {"oldest", "newest"}),
       limit_parameter(20, most_comments),
       cursor_parameter(),
       meent_after_parameter()});
  list.responses = {json_answer(200, "A page of comments.", "CommentPage")};
  list.problem_statuses = {401, 410, 503};
  router.add(
      {Method::get, std::string(base) + "/contributions/{contribution}/comments", list,
       reading(node, "thread", [&node](const Call& call) { return list_comments(node, call); })});

  auto get = operation("comments", "getComment", "One comment", "may_see(comment)");
  get.parameters.insert(get.parameters.end(),
                        {id_parameter("comment", "Id of the comment."), meent_after_parameter()});
  get.responses = {json_answer(200, "The comment.", "Comment")};
  get.responses.front().headers = {
      {"ETag", "Send it as If-Match when editing: its revision counts, not its digest."}};
  get.problem_statuses = {401, 410, 503};
  router.add(
      {Method::get, std::string(base) + "/comments/{comment}", get,
       reading(node, "thread", [&node](const Call& call) { return get_comment(node, call); })});

  auto revisions = revisions_operation("comments", "listCommentRevisions", "may_see(comment)",
                                       id_parameter("comment", "Id of the comment."));
  router.add({Method::get, std::string(base) + "/comments/{comment}/revisions", revisions,
              reading(node, "thread",
                      [&node](const Call& call) { return list_comment_revisions(node, call); })});
}

void add_writes(Router& router, const Node& node) {
  const std::string one = std::string(base) + "/comments/{comment}";
  const auto finish = [](Operation& row) {
    row.needs_token = true;
    row.parameters.insert(row.parameters.end(), {idempotency_parameter(), meent_after_parameter()});
    row.problem_statuses = {401, 403, 409, 410, 412, 422, 503};
  };

  auto place = operation("comments", "placeComment", "Comment on a contribution or a comment",
                         "may_act(discuss)");
  place.parameters.push_back(id_parameter("contribution", "Id of the contribution."));
  finish(place);
  place.body = json_request("CommentPlacing", R"({"body":"Goed idee!","language":"nl"})");
  place.responses = {json_answer(201, "Placed.", "Accepted")};
  place.responses.front().headers = {{"Location", "Address of the comment."}};
  router.add({Method::post, std::string(base) + "/contributions/{contribution}/comments", place,
              writing(node, TokenScope::act, place_comment)});

  auto edit = operation("comments", "editComment", "Edit a comment", "may_act(discuss)");
  edit.parameters.insert(edit.parameters.end(),
                         {id_parameter("comment", "Id of the comment."), if_match_parameter()});
  finish(edit);
  edit.problem_statuses.push_back(428);
  edit.body = json_request("CommentEditing", R"({"body":"Beter idee!"})");
  edit.responses = {json_answer(200, "Edited.", "Accepted")};
  router.add({Method::put, one, edit, writing(node, TokenScope::act, edit_comment)});

  auto withdraw =
      operation("comments", "withdrawComment", "Withdraw a comment", "may_act(discuss)");
  withdraw.parameters.push_back(id_parameter("comment", "Id of the comment."));
  finish(withdraw);
  withdraw.responses = {json_answer(200, "Withdrawn.", "Accepted")};
  router.add({Method::remove, one, withdraw, writing(node, TokenScope::act, withdraw_comment)});
}

}  // namespace

void add_discuss_routes(Router& router, const Node& node) {
  add_schemas(router);
  add_reads(router, node);
  add_writes(router, node);
}

}  // namespace meent::api
