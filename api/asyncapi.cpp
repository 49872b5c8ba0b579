#include "api/asyncapi.h"

#include <nlohmann/json.hpp>

#include "api/router.h"
#include "eventstore/cloud_event.h"

namespace meent::api {

using namespace eventstore;
/// In the order in which readers should meet it.
using Json = nlohmann::ordered_json;

namespace {

bool is_public(const EventType& type) {
  return type.public_form.says == PublicForm::Says::facts;
}

std::string versioned(const EventType& type) {
  return std::string(type.name) + ".v" + std::to_string(type.version);
}

Json reference(const std::string& path) {
  return {{"$ref", "#/" + path}};
}

Json text_schema(const char* description) {
  return {{"type", "string"}, {"description", description}};
}

Json text_schema(const char* description, const char* keyword, const char* value) {
  auto schema = text_schema(description);
  schema[keyword] = value;
  return schema;
}

/// Attributes that every event has, and those of its channel.
Json envelope(const char* description, const Json& properties, const Json& required) {
  Json schema{{"type", "object"}, {"description", description}};
  schema["required"] = Json::array({"specversion", "id", "source", "type", "time", "subject",
                                    "dataref", "datacontenttype", "dataschema", "data"});
  for (const auto& name : required) schema["required"].push_back(name);
  schema["properties"] = {
      {"specversion", {{"const", "1.0"}}},
      {"id", text_schema("The event's name for ever, in every channel.", "format", "uuid")},
      {"source", text_schema("Organisation, system and platform.", "format", "uri")},
      {"time", text_schema("When it was recorded.", "format", "date-time")},
      {"occurredat", text_schema("When an imported event happened.", "format", "date-time")},
      {"subject", text_schema("What it is about, as a path below the platform.")},
      {"dataref", text_schema("The thing itself, as it is now.", "format", "uri")},
      {"datacontenttype", {{"const", "application/json"}}},
      {"dataschema", text_schema("JSON Schema of `data`.", "format", "uri")}};
  schema["properties"].update(properties);
  return schema;
}

Json message(const EventType& type, bool in_public) {
  const auto name = "nl.meent." + std::string(type.name);
  Json own;
  own["type"]["const"] = name;
  own["data"]["allOf"] = Json::array({reference("components/schemas/" + versioned(type))});
  if (in_public) own["data"]["propertyNames"]["enum"] = type.public_form.facts;
  return {{"name", name},
          {"title", std::string(type.name) + ", version " + std::to_string(type.version)},
          {"contentType", cloud_event_media_type},
          {"payload",
           {{"allOf", Json::array({reference(in_public ? "components/schemas/PublicEvent"
                                                       : "components/schemas/HistoryEvent"),
                                   {{"properties", std::move(own)}}})}}}};
}

Json facts_schema(const EventType& type) {
  auto schema = Json::parse(event_schema(type.name, type.version, "").value());
  schema.erase("$schema");
  schema.erase("$id");
  return schema;
}

Json info() {
  return {{"title", "Meent: what happens"},
          {"version", Router::api_version},
          {"description",
           "CloudEvents 1.0 in structured JSON, after the NL GOV profile. The public topic says "
           "what anyone could read when it was written, without people and their words; a "
           "platform's history says what its reader may see now."},
          {"license", {{"name", "EUPL-1.2"}, {"url", "https://eupl.eu/1.2/en/"}}},
          {"externalDocs", {{"url", "https://meent.example/docs/events.md"}}}};
}

Json servers() {
  return {{"bus",
           {{"host", "127.0.0.1:9092"},
            {"protocol", "kafka"},
            {"description", "The brokers that `meent serve --publish kafka` is given."}}},
          {"api",
           {{"host", "127.0.0.1:8080"},
            {"protocol", "http"},
            {"description", "A running `meent serve`."}}}};
}

}  // namespace

std::string asyncapi_document() {
  Json document;
  document["asyncapi"] = "3.0.0";
  document["info"] = info();
  document["defaultContentType"] = cloud_event_media_type;
  document["servers"] = servers();
  Json topic{{"address", "meent.events"},
             {"title", "Public events"},
             {"description",
              "Every platform's public events, keyed by the platform's id: in order within a "
              "platform, at least once. `id` tells a repeat, a gap in `sequence` a loss. The name "
              "begins with `--topic-prefix`."},
             {"servers", Json::array({reference("servers/bus")})}};
  Json history{{"address", "/api/v1/platforms/{platform}/events"},
               {"title", "A platform's history, and what follows"},
               {"description",
                "One event a line up to the present end with `Accept: "
                "application/cloudevents+json`; with `text/event-stream` too, server-sent events "
                "that go on, each with the event as its data and `cursor` as its id."},
               {"servers", Json::array({reference("servers/api")})},
               {"parameters", {{"platform", {{"description", "Id or slug of the platform."}}}}}};
  Json messages, schemas;
  schemas["PublicEvent"] = envelope(
      "An event in public.",
      Json::object(
          {{"sequence", text_schema("1, 2, 3 … among the platform's public events, as 20 digits.",
                                    "pattern", "^[0-9]{20}$")}}),
      Json::array({"sequence"}));
  schemas["HistoryEvent"] = envelope(
      "An event as one reader sees it.",
      Json::object({{"cursor", text_schema("Where to go on.")},
                    {"actorkind", text_schema("What kind of actor did it.")},
                    {"actorid", text_schema("Who did it: authors of the item, or for analysts.")},
                    {"position", text_schema("For analysts.", "pattern", "^[0-9]{20}$")}}),
      Json::array({"cursor", "actorkind"}));
  for (const auto& type : event_types()) {
    const std::string name(type.name);
    schemas[versioned(type)] = facts_schema(type);
    messages[name + ".history"] = message(type, false);
    history["messages"][name] = reference("components/messages/" + name + ".history");
    if (!is_public(type)) continue;
    auto one = message(type, true);
    one["headers"] = {
        {"type", "object"},
        {"properties",
         {{"content-type", {{"const", "application/cloudevents+json; charset=UTF-8"}}}}}};
    one["bindings"]["kafka"]["key"] = {{"type", "string"}, {"pattern", "^[0-9a-f]{32}$"}};
    messages[name + ".public"] = std::move(one);
    topic["messages"][name] = reference("components/messages/" + name + ".public");
  }
  document["channels"]["publicEvents"] = std::move(topic);
  document["channels"]["history"] = std::move(history);
  document["components"]["messages"] = std::move(messages);
  document["components"]["schemas"] = std::move(schemas);
  document["operations"] = {{"publish",
                             {{"action", "send"},
                              {"channel", reference("channels/publicEvents")},
                              {"summary", "Tells everybody."}}},
                            {"tellHistory",
                             {{"action", "send"},
                              {"channel", reference("channels/history")},
                              {"summary", "Tells one reader."},
                              {"bindings", {{"http", {{"method", "GET"}}}}}}}};
  return document.dump(1);
}

}  // namespace meent::api
