#pragma once
#include <string_view>

namespace meent::domain {

/// Why a command was refused, for people and programs. One code means the same everywhere.
struct Reason {
  std::string_view code;      ///< "space-not-open": stable, kebab-case
  std::string_view sentence;  ///< English, ends with what to do
  /// What kind of refusal it is; api maps it to a status.
  enum class Sort : unsigned char { forbidden, unknown, conflict, stale, invalid } sort;
  std::string_view field = {};  ///< the field at fault, where there is one
};

}  // namespace meent::domain
