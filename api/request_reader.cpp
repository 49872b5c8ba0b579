#include "api/request_reader.h"

#include <algorithm>
#include <string>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace meent::api {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;

constexpr std::size_t shortest_chunk_bytes = 5;  // "0\r\n\r\n"

std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

/// Beast's parser knows the grammar; this puts what it finds where the request wants it, without a
/// copy between.
struct RequestReader::Parser final : http::basic_parser<true> {
  Request* request = nullptr;
  std::size_t field_bytes = 0;
  std::size_t field_bytes_limit = 0;
  unsigned host_count = 0;
  bool is_http_1_0 = false;
  bool is_head_complete = false;
  bool expects_continue = false;
  bool has_foreign_encoding = false;

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, ErrorCode&) override {
    request->method = method_from(std_view(method));
    request->method_name = std_view(method);
    request->target = std_view(target);
    is_http_1_0 = version == 10;
  }
  void on_response_impl(int, beast::string_view, int, ErrorCode&) override {}

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     ErrorCode& error) override {
    // Beast limits what it holds back, not the sum of the lines that come one by one.
    field_bytes += name.size() + value.size() + 4;
    if (field_bytes > field_bytes_limit) error = http::error::header_limit;
    if (is_head_complete) return;  // trailers say nothing that a handler could rely on
    if (field == http::field::host) ++host_count;
    if (field == http::field::expect && beast::iequals(value, "100-continue"))
      expects_continue = true;
    if (field == http::field::transfer_encoding && !beast::iequals(value, "chunked"))
      has_foreign_encoding = true;
    request->headers.add(std_view(name), std_view(value));
  }

  void on_header_impl(ErrorCode&) override { is_head_complete = true; }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    if (length) request->body.reserve(static_cast<std::size_t>(*length));
  }
  std::size_t on_body_impl(beast::string_view part, ErrorCode&) override {
    request->body.append(part.data(), part.size());
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view part,
                                 ErrorCode& error) override {
    return on_body_impl(part, error);
  }
  void on_finish_impl(ErrorCode&) override {}
};

RequestReader::RequestReader(const Limits& limits) : limits_(limits) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

void RequestReader::fail(const ProblemType& type, std::string detail) {
  state_ = State::broken;
  keep_alive_ = false;
  problem_ = Problem{.type = &type, .detail = std::move(detail)};
  parser_.reset();
}

void RequestReader::next() {
  parser_.reset();
  state_ = State::idle;
}

std::size_t RequestReader::feed(std::string_view bytes, Request& request) {
  std::size_t used = 0;
  if (!parser_) {
    // Clients may send an empty line before a request (RFC 9112, 2.2).
    while (bytes.substr(used).starts_with("\r\n")) used += 2;
    const std::string_view begin = bytes.substr(used);
    if (begin.empty() || begin == "\r") return used;
    parser_ = std::make_unique<Parser>();
    parser_->request = &request;
    parser_->field_bytes_limit = limits_.header_bytes;
    parser_->eager(true);
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(limits_.body_bytes);
    state_ = State::reading;
  }
  const std::string_view rest = bytes.substr(used);
  const bool had_head = parser_->is_head_complete;
  // Boost 1.81 asserts five bytes when it looks at a last chunk again; more must follow anyway.
  if (had_head && parser_->chunked() && rest.size() < shortest_chunk_bytes) {
    state_ = State::reading;
    return used;
  }
  ErrorCode error;
  const std::size_t parsed =
      parser_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
  used += parsed;
  const auto limit = [&](std::size_t bytes_limit) {
    return std::to_string(bytes_limit) + " bytes";
  };

  if (error && error != http::error::need_more) {
    if (error == http::error::header_limit) {
      if (request.headers.count() == 0 &&
          rest.substr(0, limits_.header_bytes).find('\n') == std::string_view::npos)
        fail(problems::target_too_long, "At most " + limit(limits_.target_bytes) + " are taken.");
      else
        fail(problems::headers_too_large, "At most " + limit(limits_.header_bytes) + " are taken.");
    } else if (error == http::error::body_limit) {
      fail(problems::content_too_large, "At most " + limit(limits_.body_bytes) + " are taken.");
    } else if (error == http::error::bad_version) {
      fail(problems::http_version_not_supported, {});
    } else {
      fail(problems::bad_request, "Not well-formed HTTP: " + error.message() + ".");
    }
    return used;
  }
  if (!had_head && parser_->is_head_complete) finish_head(*parser_, request);
  if (state_ == State::broken) return used;
  if (parser_->is_done()) {
    state_ = State::done;
    return used;
  }
  const std::size_t unused = bytes.size() - used;
  if (unused > limits_.header_bytes)
    fail(problems::bad_request, "A line of the chunked body is too long.");
  else if (state_ == State::awaited && had_head)
    state_ = State::reading;
  return used;
}

void RequestReader::finish_head(const Parser& parser, const Request& request) {
  is_http_1_0_ = parser.is_http_1_0;
  keep_alive_ = parser.keep_alive();
  if (request.target.size() > limits_.target_bytes)
    return fail(problems::target_too_long,
                "At most " + std::to_string(limits_.target_bytes) + " bytes are taken.");
  if (parser.host_count > 1 || (parser.host_count == 0 && !parser.is_http_1_0))
    return fail(problems::bad_request, "HTTP/1.1 needs exactly one Host header.");
  if (parser.has_foreign_encoding)
    return fail(problems::not_implemented, "Only the transfer encoding 'chunked' is known.");
  if (parser.expects_continue && !parser.is_done() && request.body.empty()) state_ = State::awaited;
}

}  // namespace meent::api
