#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"

/// JSON text, appended in order. Names are not escaped: they are the program's own.
namespace meent::api {

class JsonWriter {
 public:
  JsonWriter& open_object(std::string_view name = {}) { return open(name, '{'); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& open_array(std::string_view name = {}) { return open(name, '['); }
  JsonWriter& close_array() { return close(']'); }

  JsonWriter& field(std::string_view name, std::string_view value) {
    begin(name);
    quote(value);
    return *this;
  }
  JsonWriter& field(std::string_view name, const char* value) {
    return field(name, std::string_view(value));
  }
  JsonWriter& field(std::string_view name, bool value) {
    begin(name);
    out_ += value ? "true" : "false";
    return *this;
  }
  template <std::integral Number>
  JsonWriter& field(std::string_view name, Number value) {
    begin(name);
    out_ += std::to_string(value);
    return *this;
  }
  template <class Tag>
  JsonWriter& field(std::string_view name, const domain::Id<Tag>& id) {
    return field(name, std::string_view(id.text()));
  }
  JsonWriter& field(std::string_view name, domain::Timestamp time);
  /// Absent values are written as null, so that every field of a schema is always there.
  template <class T>
  JsonWriter& field(std::string_view name, const std::optional<T>& value) {
    if (value) return field(name, *value);
    return null(name);
  }
  JsonWriter& null(std::string_view name) {
    begin(name);
    out_ += "null";
    return *this;
  }
  /// An element of an array.
  JsonWriter& element(std::string_view value) { return field({}, value); }
  /// JSON text made elsewhere.
  JsonWriter& raw(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void begin(std::string_view name);
  JsonWriter& open(std::string_view name, char bracket);
  JsonWriter& close(char bracket);
  void quote(std::string_view text);

  std::string out_;
};

}  // namespace meent::api
