#include "api/openapi.h"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <nlohmann/json.hpp>

namespace meent::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<unsigned, 7> shared_statuses{400, 408, 413, 414, 431, 500, 503};
constexpr std::string_view schema_prefix = "#/components/schemas/";

std::string lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view place_name(ParameterPlace place) {
  switch (place) {
    case ParameterPlace::path: return "path";
    case ParameterPlace::query: return "query";
    case ParameterPlace::header: return "header";
  }
  return {};
}

Json problem_schema() {
  return Json::parse(R"({
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
      "type": {"type": "string", "format": "uri-reference",
               "description": "Which kind of problem; the page behind it explains it."},
      "title": {"type": "string"},
      "status": {"type": "integer", "minimum": 400, "maximum": 599},
      "detail": {"type": "string", "description": "What went wrong this time."},
      "instance": {"type": "string", "format": "uri-reference"},
      "code": {"type": "string",
               "description": "Why the rules refused it, for programs, such as space-not-open"},
      "errors": {
        "type": "array",
        "description": "Every field that is invalid.",
        "items": {
          "type": "object",
          "required": ["field", "code", "detail"],
          "properties": {
            "field": {"type": "string", "description": "Its path, such as form.themes.2"},
            "code": {"type": "string", "description": "For programs, such as too-long"},
            "detail": {"type": "string", "description": "For people."}
          }
        }
      }
    }
  })");
}

/// Builds the document, and keeps track of what it refers to.
class Assembly {
 public:
  Assembly(const Router& router, const OpenApiInfo& info) : router_(router), info_(info) {}

  Json document() {
    Json paths = Json::object();
    for (const auto& route : router_.routes()) {
      if (!route->path.starts_with("/api/")) continue;
      row_ = std::string(to_string(route->method)) + " " + route->path;
      paths[route->path][lower_case(to_string(route->method))] = operation(*route);
    }
    Json document;
    document["openapi"] = "3.1.0";
    document["info"] = {{"title", info_.title},
                        {"version", Router::api_version},
                        {"description", info_.description},
                        {"contact", {{"name", info_.contact_name}, {"url", info_.contact_url}}},
                        {"license", {{"name", "EUPL-1.2"}, {"url", "https://eupl.eu/1.2/en/"}}}};
    document["servers"] = Json::array({{{"url", info_.server_url}}});
    document["tags"] = Json::array();
    for (const auto& [name, description] : info_.tags)
      document["tags"].push_back({{"name", name}, {"description", description}});
    document["paths"] = std::move(paths);
    document["components"] = components();
    return document;
  }

 private:
  [[noreturn]] void fail(const std::string& field, const std::string& why) const {
    throw std::invalid_argument(row_ + ": " + field + ": " + why);
  }

  Json parsed(const std::string& text, const std::string& field) {
    try {
      Json json = Json::parse(text);
      note_references(json, field);
      return json;
    } catch (const Json::exception& error) {
      fail(field, error.what());
    }
  }

  void note_references(const Json& json, const std::string& field) {
    if (json.is_object()) {
      if (const auto ref = json.find("$ref"); ref != json.end() && ref->is_string()) {
        const std::string target = ref->get<std::string>();
        if (target.starts_with(schema_prefix))
          use_schema(target.substr(schema_prefix.size()), field);
      }
    }
    if (json.is_structured())
      for (const auto& part : json) note_references(part, field);
  }

  void use_schema(const std::string& name, const std::string& field) {
    if (name == "Problem" || schemas_.contains(name)) return;
    const auto known = router_.schemas().find(name);
    if (known == router_.schemas().end()) fail(field, "there is no schema " + name);
    schemas_[name] = nullptr;  // before its own references are followed: they may lead back
    schemas_[name] = parsed(known->second, "schema " + name);
  }

  Json operation(const Route& route) {
    const Operation& row = route.operation;
    if (row.summary.empty()) fail("summary", "missing");
    if (row.responses.empty()) fail("responses", "none");
    const auto has_tag = [&](const auto& tag) { return tag.first == row.tag; };
    if (std::ranges::none_of(info_.tags, has_tag))
      fail("tag", "'" + row.tag + "' is not in the info");

    Json json;
    json["operationId"] = row.id;
    json["summary"] = row.summary;
    json["description"] = row.description.empty() ? row.summary + "." : row.description;
    json["tags"] = {row.tag};
    if (Json all = parameters(route); !all.empty()) json["parameters"] = std::move(all);
    if (!row.body.media_types.empty()) json["requestBody"] = request_body(row.body);
    json["responses"] = responses(route);
    if (row.needs_token) json["security"] = Json::array({{{"bearer", Json::array()}}});
    return json;
  }

  Json parameters(const Route& route) {
    Json all = Json::array();
    for (std::string_view name : path_parameters(route.path)) {
      const auto& rows = route.operation.parameters;
      const auto is_described = [&](const Parameter& row) {
        return row.place == ParameterPlace::path && row.name == name;
      };
      if (std::ranges::none_of(rows, is_described))
        all.push_back({{"name", name},
                       {"in", "path"},
                       {"required", true},
                       {"schema", {{"type", "string"}, {"minLength", 1}}}});
    }
    for (const Parameter& row : route.operation.parameters) {
      Json json{{"name", row.name}, {"in", place_name(row.place)}};
      if (!row.description.empty()) json["description"] = row.description;
      json["required"] = row.is_required || row.place == ParameterPlace::path;
      json["schema"] = parsed(row.schema, "parameter " + row.name);
      if (!row.example.empty()) json["example"] = parsed(row.example, "example of " + row.name);
      all.push_back(std::move(json));
    }
    return all;
  }

  static std::vector<std::string_view> path_parameters(std::string_view path) {
    std::vector<std::string_view> names;
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1))
      names.push_back(path.substr(at + 1, path.find('}', at) - at - 1));
    return names;
  }

  Json content(const std::string& schema, const std::string& example, const std::string& field) {
    Json media = Json::object();
    if (!schema.empty()) media["schema"] = parsed(schema, field + " schema");
    if (!example.empty()) media["example"] = parsed(example, field + " example");
    return media;
  }

  Json request_body(const RequestBody& body) {
    Json json{{"required", body.is_required}};
    for (const std::string& type : body.media_types)
      json["content"][type] = content(body.schema, body.example, "body");
    return json;
  }

  Json responses(const Route& route) {
    std::map<unsigned, Json> all;
    for (const OperationResponse& row : route.operation.responses) {
      const std::string field = "response " + std::to_string(row.status);
      if (row.description.empty()) fail(field, "no description");
      Json& json = all[row.status];
      json["description"] = row.description;
      json["headers"]["API-Version"] = {{"$ref", "#/components/headers/ApiVersion"}};
      for (const ResponseHeader& header : row.headers)
        json["headers"][header.name] = {
            {"description", header.description},
            {"schema", parsed(header.schema, field + " " + header.name)}};
      if (!row.media_type.empty())
        json["content"][row.media_type] = content(row.schema, row.example, field);
    }
    for (const unsigned status : problem_statuses(route))
      if (!all.contains(status)) {
        used_problems_.insert(status);
        all[status] = {{"$ref", "#/components/responses/Problem" + std::to_string(status)}};
      }
    Json json = Json::object();
    for (auto& [status, response] : all) json[std::to_string(status)] = std::move(response);
    return json;
  }

  static std::set<unsigned> problem_statuses(const Route& route) {
    std::set<unsigned> all(shared_statuses.begin(), shared_statuses.end());
    const Operation& row = route.operation;
    all.insert(row.problem_statuses.begin(), row.problem_statuses.end());
    if (route.path.find('{') != std::string::npos) all.insert(404);
    if (!row.body.media_types.empty()) all.insert(415);
    if (row.needs_token) all.insert({401, 403});
    return all;
  }

  Json problem_response(unsigned status) const {
    Json example;
    std::string titles;
    for (const ProblemType* type : problem_types()) {
      if (type->status != status) continue;
      if (titles.empty())
        example = {{"type", "/problems/" + std::string(type->slug)},
                   {"title", type->title},
                   {"status", status}};
      titles += (titles.empty() ? "" : "; ") + std::string(type->title);
    }
    if (titles.empty())
      throw std::invalid_argument("no problem type has status " + std::to_string(status));
    Json json{{"description", titles + "."}};
    json["headers"]["API-Version"] = {{"$ref", "#/components/headers/ApiVersion"}};
    const auto header = [&](const char* name, const char* why, Json schema) {
      json["headers"][name] = {{"description", why}, {"schema", std::move(schema)}};
    };
    if (status == 401) header("WWW-Authenticate", "How to sign in.", {{"type", "string"}});
    if (status == 429 || status == 503)
      header("Retry-After", "Seconds to wait.", {{"type", "integer"}, {"minimum", 0}});
    json["content"]["application/problem+json"] = {
        {"schema", {{"$ref", "#/components/schemas/Problem"}}}, {"example", example}};
    return json;
  }

  Json components() {
    Json json;
    json["schemas"]["Problem"] = problem_schema();
    for (auto& [name, schema] : schemas_) json["schemas"][name] = schema;
    for (const unsigned status : used_problems_)
      json["responses"]["Problem" + std::to_string(status)] = problem_response(status);
    json["headers"]["ApiVersion"] = {{"description", "The version of this API that answered."},
                                     {"schema", {{"type", "string"}}},
                                     {"example", Router::api_version}};
    json["securitySchemes"]["bearer"] = {
        {"type", "http"},
        {"scheme", "bearer"},
        {"description", "A token that an operator of the platform has made."}};
    return json;
  }

  const Router& router_;
  const OpenApiInfo& info_;
  std::string row_;
  std::map<std::string, Json> schemas_;  // those that are referred to
  std::set<unsigned> used_problems_;
};

}  // namespace

std::span<const unsigned> shared_problem_statuses() {
  return shared_statuses;
}

std::string openapi_document(const Router& router, const OpenApiInfo& info) {
  return Assembly(router, info).document().dump(1);
}

}  // namespace meent::api
