#include "api/routes/routes.h"
#include "eventstore/applier.h"

namespace meent::api {

using namespace domain;

namespace {

Answer get_import(const Node& node, const Call& call) {
  if (!call.requester.viewer.is_signed_in) {
    return std::unexpected(Problem{&problems::not_signed_in, {}, {}, {}});
  }
  if (!call.requester.has(TokenScope::import_)) {
    return std::unexpected(Problem{&problems::not_allowed, {}, {}, {}});
  }
  const auto source = path_id<SourceDigest>(call, "source");
  if (!source) return std::unexpected(source.error());
  JsonWriter json;
  json.open_object()
      .field("rows", eventstore::import_progress(*node.store.state(call.platform.id), *source))
      .close_object();
  return Response::json(json.take());
}

}  // namespace

void add_import_routes(Router& router, const Node& node) {
  router.schema("ImportProgress", R"({"type":"object","required":["rows"],"properties":{
    "rows":{"type":"integer","minimum":0,"description":"0: nothing of this source yet."}}})");
  Operation row;
  row.id = "getImport";
  row.summary = "How many rows of a source an importer has brought";
  row.description =
      "An importer says with `Meent-Import: <digest>;rows=<n>` on its commands how far it is.";
  row.tag = "imports";
  row.guard = "open: importers only, by the scope of their token";
  row.needs_token = true;
  row.parameters = {platform_parameter(),
                    id_parameter("source", "Digest of the source, chosen by the importer."),
                    meent_after_parameter()};
  row.responses = {json_answer(200, "The progress.", "ImportProgress")};
  row.problem_statuses = {401, 403, 410, 503};
  router.add({Method::get, "/api/v1/platforms/{platform}/imports/{source}", row,
              reading(node, "", [&node](const Call& call) { return get_import(node, call); })});
}

}  // namespace meent::api
