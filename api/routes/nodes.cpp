#include "api/cluster.h"
#include "api/routes/routes.h"

namespace meent::api {

using namespace domain;
using eventstore::PartitionRole;

namespace {

std::string_view word_of(PartitionRole role) {
  switch (role) {
    case PartitionRole::following: return "following";
    case PartitionRole::claiming: return "claiming";
    case PartitionRole::owning: return "owning";
    case PartitionRole::stopped: return "stopped";
  }
  return "unknown";
}

void write_peers(const Node& node, JsonWriter& json) {
  json.open_array("nodes");
  const auto peers =
      node.cluster != nullptr ? node.cluster->peers() : std::vector<eventstore::Ownership::Peer>();
  for (const auto& peer : peers) {
    json.open_object()
        .field("url", peer.beat.url)
        .field("live", peer.is_live)
        .field("ready", peer.beat.is_ready)
        .field("leaving", peer.beat.is_leaving)
        .field("level", peer.beat.level)
        .open_array("next_offsets");
    for (const auto offset : peer.beat.next_offsets) json.field({}, offset);
    json.close_array().close_object();
  }
  json.close_array();
}

void write_partitions(const Node& node, JsonWriter& json) {
  json.open_array("partitions");
  for (const auto& partition : node.sequencer.partitions()) {
    json.open_object()
        .field("number", partition.number)
        .field("role", word_of(partition.role))
        .field("owner", partition.owner_url)
        .field("epoch", partition.epoch)
        .field("next_offset", partition.next_offset)
        .field("error", partition.stopped_why)
        .close_object();
  }
  json.close_array();
}

Answer list_nodes(const Node& node, const Request& request) {
  const auto requester = directory_operator(node, request);
  if (!requester) return std::unexpected(requester.error());
  JsonWriter json;
  json.open_object();
  write_peers(node, json);
  write_partitions(node, json);
  const auto behind = node.sequencer.behind();
  json.field("behind_ms", behind ? std::optional(behind->count()) : std::nullopt);
  json.field("clock_right", node.cluster == nullptr || node.cluster->is_clock_right());
  return Response::json(json.close_object().take());
}

}  // namespace

void add_node_routes(Router& router, const Node& node) {
  router.schema("NodeStatus", R"({"type":"object",
    "required":["nodes","partitions","behind_ms","clock_right"],"properties":{
    "nodes":{"type":"array","description":"Empty: one machine by itself.","items":{"type":"object",
      "required":["url","live","ready","leaving","level","next_offsets"],"properties":{
      "url":{"type":"string"},"live":{"type":"boolean"},"ready":{"type":"boolean"},
      "leaving":{"type":"boolean"},
      "level":{"type":"integer","description":"The newest level that it knows."},
      "next_offsets":{"type":"array","items":{"type":"integer"}}}}},
    "partitions":{"type":"array","items":{"type":"object",
      "required":["number","role","owner","epoch","next_offset","error"],"properties":{
      "number":{"type":"integer"},
      "role":{"type":"string","enum":["following","claiming","owning","stopped"]},
      "owner":{"type":"string","description":"Where the owner answers; empty: none or embedded."},
      "epoch":{"type":"integer"},"next_offset":{"type":"integer"},"error":{"type":"string"}}}},
    "behind_ms":{"type":["integer","null"],
      "description":"Since the log's end was last seen; null: not yet."},
    "clock_right":{"type":"boolean"}}})");
  auto row =
      directory_operation("listNodes", "Who owns which partition, and how far everyone has read");
  row.responses = {json_answer(200, "As this node sees it.", "NodeStatus")};
  router.add(
      {Method::get, "/api/v1/nodes", row, reading_installation([&node](const Request& request) {
         return list_nodes(node, request);
       })});
}

}  // namespace meent::api
