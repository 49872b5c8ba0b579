#pragma once

#include "api/event_stream.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace meent::api {

/// `other` is any method the API never uses (TRACE, PROPFIND …); its name is in
/// `Request::method_name`.
enum class Method : std::uint8_t { get, head, post, put, patch, remove, options, other };

std::string_view to_string(Method method);
Method method_from(std::string_view name);

/// Header lines in order, held as the very bytes that go on the wire ("Name: value\r\n" each), so
/// that answering is one copy. Names compare case-insensitively. Control characters in what is
/// added become spaces: a header cannot be broken out of.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> lines);

  void add(std::string_view name, std::string_view value);
  /// Replaces every line of that name.
  void set(std::string_view name, std::string_view value);
  void append(const Headers& more);
  void remove(std::string_view name);

  /// The first line of that name; the view lives as long as this object is unchanged.
  std::optional<std::string_view> find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name).has_value(); }
  std::size_t count() const { return lines_.size(); }
  std::pair<std::string_view, std::string_view> at(std::size_t index) const;

  std::string_view wire() const { return text_; }
  void reserve(std::size_t bytes, std::size_t lines);
  void clear();

 private:
  struct Line {
    std::uint32_t start;
    std::uint32_t name_length;
    std::uint32_t value_length;
  };
  std::string text_;
  std::vector<Line> lines_;
};

/// One request, complete. Lives until its `Respond` has been called or destroyed, so a handler that
/// answers later may keep the reference as long as it keeps the `Respond`.
struct Request {
  Method method = Method::get;
  std::string method_name = "GET";
  std::string target = "/";  // as received: path and query
  std::vector<std::string>
      segments;                     // the path, percent-decoded, valid UTF-8, no NUL; "/" has none
  bool has_trailing_slash = false;  // "/a/b/": the segments are those of "/a/b"
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  Headers headers;
  std::string body;
  std::string remote_address;      // numeric, without port
  bool is_local_operator = false;  // made by the command line on its own data folder, not received
  bool is_loopback = false;        // the peer is this machine and no proxy header says otherwise
  bool is_forwarded = false;       // by another node, to be answered here
  std::uint64_t least_applied =
      0;  // positions of the platform that the node which forwarded it has
  std::vector<std::pair<std::string_view, std::string_view>> path_parameters;  // set by the router

  std::string_view raw_path() const;  // of `target`, without query
  std::optional<std::string_view> header(std::string_view name) const { return headers.find(name); }
  /// Media type of the body, lower case, without parameters; empty if none was given.
  std::string content_type() const;
  std::optional<std::string_view> cookie(std::string_view name) const;
  /// Of the route's template; asserts that it is there.
  std::string_view path_parameter(std::string_view name) const;

  /// First value of that name. `query_values`: all of them.
  std::optional<std::string_view> query_value(std::string_view name) const;
  std::vector<std::string_view> query_values(std::string_view name) const;
  /// A whole number between the limits; nothing if absent, not a number, or outside.
  std::optional<std::int64_t> query_number(std::string_view name, std::int64_t least,
                                           std::int64_t most) const;
};

/// Fills `segments`, `has_trailing_slash` and `query` from `target` (origin or absolute form).
/// A stray '%' in the query stands for itself (people type it); in the path it is an error.
/// Errors: what is wrong with it, in words for the client.
std::expected<void, std::string> parse_target(Request& request);

/// What the client calls this server: "https://meent.example"; empty when it does not say.
std::string origin_of(const Request& request);

/// For tests and for forms: decodes `application/x-www-form-urlencoded`; errors as parse_target.
std::expected<std::vector<std::pair<std::string, std::string>>, std::string> parse_form(
    std::string_view text);

std::string percent_encode(std::string_view text);
bool is_valid_utf8(std::string_view text);

/// Bytes of an answer: owned, or shared with a cache (then never copied).
class Body {
 public:
  Body() = default;
  Body(std::string text) : content_(std::move(text)) {}
  Body(const char* text) : content_(std::string(text)) {}
  Body(std::shared_ptr<const std::string> shared) : content_(std::move(shared)) {}

  std::string_view view() const;
  std::size_t size() const { return view().size(); }

 private:
  std::variant<std::string, std::shared_ptr<const std::string>> content_;
};

/// `Content-Length`, `Date`, `Connection` and `Transfer-Encoding` are the server's and must not be
/// set here.
struct Response {
  unsigned status = 200;
  Headers headers;
  Body body;
  std::shared_ptr<EventStream> stream;  // if set, the body is what is pushed to it

  Response() = default;
  explicit Response(unsigned status_code) : status(status_code) {}
  Response(unsigned status_code, std::string_view content_type, Body content);

  static Response json(std::string text, unsigned status_code = 200);
  static Response html(Body content, unsigned status_code = 200);
  static Response text(Body content, unsigned status_code = 200);
  /// 303: see the other page with GET, the answer to a form. `location` is sent as is.
  static Response see_other(std::string_view location);
  static Response event_stream(std::shared_ptr<EventStream> stream, std::string_view content_type);
};

/// The one way to answer: call it exactly once, from any thread. One that is destroyed without
/// having been called answers 500. Wrap it (`Respond([inner = std::move(respond)](Response r)
/// mutable { … })`) to change an answer on its way out.
class Respond {
 public:
  using Function = std::move_only_function<void(Response)>;

  Respond() = default;
  explicit Respond(Function answer) : answer_(std::move(answer)) {}
  Respond(Respond&& other) noexcept : answer_(std::exchange(other.answer_, nullptr)) {}
  Respond& operator=(Respond&& other) noexcept;
  ~Respond();

  void operator()(Response response);
  explicit operator bool() const { return static_cast<bool>(answer_); }

 private:
  Function answer_;
};

/// Runs on the connection's own thread: it must not wait for anything; what takes long goes
/// elsewhere and answers later. What it throws becomes a 500 (logged, without details for the
/// client).
using Handler = std::function<void(const Request&, Respond)>;

}  // namespace meent::api
