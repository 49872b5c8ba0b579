#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"

/// Times as RFC 3339 in UTC with milliseconds: "2026-11-24T10:06:28.123Z".
namespace meent::eventstore::codec {

/// A time outside the years 0000 to 9999 becomes the nearest one inside.
void append_time(std::string& out, domain::Timestamp time);
/// Takes exactly what `append_time` writes.
std::optional<domain::Timestamp> parse_time(std::string_view text);

}  // namespace meent::eventstore::codec
