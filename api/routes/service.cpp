#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

#include "api/asyncapi.h"
#include "api/cluster.h"
#include "api/openapi.h"
#include "api/routes/routes.h"
#include "api/shapes.h"
#include "api/stream_hub.h"

namespace meent::api {

namespace {

/// Requests by route and status class, and how long they took.
class RequestMetrics {
 public:
  explicit RequestMetrics(prometheus::Registry& registry)
      : counters_(prometheus::BuildCounter()
                      .Name("meent_http_requests_total")
                      .Help("Requests answered, by operation and class of status")
                      .Register(registry)),
        histograms_(prometheus::BuildHistogram()
                        .Name("meent_http_request_seconds")
                        .Help("Time from dispatch to answer")
                        .Register(registry)) {}

  void prepare(const Router& router) {
    for (const auto& route : router.routes()) row_of(route.get(), route->operation.id);
    row_of(nullptr, "none");
  }
  /// Threads: any, after `prepare`.
  void note(const Route* route, unsigned status, std::chrono::nanoseconds took) {
    const auto it = rows_.find(route);
    if (it == rows_.end()) return;
    it->second.by_class[std::min(status / 100, 5U)]->Increment();
    it->second.seconds->Observe(std::chrono::duration<double>(took).count());
  }

 private:
  struct Row {
    std::array<prometheus::Counter*, 6> by_class{};
    prometheus::Histogram* seconds = nullptr;
  };
  void row_of(const Route* route, const std::string& operation) {
    auto& row = rows_[route];
    for (std::size_t i = 0; i < row.by_class.size(); ++i) {
      row.by_class[i] =
          &counters_.Add({{"operation", operation}, {"status", std::to_string(i) + "xx"}});
    }
    row.seconds = &histograms_.Add({{"operation", operation}},
                                   prometheus::Histogram::BucketBoundaries{
                                       0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5});
  }

  prometheus::Family<prometheus::Counter>& counters_;
  prometheus::Family<prometheus::Histogram>& histograms_;
  std::unordered_map<const Route*, Row> rows_;
};

prometheus::MetricFamily family(std::string name, std::string help, prometheus::MetricType type) {
  prometheus::MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = type;
  return out;
}

void add_value(prometheus::MetricFamily& family, double value,
               std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

using Families = std::vector<prometheus::MetricFamily>;

void add_one(Families& out, std::string name, std::string help, prometheus::MetricType type,
             double value) {
  auto one = family(std::move(name), std::move(help), type);
  add_value(one, value);
  out.push_back(std::move(one));
}

/// Owner, epoch and reading of each partition; what was void; what was forwarded.
void add_log_families(Families& out, const Node& node) {
  using prometheus::MetricType;
  auto owned = family("meent_partition_owned", "1 where this node writes", MetricType::Gauge);
  auto epoch = family("meent_partition_epoch", "Claims that counted", MetricType::Counter);
  auto offset = family("meent_partition_next_offset", "Read up to here", MetricType::Gauge);
  for (const auto& partition : node.sequencer.partitions()) {
    const std::vector<prometheus::ClientMetric::Label> labels{
        {"partition", std::to_string(partition.number)}};
    add_value(owned, partition.role == eventstore::PartitionRole::owning ? 1 : 0, labels);
    add_value(epoch, static_cast<double>(partition.epoch), labels);
    add_value(offset, static_cast<double>(partition.next_offset), labels);
  }
  auto voids = family("meent_void_envelopes_total", "Read, kept and not applied, since the start",
                      MetricType::Counter);
  const auto counts = node.sequencer.counts();
  for (std::size_t i = 0; i < counts.voids.size(); ++i) {
    add_value(voids, static_cast<double>(counts.voids[i]),
              {{"reason", eventstore::name_of(static_cast<eventstore::VoidReason>(i))}});
  }
  out.push_back(std::move(owned));
  out.push_back(std::move(epoch));
  out.push_back(std::move(offset));
  out.push_back(std::move(voids));
  if (node.cluster == nullptr) return;
  const auto add = [&](std::string name, std::string help, auto value) {
    add_one(out, std::move(name), std::move(help), MetricType::Counter, static_cast<double>(value));
  };
  auto ownerless = family("meent_partition_ownerless_seconds_total",
                          "Without an owner that was heard here", MetricType::Counter);
  std::uint32_t number = 0;
  for (const auto time : node.cluster->without_owner()) {
    add_value(ownerless, static_cast<double>(time.count()) / 1000,
              {{"partition", std::to_string(number++)}});
  }
  out.push_back(std::move(ownerless));
  const auto forwards = node.cluster->counts();
  add("meent_forwarded_total", "Commands sent to their owner, each try", forwards.forwarded);
  add("meent_forward_repeats_total", "Tries after the first", forwards.repeated);
  add("meent_received_total", "Requests taken from other nodes", forwards.received);
  add("meent_ownerless_total", "Commands for which no owner was found in time", forwards.given_up);
  if (const auto behind = node.sequencer.behind()) {
    add_one(out, "meent_log_behind_seconds", "Since the log's end was last seen", MetricType::Gauge,
            static_cast<double>(behind->count()) / 1000);
  }
}

Families node_families(const Node& node, const StreamHub& hub, const Server::Counts& server) {
  using prometheus::MetricType;
  Families out;
  const auto counts = node.sequencer.counts();
  const auto add = [&](std::string name, std::string help, MetricType type, auto value) {
    add_one(out, std::move(name), std::move(help), type, static_cast<double>(value));
  };
  add("meent_commands_accepted_total", "Commands accepted", MetricType::Counter, counts.accepted);
  add("meent_commands_refused_total", "Commands refused", MetricType::Counter, counts.refused);
  add("meent_commands_repeated_total", "Repeats answered", MetricType::Counter, counts.repeated);
  add("meent_groups_total", "Records written", MetricType::Counter, counts.groups);
  add("meent_log_writes_total", "Synced writes", MetricType::Counter, counts.writes);
  add("meent_commands_waiting", "Commands not yet answered", MetricType::Gauge, counts.waiting);
  add("meent_log_next_offset", "Envelopes in the log", MetricType::Gauge, node.store.next_offset());
  add("meent_streams", "Open history streams", MetricType::Gauge, hub.count());
  add("meent_connections", "Open connections", MetricType::Gauge, server.connections_open);
  add("meent_connections_refused_total", "Connections over the limit", MetricType::Counter,
      server.connections_refused);
  add("meent_protocol_errors_total", "Requests answered below the router", MetricType::Counter,
      server.protocol_errors);
  add("meent_bytes_sent_total", "Bytes sent", MetricType::Counter, server.bytes_sent);
  auto lag = family("meent_view_lag_envelopes", "Envelopes behind the store", MetricType::Gauge);
  auto live = family("meent_view_live", "1 while the view serves and follows", MetricType::Gauge);
  auto applied = family("meent_view_events_total", "Events applied", MetricType::Counter);
  for (const auto& view : node.runner.health().views) {
    const std::vector<prometheus::ClientMetric::Label> labels{{"view", view.name}};
    add_value(lag, static_cast<double>(view.lag_envelopes), labels);
    add_value(live, view.condition == projections::ViewHealth::Condition::live ? 1 : 0, labels);
    add_value(applied, static_cast<double>(view.events_applied), labels);
  }
  add_log_families(out, node);
  out.push_back(std::move(lag));
  out.push_back(std::move(live));
  out.push_back(std::move(applied));
  return out;
}

/// How consumers are. None of them keeps the server from serving.
void add_consumers(JsonWriter& json, const std::vector<ConsumerHealth>& consumers) {
  json.open_array("consumers");
  for (const auto& one : consumers) {
    json.open_object()
        .field("name", one.name)
        .field("live", one.is_live)
        .field("lag_events", one.lag_events)
        .field("error", one.error)
        .open_array("stopped_platforms");
    for (const auto& stopped : one.stopped_platforms) {
      json.element(stopped.platform.text() + " at position " + std::to_string(stopped.position) +
                   ": " + stopped.why);
    }
    json.close_array().close_object();
  }
  json.close_array();
}

void add_consumer_families(Families& out, const std::vector<ConsumerHealth>& consumers) {
  using prometheus::MetricType;
  auto live = family("meent_consumer_live",
                     "1 while the consumer follows the log; else /readyz "
                     "says why it stopped",
                     MetricType::Gauge);
  auto done = family("meent_consumer_done_total",
                     "Effects done, repeats included; of the "
                     "publisher: events published",
                     MetricType::Counter);
  auto failing = family("meent_consumer_failing",
                        "1 while an effect fails and is tried again; "
                        "/readyz has the error",
                        MetricType::Gauge);
  auto lag =
      family("meent_consumer_lag_events", "Events written and not done yet", MetricType::Gauge);
  auto lags = family("meent_consumer_platform_lag_events",
                     "The same by platform: those that are behind, at most the hundred furthest",
                     MetricType::Gauge);
  auto stopped = family("meent_consumer_stopped_platforms",
                        "Platforms with a record that cannot be decoded", MetricType::Gauge);
  for (const auto& one : consumers) {
    const std::vector<prometheus::ClientMetric::Label> labels{{"consumer", one.name}};
    add_value(live, one.is_live ? 1 : 0, labels);
    add_value(done, static_cast<double>(one.done_count), labels);
    add_value(failing, one.error.empty() ? 0 : 1, labels);
    add_value(lag, static_cast<double>(one.lag_events), labels);
    add_value(stopped, static_cast<double>(one.stopped_platforms.size()), labels);
    for (const auto& [platform, events] : one.furthest) {
      add_value(lags, static_cast<double>(events),
                {{"consumer", one.name}, {"platform", platform.text()}});
    }
  }
  for (auto* each : {&live, &done, &failing, &lag, &lags, &stopped}) {
    if (!each->metric.empty()) out.push_back(std::move(*each));
  }
}

Response readiness(const Node& node) {
  const auto health = node.runner.health();
  std::vector<std::string> reasons;
  if (!health.is_ready()) reasons.push_back(health.reason);
  for (const auto& partition : node.sequencer.partitions()) {
    if (!partition.stopped_why.empty()) reasons.push_back(partition.stopped_why);
  }
  const auto behind = node.sequencer.behind();
  if (node.cluster != nullptr && !behind) reasons.push_back(node.cluster->reading_progress());
  for (const auto& stopped : node.sequencer.stopped()) {
    reasons.push_back("platform " + stopped.platform.text() + " stopped at position " +
                      std::to_string(stopped.position) + ": " + stopped.why);
  }
  JsonWriter json;
  json.open_object().field("ready", reasons.empty()).open_array("reasons");
  for (const auto& reason : reasons) json.element(reason);
  json.close_array().open_array("views");
  for (const auto& view : health.views) {
    json.open_object()
        .field("name", view.name)
        .field("version", view.version)
        .field("live", view.condition == projections::ViewHealth::Condition::live)
        .field("rebuilding", view.is_rebuilding)
        .field("lag_envelopes", view.lag_envelopes)
        .field("error", view.error)
        .close_object();
  }
  json.close_array();
  if (node.consumers != nullptr) add_consumers(json, node.consumers->health());
  if (node.cluster != nullptr) {
    json.field("behind_ms", behind ? std::optional(behind->count()) : std::nullopt);
  }
  json.close_object();
  return Response::json(json.take(), reasons.empty() ? 200 : 503);
}

Operation open_operation(std::string id, std::string summary, std::string why) {
  Operation out;
  out.id = std::move(id);
  out.summary = std::move(summary);
  out.tag = "service";
  out.guard = "open: " + std::move(why);
  return out;
}

OpenApiInfo info() {
  OpenApiInfo out;
  out.description =
      "Meent: people take part, think along, decide together and find each other. Commands take an "
      "Idempotency-Key and answer with a token; reads take that token as Meent-After.";
  out.contact_name = "Meent";
  out.contact_url = "https://meent.example/";
  out.tags = {{"platforms", "Platforms and the kinds of contributions on them"},
              {"spaces", "Places inside a platform"},
              {"people", "People and what they did"},
              {"tokens", "Bearer tokens"},
              {"contributions", "What people make in a space"},
              {"comments", "Discussion"},
              {"support", "Agree, pass, disagree"},
              {"moderation", "Accept and hide"},
              {"search", "Finding"},
              {"imports", "Bringing in what was elsewhere"},
              {"history", "Events, as lines or as a stream"},
              {"service", "About the service itself"}};
  return out;
}

void add_openapi(Router& router) {
  router.schema("OpenApiDocument", R"({"type":"object","required":["openapi","info","paths"]})");
  auto row = open_operation("getOpenApi", "This document", "the description of the API is public");
  row.responses = {json_answer(200, "An OpenAPI 3.1 document.", "OpenApiDocument")};
  auto document = std::make_shared<std::string>();
  auto once = std::make_shared<std::once_flag>();
  router.add({Method::get, "/api/v1/openapi.json", row,
              [&router, document, once](const Request&, Respond respond) {
                // Made at the first request: by then every row is there.
                std::call_once(*once, [&] { *document = openapi_document(router, info()); });
                auto response = Response::json(*document);
                response.headers.add("Access-Control-Allow-Origin", "*");
                respond(std::move(response));
              }});
}

void add_asyncapi(Router& router) {
  router.schema("AsyncApiDocument",
                R"({"type":"object","required":["asyncapi","info","channels","operations"]})");
  auto row = open_operation("getAsyncApi", "What is sent", "the description of the API is public");
  row.description = "The events of the public topic and of the history, message by message.";
  row.responses = {json_answer(200, "An AsyncAPI 3 document.", "AsyncApiDocument")};
  router.add({Method::get, "/api/v1/asyncapi.json", row,
              reading_installation([document = asyncapi_document()](const Request&) -> Answer {
                auto response = Response::json(document);
                response.headers.add("Access-Control-Allow-Origin", "*");
                return response;
              })});
}

Response problem_page(const Request& request) {
  const auto* type = find_problem_type(request.path_parameter("slug"));
  if (type == nullptr) return to_response(not_found(), request);
  return Response::text(std::string(type->title) + " (" + std::to_string(type->status) + ")\n\n" +
                        std::string(type->explanation) + "\n");
}

}  // namespace

void add_service_routes(Router& router, const Node& node, const StreamHub& hub,
                        std::function<Server::Counts()> server_counts) {
  add_openapi(router);
  add_asyncapi(router);
  router.add(
      {Method::get, "/healthz", open_operation("getHealth", "Is it alive", "no content"),
       [](const Request&, Respond respond) { respond(Response::json(R"({"status":"ok"})")); }});
  router.add({Method::get, "/readyz",
              open_operation("getReadiness", "Does it serve", "names of views only"),
              [&node](const Request&, Respond respond) { respond(readiness(node)); }});
  router.add({Method::get, "/problems/{slug}",
              open_operation("getProblem", "What a problem type means", "documentation"),
              [](const Request& request, Respond respond) { respond(problem_page(request)); }});

  auto registry = std::make_shared<prometheus::Registry>();
  auto metrics = std::make_shared<RequestMetrics>(*registry);
  router.add({Method::get, "/metrics", open_operation("getMetrics", "Figures", "counts only"),
              [&node, &hub, registry, server_counts](const Request&, Respond respond) {
                auto families = registry->Collect();
                for (auto& one : node_families(node, hub, server_counts())) {
                  families.push_back(std::move(one));
                }
                if (node.consumers != nullptr) {
                  add_consumer_families(families, node.consumers->health());
                }
                std::ostringstream out;
                prometheus::TextSerializer().Serialize(out, families);
                respond(Response(200, "text/plain; version=0.0.4; charset=utf-8", out.str()));
              }});
  metrics->prepare(router);
  router.set_observer(
      [metrics](const Route* route, unsigned status, std::chrono::nanoseconds took) {
        metrics->note(route, status, took);
      });
}

void add_routes(Router& router, const Node& node, StreamHub& hub,
                std::function<Server::Counts()> server_counts) {
  add_shared_schemas(router);
  add_shape_schemas(router);
  add_platform_routes(router, node);
  add_space_routes(router, node);
  add_person_routes(router, node);
  add_token_routes(router, node);
  add_contribution_routes(router, node);
  add_discuss_routes(router, node);
  add_support_routes(router, node);
  add_moderate_routes(router, node);
  add_search_routes(router, node);
  add_import_routes(router, node);
  add_node_routes(router, node);
  add_level_routes(router, node);
  add_demo_route(router, node);
  add_history_routes(router, node, hub);
  add_service_routes(router, node, hub, std::move(server_counts));
}

}  // namespace meent::api
