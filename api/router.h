#pragma once

#include "api/http.h"
#include "api/problem.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace meent::api {

enum class ParameterPlace : std::uint8_t { path, query, header };

/// `schema` is JSON Schema (2020-12) as text wherever it stands; `schema_ref("Name")` refers to one
/// that was registered with `Router::schema`. `example` is JSON text too; empty: none.
struct Parameter {
  std::string name = {};
  ParameterPlace place = ParameterPlace::query;
  std::string description = {};
  std::string schema = R"({"type":"string"})";
  bool is_required = false;  // path parameters always are
  std::string example = {};
};

struct RequestBody {
  std::vector<std::string>
      media_types;  // what the route takes; anything else is 415. None: no body
  std::string schema = {};
  std::string example = {};
  bool is_required = true;
};

struct ResponseHeader {
  std::string name = {};
  std::string description = {};
  std::string schema = R"({"type":"string"})";
};

struct OperationResponse {
  unsigned status = 200;
  std::string description = {};
  std::string media_type = "application/json";  // empty: no body
  std::string schema = {};
  std::string example = {};
  std::vector<ResponseHeader> headers = {};
};

/// What a route does, for readers (OpenAPI) and for the router.
struct Operation {
  std::string id = {};  // operationId: "placeComment"; unique
  std::string summary = {};
  std::string description = {};
  std::string tag = {};
  std::vector<Parameter> parameters = {};
  RequestBody body = {};
  std::vector<OperationResponse> responses = {};  // the good outcomes
  /// Problem statuses that can come out, beside those every operation has (400, 404, 408 …, see
  /// openapi.h).
  std::vector<unsigned> problem_statuses = {};
  bool needs_token = false;
  /// The policy check that the route makes: "may_see(space)", "may_act(comment)", or "open: why".
  /// Mandatory: `Router::add` refuses a route without one.
  std::string guard = {};
};

struct Route {
  Method method = Method::get;
  std::string path = {};  // "/api/v1/platforms/{platform}/spaces/{space}"; no trailing slash
  Operation operation = {};
  Handler handler = {};
};

/// Rows of routes, and the way from a request to its row. Under /api/ everything is problem+json,
/// carries API-Version and knows no trailing slash; elsewhere are pages: security headers, a
/// redirect for a trailing slash. GET rows answer HEAD; OPTIONS and 405 list `Allow`. Threads: add
/// everything first; `dispatch` then from any thread.
class Router {
 public:
  static constexpr std::string_view api_version = "1.0.0";

  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Throws std::invalid_argument: same method and path or operation id twice, parameter names that
  /// differ between rows of one path, no guard, or a path parameter that is not in the template.
  void add(Route route);
  /// Registers components/schemas/{name}. Throws std::invalid_argument if there is another of that
  /// name.
  void schema(std::string name, std::string json_schema);

  /// Problems outside /api/ go through this, to become a page (default: problem+json as well).
  using ProblemPage = std::function<Response(const Request&, const Problem&)>;
  void set_problem_page(ProblemPage page);
  /// Told about every answer, on the thread that answers; `route` is null for 404, 405 and OPTIONS.
  using Observer =
      std::function<void(const Route* route, unsigned status, std::chrono::nanoseconds took)>;
  void set_observer(Observer observer);

  void dispatch(Request& request, Respond respond) const;

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }
  const std::map<std::string, std::string>& schemas() const { return schemas_; }

 private:
  struct Node;
  const Node* find(Request& request) const;
  void refuse(const Request& request, Problem problem, Respond respond, Headers more = {}) const;
  void call(const Route& route, const Request& request, Respond respond) const;

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::map<std::string, std::string> schemas_;
  ProblemPage problem_page_;
  Observer observer_;
};

/// {"$ref":"#/components/schemas/NAME"}
std::string schema_ref(std::string_view name);

}  // namespace meent::api
