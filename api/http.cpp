#include "api/http.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

namespace meent::api {
namespace {

constexpr std::array<std::string_view, 8> method_names{"GET",   "HEAD",   "POST",    "PUT",
                                                       "PATCH", "DELETE", "OPTIONS", "other"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Percent : std::uint8_t { strict, lenient };
using Decoded = std::expected<std::string, std::string>;

Decoded percent_decode(std::string_view text, Percent stray, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high * 16 + low);
        i += 2;
      } else if (stray == Percent::strict) {
        return std::unexpected("a '%' is not followed by two hexadecimal digits");
      }
    }
    if (c == '\0') return std::unexpected("it contains a NUL character");
    out.push_back(c);
  }
  if (!is_valid_utf8(out)) return std::unexpected("it is not valid UTF-8");
  return out;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::expected<Pairs, std::string> parse_pairs(std::string_view text, Percent stray) {
  Pairs pairs;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), stray, true);
    if (!name) return std::unexpected(name.error());
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), stray, true);
    if (!value) return std::unexpected(value.error());
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

/// The target without scheme and authority: proxies send the absolute form.
std::string_view origin_form(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

std::string_view to_string(Method method) {
  return method_names[static_cast<std::size_t>(method)];
}

Method method_from(std::string_view name) {
  const auto found = std::find(method_names.begin(), method_names.end() - 1, name);
  return static_cast<Method>(found - method_names.begin());
}

// ---- headers
// ---------------------------------------------------------------------------------------

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> lines) {
  for (const auto& [name, value] : lines) add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
  const auto start = static_cast<std::uint32_t>(text_.size());
  text_.append(name).append(": ").append(value).append("\r\n");
  const auto clean = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(text_.begin() + start, text_.end() - 2, clean, ' ');
  lines_.push_back(
      {start, static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())});
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::append(const Headers& more) {
  const auto shift = static_cast<std::uint32_t>(text_.size());
  text_ += more.text_;
  for (Line line : more.lines_) {
    line.start += shift;
    lines_.push_back(line);
  }
}

void Headers::remove(std::string_view name) {
  if (!contains(name)) return;
  Headers kept;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const auto [kept_name, value] = at(i);
    if (!equal_ignoring_case(kept_name, name)) kept.add(kept_name, value);
  }
  *this = std::move(kept);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Line& line : lines_) {
    if (line.name_length != name.size()) continue;
    const std::string_view text = text_;
    if (equal_ignoring_case(text.substr(line.start, line.name_length), name))
      return text.substr(line.start + line.name_length + 2, line.value_length);
  }
  return std::nullopt;
}

std::pair<std::string_view, std::string_view> Headers::at(std::size_t index) const {
  const Line& line = lines_.at(index);
  const std::string_view text = text_;
  return {text.substr(line.start, line.name_length),
          text.substr(line.start + line.name_length + 2, line.value_length)};
}

void Headers::reserve(std::size_t bytes, std::size_t lines) {
  text_.reserve(bytes);
  lines_.reserve(lines);
}

void Headers::clear() {
  text_.clear();
  lines_.clear();
}

// ---- request
// ---------------------------------------------------------------------------------------

std::string_view Request::raw_path() const {
  const std::string_view form = origin_form(target);
  return form.substr(0, std::min(form.find_first_of("?#"), form.size()));
}

std::string Request::content_type() const {
  const std::string_view value = header("Content-Type").value_or("");
  std::string type(trimmed(value.substr(0, std::min(value.find(';'), value.size()))));
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  std::string_view rest = header("Cookie").value_or("");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view pair = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      return pair.substr(equals + 1);
  }
  return std::nullopt;
}

std::string_view Request::path_parameter(std::string_view name) const {
  for (const auto& [known, value] : path_parameters)
    if (known == name) return value;
  assert(false && "the route's template has no such parameter");
  return {};
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [known, value] : query)
    if (known == name) return value;
  return std::nullopt;
}

std::vector<std::string_view> Request::query_values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [known, value] : query)
    if (known == name) values.emplace_back(value);
  return values;
}

std::optional<std::int64_t> Request::query_number(std::string_view name, std::int64_t least,
                                                  std::int64_t most) const {
  const auto text = query_value(name);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc{} || stopped != end || number < least || number > most)
    return std::nullopt;
  return number;
}

std::expected<void, std::string> parse_target(Request& request) {
  const std::string_view form = origin_form(request.target);
  if (form == "*" && request.method == Method::options) return {};
  if (!form.starts_with('/')) return std::unexpected("the address does not start with '/'");
  std::string_view rest = request.raw_path();
  request.segments.clear();
  request.has_trailing_slash = rest.size() > 1 && rest.ends_with('/');
  if (request.has_trailing_slash) rest.remove_suffix(1);
  while (rest.size() > 1) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    auto segment = percent_decode(rest.substr(0, end), Percent::strict, false);
    if (!segment) return std::unexpected("the path: " + segment.error());
    request.segments.push_back(std::move(*segment));
    rest.remove_prefix(end);
  }
  if (!rest.empty() && request.raw_path().size() > 1) request.segments.emplace_back();
  const std::size_t question = form.find('?');
  if (question == std::string_view::npos) return {};
  std::string_view query = form.substr(question + 1);
  query = query.substr(0, std::min(query.find('#'), query.size()));
  auto pairs = parse_pairs(query, Percent::lenient);
  if (!pairs) return std::unexpected("the query: " + pairs.error());
  request.query = std::move(*pairs);
  return {};
}

std::string origin_of(const Request& request) {
  const auto host = request.header("host");
  if (!host || host->empty()) return {};
  const bool secure = request.header("x-forwarded-proto") == "https";
  return (secure ? "https://" : "http://") + std::string(*host);
}

std::expected<Pairs, std::string> parse_form(std::string_view text) {
  return parse_pairs(text, Percent::strict);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

bool is_valid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char first = byte(i);
    if (first < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    const unsigned char second = byte(i + 1);
    const bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool is_surrogate = first == 0xed && second > 0x9f;
    const bool is_too_high = first == 0xf4 && second > 0x8f;
    if (is_overlong || is_surrogate || is_too_high) return false;
    i += length;
  }
  return true;
}

// ---- response
// --------------------------------------------------------------------------------------

std::string_view Body::view() const {
  if (const auto* owned = std::get_if<std::string>(&content_)) return *owned;
  const auto& shared = std::get<std::shared_ptr<const std::string>>(content_);
  return shared ? std::string_view(*shared) : std::string_view();
}

Response::Response(unsigned status_code, std::string_view content_type, Body content)
    : status(status_code), body(std::move(content)) {
  headers.add("Content-Type", content_type);
}

Response Response::json(std::string text, unsigned status_code) {
  return {status_code, "application/json", std::move(text)};
}

Response Response::html(Body content, unsigned status_code) {
  return {status_code, "text/html; charset=utf-8", std::move(content)};
}

Response Response::text(Body content, unsigned status_code) {
  return {status_code, "text/plain; charset=utf-8", std::move(content)};
}

Response Response::see_other(std::string_view location) {
  Response response(303);
  response.headers.add("Location", location);
  return response;
}

Response Response::event_stream(std::shared_ptr<EventStream> stream,
                                std::string_view content_type) {
  Response response(200);
  response.headers.add("Content-Type", content_type);
  response.headers.add("Cache-Control", "no-store");
  response.stream = std::move(stream);
  return response;
}

// ---- respond
// ---------------------------------------------------------------------------------------

Respond& Respond::operator=(Respond&& other) noexcept {
  if (this == &other) return *this;
  Respond forgotten(std::move(*this));
  answer_ = std::exchange(other.answer_, nullptr);
  return *this;
}

Respond::~Respond() {
  if (!answer_) return;
  Response unanswered(
      500, "application/problem+json",
      R"({"type":"/problems/internal-error","title":"Internal error","status":500})");
  std::exchange(answer_, nullptr)(std::move(unanswered));
}

void Respond::operator()(Response response) {
  assert(answer_ && "a request is answered once");
  std::exchange(answer_, nullptr)(std::move(response));
}

}  // namespace meent::api
