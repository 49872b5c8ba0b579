#pragma once
#include <functional>
#include <memory>

#include "api/frames.h"
#include "api/server.h"

/// The JSON routes, one file per noun or capability, each with its OpenAPI rows.
namespace meent::api {

void add_platform_routes(Router& router, const Node& node);
void add_space_routes(Router& router, const Node& node);
void add_person_routes(Router& router, const Node& node);
void add_token_routes(Router& router, const Node& node);
void add_contribution_routes(Router& router, const Node& node);
void add_discuss_routes(Router& router, const Node& node);
void add_support_routes(Router& router, const Node& node);
void add_moderate_routes(Router& router, const Node& node);
void add_search_routes(Router& router, const Node& node);
void add_import_routes(Router& router, const Node& node);
void add_node_routes(Router& router, const Node& node);
void add_level_routes(Router& router, const Node& node);
/// Not of the API: what `load_demo` asks of the node that owns a platform.
void add_demo_route(Router& router, const Node& node);

class StreamHub;
/// `hub` feeds the live streams and must outlive the server.
void add_history_routes(Router& router, const Node& node, StreamHub& hub);

/// openapi.json, healthz, readyz, metrics, problem pages. `server_counts`: asked for at /metrics.
void add_service_routes(Router& router, const Node& node, const StreamHub& hub,
                        std::function<Server::Counts()> server_counts);

/// All of the above, with the schemas they refer to.
void add_routes(Router& router, const Node& node, StreamHub& hub,
                std::function<Server::Counts()> server_counts);

/// Reads of the views; a view that does not serve yet is a problem: not_ready.
template <class V>
std::expected<std::shared_ptr<V>, Problem> serving(const projections::Slot<V>& slot) {
  auto view = slot.get();
  if (view) return view;
  return std::unexpected(Problem{&problems::not_ready,
                                 "This view is being built; repeat later.",
                                 {},
                                 std::chrono::seconds(5)});
}

}  // namespace meent::api
