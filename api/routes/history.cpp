#include <charconv>

#include "api/routes/routes.h"
#include "api/stream_hub.h"
#include "eventstore/codec.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::int64_t most_events = 1'000'000;

/// By `format`, for those who cannot choose headers, or by what is accepted.
std::expected<HistoryFormat, Problem> format_of(const Request& request) {
  const auto accept = request.header("accept").value_or("");
  const auto wanted = word_of(request, "format", {"meent", "cloudevents"},
                              accept.contains(eventstore::cloud_event_media_type) ? 1 : 0);
  if (!wanted) return std::unexpected(wanted.error());
  if (accept.contains("text/event-stream")) {
    return *wanted == 1 ? HistoryFormat::cloud_event_stream : HistoryFormat::event_stream;
  }
  return *wanted == 1 ? HistoryFormat::cloud_events : HistoryFormat::ndjson;
}

/// As configured; without a public address what the client itself calls this server.
eventstore::EventOrigin origin_of_events(const Node& node, const Request& request) {
  auto origin = node.origin;
  if (origin.public_url.empty()) origin.public_url = origin_of(request);
  return origin;
}

std::expected<HistoryFilter, Problem> filter_of(const Request& request) {
  HistoryFilter filter;
  for (const auto value : request.query_values("type")) {
    const auto types = eventstore::event_types();
    const bool is_known = std::any_of(types.begin(), types.end(),
                                      [&](const auto& type) { return type.name == value; });
    if (!is_known) {
      return std::unexpected(
          invalid_parameter("query.type", "There is no event type of this name."));
    }
    filter.types.emplace_back(value);
  }
  if (const auto value = request.query_value("space")) {
    filter.space = SpaceId::parse(*value);
    if (!filter.space) return std::unexpected(invalid_parameter("query.space", "Not an id."));
  }
  if (const auto value = request.query_value("contribution")) {
    filter.contribution = ContributionId::parse(*value);
    if (!filter.contribution) {
      return std::unexpected(invalid_parameter("query.contribution", "Not an id."));
    }
  }
  return filter;
}

/// First position wanted: behind the cursor or Last-Event-ID, else the start (now, for a stream).
std::expected<std::uint64_t, Problem> start_of(const Node& node, const Call& call, bool is_live) {
  auto cursor = call.request.query_value("cursor");
  if (const auto last = call.request.header("last-event-id"); last && !last->empty()) cursor = last;
  if (!cursor) return is_live ? node.store.tip(call.platform.id).position + 1 : 1;
  const auto place = unseal(node.keys, node.store, call.platform.id,
                            call.platform.record.platform_key, Seal::stream, {}, *cursor);
  if (!place) return std::unexpected(place.error());
  return place->position + 1;
}

Answer events(const Node& node, StreamHub& hub, const Call& call) {
  if (!may_see(call.requester.viewer, Scope::of_platform())) return std::unexpected(not_found());
  const auto format = format_of(call.request);
  if (!format) return std::unexpected(format.error());
  const bool is_live = is_event_stream(*format);
  auto filter = filter_of(call.request);
  if (!filter) return std::unexpected(filter.error());
  const auto from = start_of(node, call, is_live);
  if (!from) return std::unexpected(from.error());
  const auto limit = call.request.query_number("limit", 1, most_events);
  if (call.request.query_value("limit") && !limit) {
    return std::unexpected(invalid_parameter("query.limit", "This must be from 1 to 1000000."));
  }
  if (limit && is_live) {
    return std::unexpected(invalid_parameter("query.limit", "A stream that goes on has no limit."));
  }
  std::string token(call.request.header("authorization").value_or(""));
  token.erase(0, token.find(' ') == std::string::npos ? 0 : token.find(' ') + 1);
  StreamHub::Subscription subscription{
      .reader = {.store = node.store,
                 .keys = node.keys,
                 .platform = call.platform,
                 .viewer = call.requester.viewer,
                 .filter = std::move(*filter),
                 .format = *format,
                 .origin = origin_of_events(node, call.request)},
      .from = *from,
      .is_live = is_live,
      .most_events = limit ? static_cast<std::uint64_t>(*limit) : UINT64_MAX,
      .token_text = std::move(token)};
  auto stream = hub.subscribe(std::move(subscription));
  if (!stream) {
    return std::unexpected(
        Problem{&problems::not_ready, "Too many streams are open.", {}, std::chrono::seconds(10)});
  }
  auto response = Response::event_stream(std::move(stream), media_type_of(*format));
  response.headers.add("Vary", "Accept");
  return response;
}

Parameter text_parameter(std::string name, ParameterPlace place, std::string description,
                         std::string schema) {
  return {.name = std::move(name),
          .place = place,
          .description = std::move(description),
          .schema = std::move(schema),
          .is_required = false,
          .example = ""};
}

}  // namespace

namespace {

std::string type_name_schema() {
  std::string names;
  for (const auto& type : eventstore::event_types()) {
    names += (names.empty() ? "\"" : ",\"") + std::string(type.name) + "\"";
  }
  return R"({"type":"string","enum":[)" + names + "]}";
}

/// Of any type.
std::uint32_t newest_version() {
  std::uint32_t newest = 1;
  for (const auto& type : eventstore::event_types()) {
    newest = std::max<std::uint32_t>(newest, type.version);
  }
  return newest;
}

/// JSON Schema of what `data` of a CloudEvent holds, at its `dataschema`.
Answer event_schema(const Node& node, const Request& request) {
  const auto type = request.path_parameter("type");
  const auto text = request.path_parameter("version");
  std::uint32_t version = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, version);
  if (fault != std::errc() || stop != end) return std::unexpected(not_found());
  const auto address =
      origin_of_events(node, request).public_url + eventstore::schema_path(type, version);
  auto schema = eventstore::event_schema(type, version, address);
  if (!schema) return std::unexpected(not_found("There is no such event type or version."));
  return Response(200, "application/schema+json", std::move(*schema));
}

void add_event_schemas(Router& router, const Node& node) {
  router.schema("EventSchema", R"({"type":"object","required":["$schema","$id","properties"]})");
  Operation row;
  row.id = "getEventSchema";
  row.summary = "What an event of this type and version holds";
  row.description = "JSON Schema (2020-12) of the facts: `data` of a CloudEvent.";
  row.tag = "history";
  row.guard = "open: it describes the format, not what happened";
  row.parameters = {text_parameter("type", ParameterPlace::path, "Event type.", type_name_schema()),
                    text_parameter("version", ParameterPlace::path, "Its version.",
                                   R"({"type":"integer","minimum":1,"maximum":)" +
                                       std::to_string(newest_version()) + "}")};
  auto answer = json_answer(200, "A JSON Schema.", "EventSchema");
  answer.media_type = "application/schema+json";
  row.responses = {answer};
  router.add(
      {Method::get, "/api/v1/schemas/events/{type}/{version}", row,
       reading_installation([&node](const Request& call) { return event_schema(node, call); })});
}

}  // namespace

void add_history_routes(Router& router, const Node& node, StreamHub& hub) {
  using enum ParameterPlace;
  Operation row;
  row.id = "readEvents";
  row.summary = "The history of a platform, and what follows it";
  row.description =
      "One JSON object a line (application/x-ndjson) up to the present end; with `Accept: "
      "text/event-stream` as server-sent events that go on. Each event gives what its type "
      "declares for this reader, judged as things stand now. With `Accept: "
      "application/cloudevents+json`, or `format=cloudevents`, each is a CloudEvent 1.0 (NL GOV "
      "profile) whose `data` are the same facts and whose `dataschema` describes them; `cursor` is "
      "then where to go on. A reader that is too slow gets an event `closed` with the id to resume "
      "from.";
  row.tag = "history";
  row.guard = "may_see(event)";
  row.parameters = {
      platform_parameter(),
      text_parameter("type", query, "Only events of these types.",
                     R"({"type":"array","maxItems":50,"items":)" + type_name_schema() + "}"),
      text_parameter("space", query, "Only events about this space.", schema_ref("Id")),
      text_parameter("contribution", query, "Only events about this contribution.",
                     schema_ref("Id")),
      text_parameter("cursor", query, "`id` of the last event that was read.",
                     R"({"type":"string","maxLength":2048})"),
      text_parameter("Last-Event-ID", header, "The same, as browsers send it.",
                     R"({"type":"string","maxLength":2048})"),
      word_parameter("format", "What each event is; else as accepted.", {"meent", "cloudevents"}),
      text_parameter("limit", query,
                     "Most events to give; without: all. Not with text/event-stream.",
                     R"({"type":"integer","minimum":1,"maximum":1000000})"),
      meent_after_parameter()};
  OperationResponse lines;
  lines.status = 200;
  lines.description = "Events, oldest first.";
  lines.media_type = "application/x-ndjson";
  lines.schema = R"({"type":"string"})";
  row.responses = {lines};
  lines.media_type = media_type_of(HistoryFormat::event_stream);
  row.responses.push_back(lines);
  row.problem_statuses = {401, 410, 503};
  router.add(
      {Method::get, "/api/v1/platforms/{platform}/events", row,
       reading(node, "", [&node, &hub](const Call& call) { return events(node, hub, call); })});
  add_event_schemas(router, node);
}

}  // namespace meent::api
