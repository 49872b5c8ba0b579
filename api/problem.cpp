#include "api/problem.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace meent::api {
namespace {

constexpr std::array table{
    &problems::bad_request,
    &problems::malformed_body,
    &problems::invalid_fields,
    &problems::invalid_parameters,
    &problems::invalid_cursor,
    &problems::not_signed_in,
    &problems::not_allowed,
    &problems::not_found,
    &problems::method_not_allowed,
    &problems::not_acceptable,
    &problems::request_timeout,
    &problems::refused,
    &problems::history_restored,
    &problems::precondition_failed,
    &problems::content_too_large,
    &problems::target_too_long,
    &problems::unsupported_media_type,
    &problems::key_reused,
    &problems::precondition_required,
    &problems::too_many_requests,
    &problems::headers_too_large,
    &problems::internal_error,
    &problems::not_implemented,
    &problems::not_ready,
    &problems::not_yet_fresh,
    &problems::moved,
    &problems::outcome_unknown,
    &problems::http_version_not_supported,
};

}  // namespace

std::span<const ProblemType* const> problem_types() {
  return table;
}

const ProblemType* find_problem_type(std::string_view slug) {
  const auto found = std::ranges::find(table, slug, &ProblemType::slug);
  return found == table.end() ? nullptr : *found;
}

Response to_response(const Problem& problem, std::string_view instance) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["type"] = "/problems/" + std::string(problem.type->slug);
  json["title"] = problem.type->title;
  json["status"] = problem.type->status;
  if (!problem.detail.empty()) json["detail"] = problem.detail;
  if (!instance.empty()) json["instance"] = instance;
  for (const FieldError& error : problem.errors) {
    if (error.field.empty()) {
      json["code"] = error.code;
      continue;
    }
    json["errors"].push_back(
        Json{{"field", error.field}, {"code", error.code}, {"detail", error.detail}});
  }
  // What a client sent may be quoted in details: bytes that are not UTF-8 become U+FFFD.
  Response response(problem.type->status, "application/problem+json",
                    json.dump(-1, ' ', false, Json::error_handler_t::replace));
  response.headers.add("Cache-Control", "no-store");
  if (problem.type->status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  add_advice(response, problem);
  return response;
}

void add_advice(Response& response, const Problem& problem) {
  if (problem.retry_after) {
    response.headers.add("Retry-After", std::to_string(problem.retry_after->count()));
  }
  if (problem.type == &problems::moved) response.headers.add(moved_header, "1");
}

Response to_response(const Problem& problem, const Request& request) {
  return to_response(problem, request.raw_path());
}

}  // namespace meent::api
