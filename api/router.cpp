#include "api/router.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace meent::api {
namespace {

constexpr std::string_view api_prefix = "/api/";

/// Scripts, styles and images from here only, no inline script, no framing.
const Headers& page_headers() {
  static const Headers headers{
      {"Content-Security-Policy",
       "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
       "form-action 'self'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
  };
  return headers;
}

const Headers& api_headers() {
  static const Headers headers{
      {"API-Version", Router::api_version},
      {"X-Content-Type-Options", "nosniff"},
  };
  return headers;
}

bool is_api(const Request& request) {
  return request.raw_path().starts_with(api_prefix);
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (path.size() > 1) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
}

std::string_view parameter_name(std::string_view segment) {
  return segment.substr(1, segment.size() - 2);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

}  // namespace

/// One place in the tree of path segments. A literal child is preferred to the parameter child;
/// there is no way back from it, so that an address means one thing.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::string parameter_name;  // of `parameter`
  std::vector<const Route*> rows;

  const Route* row(Method method) const {
    const auto found = std::ranges::find(rows, method, &Route::method);
    return found == rows.end() ? nullptr : *found;
  }

  std::string allow() const {
    std::string all;
    for (const Route* each : rows) {
      all.append(to_string(each->method)).append(", ");
      if (each->method == Method::get && row(Method::head) == nullptr) all += "HEAD, ";
    }
    return all + "OPTIONS";
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Route route) {
  const std::string name = std::string(to_string(route.method)) + " " + route.path;
  const auto fail = [&](const std::string& why) { throw std::invalid_argument(name + ": " + why); };
  if (!route.path.starts_with('/')) fail("a path starts with '/'");
  if (route.path.size() > 1 && route.path.ends_with('/')) fail("a path has no trailing slash");
  if (route.operation.guard.empty()) fail("no guard: say which policy check it makes");
  if (route.operation.id.empty()) fail("no operation id");
  if (!route.handler) fail("no handler");
  for (const auto& other : routes_)
    if (other->operation.id == route.operation.id) fail("operation id used by " + other->path);

  const std::vector<std::string> segments = split_path(route.path);
  for (const Parameter& parameter : route.operation.parameters)
    if (parameter.place == ParameterPlace::path &&
        std::ranges::find(segments, "{" + parameter.name + "}") == segments.end())
      fail("no {" + parameter.name + "} in the path");

  Node* node = root_.get();
  for (const std::string& segment : segments) {
    if (!is_parameter(segment)) {
      auto& child = node->literals[segment];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
      continue;
    }
    if (!node->parameter) {
      node->parameter = std::make_unique<Node>();
      node->parameter_name = parameter_name(segment);
    }
    if (node->parameter_name != parameter_name(segment))
      fail("the parameter is called {" + node->parameter_name + "} in another row");
    node = node->parameter.get();
  }
  if (node->row(route.method) != nullptr) fail("there is such a row already");
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  node->rows.push_back(routes_.back().get());
}

void Router::schema(std::string name, std::string json_schema) {
  const auto [place, added] = schemas_.emplace(name, json_schema);
  if (!added && place->second != json_schema)
    throw std::invalid_argument("schema " + name + ": there is another of that name");
}

void Router::set_problem_page(ProblemPage page) {
  problem_page_ = std::move(page);
}
void Router::set_observer(Observer observer) {
  observer_ = std::move(observer);
}

const Router::Node* Router::find(Request& request) const {
  request.path_parameters.clear();
  const Node* node = root_.get();
  for (const std::string& segment : request.segments) {
    if (const auto literal = node->literals.find(segment); literal != node->literals.end()) {
      node = literal->second.get();
    } else if (node->parameter && !segment.empty()) {
      request.path_parameters.emplace_back(node->parameter_name, segment);
      node = node->parameter.get();
    } else {
      return nullptr;
    }
  }
  return node->rows.empty() ? nullptr : node;
}

void Router::dispatch(Request& request, Respond respond) const {
  const Node* node = find(request);
  if (node == nullptr) return refuse(request, {.type = &problems::not_found}, std::move(respond));
  if (request.has_trailing_slash) {
    if (is_api(request))
      return refuse(
          request, {.type = &problems::not_found, .detail = "Addresses here have no trailing '/'."},
          std::move(respond));
    std::string location(request.raw_path());
    location.pop_back();
    // "//host/" must not lead to another site.
    location.erase(0, std::min(location.find_first_not_of('/'), location.size()));
    location.insert(0, "/");
    if (const auto query = request.target.find('?'); query != std::string::npos)
      location += request.target.substr(query);
    Response moved(308);
    moved.headers.add("Location", location);
    return respond(std::move(moved));
  }
  const Route* route = node->row(request.method);
  if (route == nullptr && request.method == Method::head) route = node->row(Method::get);
  if (route != nullptr) return call(*route, request, std::move(respond));

  if (request.method == Method::options) {
    Response allowed(204);
    allowed.headers.add("Allow", node->allow());
    allowed.headers.append(is_api(request) ? api_headers() : page_headers());
    if (observer_) observer_(nullptr, allowed.status, {});
    return respond(std::move(allowed));
  }
  refuse(
      request,
      {.type = &problems::method_not_allowed, .detail = "Here are known: " + node->allow() + "."},
      std::move(respond), Headers{{"Allow", node->allow()}});
}

void Router::refuse(const Request& request, Problem problem, Respond respond, Headers more) const {
  Response response = problem_page_ && !is_api(request) ? problem_page_(request, problem)
                                                        : to_response(problem, request);
  response.headers.append(more);
  response.headers.append(is_api(request) ? api_headers() : page_headers());
  if (observer_) observer_(nullptr, response.status, {});
  respond(std::move(response));
}

void Router::call(const Route& route, const Request& request, Respond respond) const {
  const RequestBody& body = route.operation.body;
  if (!body.media_types.empty()) {
    const std::string type = request.content_type();
    const bool is_absent = type.empty() && request.body.empty();
    if (!is_absent && std::ranges::find(body.media_types, type) == body.media_types.end()) {
      const std::string_view accept =
          request.method == Method::patch ? "Accept-Patch" : "Accept-Post";
      return refuse(request,
                    {.type = &problems::unsupported_media_type,
                     .detail = "Content-Type is taken here: " + joined(body.media_types) + "."},
                    std::move(respond), Headers{{accept, joined(body.media_types)}});
    }
    if (is_absent && body.is_required)
      return refuse(request, {.type = &problems::malformed_body, .detail = "The body is missing."},
                    std::move(respond));
  }
  const Headers& more = is_api(request) ? api_headers() : page_headers();
  const auto began =
      observer_ ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point{};
  Respond outward(
      [this, &route, &more, began, inner = std::move(respond)](Response response) mutable {
        response.headers.append(more);
        if (observer_) observer_(&route, response.status, std::chrono::steady_clock::now() - began);
        inner(std::move(response));
      });
  route.handler(request, std::move(outward));
}

std::string schema_ref(std::string_view name) {
  return R"({"$ref":"#/components/schemas/)" + std::string(name) + R"("})";
}

}  // namespace meent::api
