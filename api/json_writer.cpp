#include "api/json_writer.h"

#include <cstdio>

#include "api/json_body.h"

namespace meent::api {

JsonWriter& JsonWriter::field(std::string_view name, domain::Timestamp time) {
  return field(name, std::string_view(rfc3339(time)));
}

void JsonWriter::begin(std::string_view name) {
  if (!out_.empty() && out_.back() != '{' && out_.back() != '[') out_ += ',';
  if (name.empty()) return;
  out_ += '"';
  out_ += name;
  out_ += "\":";
}

JsonWriter& JsonWriter::open(std::string_view name, char bracket) {
  begin(name);
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  return *this;
}

void JsonWriter::quote(std::string_view text) {
  out_ += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out_ += "\\\""; break;
      case '\\': out_ += "\\\\"; break;
      case '\n': out_ += "\\n"; break;
      case '\r': out_ += "\\r"; break;
      case '\t': out_ += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char escaped[8];
          std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
          out_ += escaped;
        } else {
          out_ += c;
        }
    }
  }
  out_ += '"';
}

}  // namespace meent::api
