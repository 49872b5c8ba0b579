#include "api/json_body.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <nlohmann/json.hpp>

#include "eventstore/codec/time_text.h"

namespace meent::api {

using nlohmann::json;

namespace {

constexpr int deepest_nesting = 16;
constexpr std::string_view forbidden_code = "not-allowed";

Problem malformed(std::string detail) {
  return {&problems::malformed_body, std::move(detail), {}, {}};
}

/// Reads strictly: notes a field that stands twice in one object and nesting beyond the limit.
struct Strict {
  bool twice = false;
  bool too_deep = false;
  std::vector<std::set<std::string>> seen{};

  bool operator()(int depth, json::parse_event_t event, json& value) {
    if (depth > deepest_nesting) too_deep = true;
    if (event == json::parse_event_t::object_start) seen.emplace_back();
    if (event == json::parse_event_t::object_end && !seen.empty()) seen.pop_back();
    if (event == json::parse_event_t::key && !seen.empty()) {
      twice = !seen.back().insert(value.get<std::string>()).second || twice;
    }
    return !too_deep;
  }
};

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int number_at(std::string_view text, std::size_t at, std::size_t count) {
  int out = 0;
  for (const char c : text.substr(at, count)) out = out * 10 + (c - '0');
  return out;
}

}  // namespace

struct JsonBody::Impl {
  json value;
  std::string path;
  std::set<std::string, std::less<>> read;
  std::shared_ptr<std::vector<FieldError>> errors = std::make_shared<std::vector<FieldError>>();
  std::vector<std::unique_ptr<JsonBody>> children;

  const json* find(std::string_view field, Need need, JsonBody& body) {
    read.emplace(field);
    const auto it = value.find(field);
    if (it == value.end()) {
      if (need == Need::required) body.fault(field, "required", "This field is missing.");
      return nullptr;
    }
    if (it->is_null()) {
      body.fault(field, "wrong-type", "This must not be null; leave the field out instead.");
      return nullptr;
    }
    return &*it;
  }
};

JsonBody::JsonBody(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonBody::JsonBody(JsonBody&&) noexcept = default;
JsonBody::~JsonBody() = default;

std::expected<JsonBody, Problem> JsonBody::parse(std::string_view text) {
  if (!is_valid_utf8(text)) return std::unexpected(malformed("The body is not valid UTF-8."));
  auto impl = std::make_unique<Impl>();
  Strict strict;
  try {
    impl->value = json::parse(text, std::ref(strict));
  } catch (const json::parse_error& error) {
    return std::unexpected(malformed("The body is not JSON; reading stopped at byte " +
                                     std::to_string(error.byte) + "."));
  } catch (const json::exception&) {
    return std::unexpected(malformed("The body holds a number that is out of range."));
  }
  if (strict.too_deep) return std::unexpected(malformed("The JSON is nested too deep."));
  if (strict.twice) return std::unexpected(malformed("A field stands twice in one object."));
  if (!impl->value.is_object()) {
    return std::unexpected(malformed("The body must be one JSON object."));
  }
  return JsonBody(std::move(impl));
}

std::string JsonBody::text(std::string_view field, Need need, std::size_t longest_bytes) {
  const auto* value = impl_->find(field, need, *this);
  if (value == nullptr) return {};
  if (!value->is_string()) {
    fault(field, "wrong-type", "This must be text.");
    return {};
  }
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() > longest_bytes) {
    fault(field, "too-long", "This is longer than the service takes.");
    return {};
  }
  if (text.find('\0') != std::string::npos) {
    fault(field, "not-text", "The character U+0000 is not allowed.");
    return {};
  }
  return text;
}

int JsonBody::word(std::string_view field, std::initializer_list<std::string_view> words,
                   Need need) {
  const auto* value = impl_->find(field, need, *this);
  if (value == nullptr) return -1;
  int index = 0;
  std::string all;
  for (const auto word : words) {
    if (value->is_string() && value->get_ref<const std::string&>() == word) return index;
    all += (index++ == 0 ? "" : ", ") + std::string(word);
  }
  fault(field, "unknown-value", "This must be one of: " + all + ".");
  return -1;
}

std::optional<std::int64_t> JsonBody::number(std::string_view field, std::int64_t least,
                                             std::int64_t most, Need need) {
  const auto* value = impl_->find(field, need, *this);
  if (value == nullptr) return std::nullopt;
  // 20.0 is a whole number too. Every limit here is far below what a double counts exactly.
  const double number = value->is_number() ? value->get<double>() : 0.5;
  if (std::trunc(number) != number || number < static_cast<double>(least) ||
      number > static_cast<double>(most)) {
    fault(field, "out-of-range",
          "This must be a whole number from " + std::to_string(least) + " to " +
              std::to_string(most) + ".");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

bool JsonBody::flag(std::string_view field, bool otherwise) {
  const auto* value = impl_->find(field, Need::optional, *this);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) {
    fault(field, "wrong-type", "This must be true or false.");
    return otherwise;
  }
  return value->get<bool>();
}

std::optional<domain::Timestamp> JsonBody::time(std::string_view field, Need need) {
  const auto value = text(field, need, 64);
  if (value.empty() && !is_empty_text(field)) return std::nullopt;
  const auto time = parse_rfc3339(value);
  if (!time) {
    fault(field, "not-a-time", "Write a time as 2026-11-24T10:15:30Z, with its offset.");
  }
  return time;
}

std::optional<domain::Timestamp> JsonBody::nullable_time(std::string_view field) {
  if (has(field)) return time(field);
  impl_->read.emplace(field);
  return std::nullopt;
}

std::vector<std::string> JsonBody::texts(std::string_view field, std::size_t most_items,
                                         std::size_t longest_bytes) {
  std::vector<std::string> out;
  for (auto& [place, text] : indexed_texts(field, most_items, longest_bytes)) {
    out.push_back(std::move(text));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> JsonBody::indexed_texts(
    std::string_view field, std::size_t most_items, std::size_t longest_bytes) {
  const auto* value = impl_->find(field, Need::optional, *this);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    fault(field, "wrong-type", "This must be a list of texts.");
    return {};
  }
  if (value->size() > most_items) {
    fault(field, "too-many", "At most " + std::to_string(most_items) + " are allowed.");
    return {};
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const auto& item = (*value)[i];
    auto place = std::string(field) + "." + std::to_string(i);
    if (!item.is_string() || item.get_ref<const std::string&>().size() > longest_bytes) {
      fault(place, "wrong-type",
            "This must be text of at most " + std::to_string(longest_bytes) + " bytes.");
    } else {
      out.emplace_back(std::move(place), item.get<std::string>());
    }
  }
  return out;
}

std::map<std::string, std::string> JsonBody::text_map(std::string_view field,
                                                      std::size_t most_items) {
  const auto* value = impl_->find(field, Need::optional, *this);
  if (value == nullptr) return {};
  if (!value->is_object() || value->size() > most_items) {
    fault(field, "wrong-type",
          "This must be an object of at most " + std::to_string(most_items) + " texts.");
    return {};
  }
  std::map<std::string, std::string> out;
  for (const auto& [key, item] : value->items()) {
    if (item.is_string()) {
      out.emplace(key, item.get<std::string>());
    } else {
      fault(std::string(field) + "." + key, "wrong-type", "This must be text.");
    }
  }
  return out;
}

std::vector<JsonBody*> JsonBody::objects(std::string_view field, std::size_t most_items) {
  const auto* value = impl_->find(field, Need::optional, *this);
  if (value == nullptr) return {};
  if (!value->is_array() || value->size() > most_items) {
    fault(field, "wrong-type",
          "This must be a list of at most " + std::to_string(most_items) + " objects.");
    return {};
  }
  std::vector<JsonBody*> out;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const auto name = std::string(field) + "." + std::to_string(i);
    if (!(*value)[i].is_object()) {
      fault(name, "wrong-type", "This must be an object.");
      continue;
    }
    auto impl = std::make_unique<Impl>();
    impl->value = (*value)[i];
    impl->path = impl_->path + name + ".";
    impl->errors = impl_->errors;
    auto& child =
        impl_->children.emplace_back(std::unique_ptr<JsonBody>(new JsonBody(std::move(impl))));
    out.push_back(child.get());
  }
  return out;
}

bool JsonBody::has(std::string_view field) const {
  const auto it = impl_->value.find(field);
  return it != impl_->value.end() && !it->is_null();
}

bool JsonBody::is_empty_text(std::string_view field) const {
  const auto it = impl_->value.find(field);
  return it != impl_->value.end() && *it == "";
}

void JsonBody::fault(std::string_view field, std::string_view code, std::string_view detail) {
  impl_->errors->push_back(
      {impl_->path + std::string(field), std::string(code), std::string(detail)});
}

void JsonBody::forbid(std::string_view field, std::string_view detail) {
  fault(field, forbidden_code, detail);
}

std::optional<Problem> JsonBody::problem() {
  const auto note_unread = [](JsonBody& body, const auto& self) -> void {
    for (const auto& [key, value] : body.impl_->value.items()) {
      if (!body.impl_->read.contains(key)) {
        body.fault(key, "unknown-field", "There is no field of this name here.");
      }
    }
    for (auto& child : body.impl_->children) self(*child, self);
  };
  note_unread(*this, note_unread);
  if (impl_->errors->empty()) return std::nullopt;
  const bool is_well_formed = std::ranges::all_of(
      *impl_->errors, [](const auto& error) { return error.code == forbidden_code; });
  const auto* type = is_well_formed ? &problems::not_allowed : &problems::invalid_fields;
  return Problem{type, {}, std::move(*impl_->errors), {}};
}

std::string rfc3339(domain::Timestamp time) {
  std::string out;
  eventstore::codec::append_time(out, time);
  return out;
}

std::optional<domain::Timestamp> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view shape = "0000-00-00T00:00:00";
  if (text.size() < shape.size() + 1) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const char c = text[i];
    const bool fits = shape[i] == '0'   ? c >= '0' && c <= '9'
                      : shape[i] == 'T' ? c == 'T' || c == 't' || c == ' '
                                        : c == shape[i];
    if (!fits) return std::nullopt;
  }
  const year_month_day date{year(number_at(text, 0, 4)),
                            month(static_cast<unsigned>(number_at(text, 5, 2))),
                            day(static_cast<unsigned>(number_at(text, 8, 2)))};
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  auto rest = text.substr(shape.size());
  int fraction_ms = 0;
  if (rest.front() == '.') {
    const auto end = rest.find_first_not_of("0123456789", 1);
    const auto digits = rest.substr(1, end == std::string_view::npos ? end : end - 1);
    if (!all_digits(digits)) return std::nullopt;
    for (std::size_t i = 0; i < 3; ++i) {
      fraction_ms = fraction_ms * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  }
  minutes offset{0};
  if (rest != "Z" && rest != "z") {
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' ||
        !all_digits(rest.substr(1, 2)) || !all_digits(rest.substr(4, 2)) ||
        number_at(rest, 1, 2) > 23 || number_at(rest, 4, 2) > 59) {
      return std::nullopt;
    }
    offset = hours(number_at(rest, 1, 2)) + minutes(number_at(rest, 4, 2));
    if (rest[0] == '-') offset = -offset;
  }
  const auto point = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - offset +
                     milliseconds(fraction_ms);
  return domain::Timestamp{duration_cast<milliseconds>(point.time_since_epoch()).count()};
}

}  // namespace meent::api
