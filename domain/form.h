#pragma once
#include <string_view>

#include "domain/kind.h"

namespace meent::domain {

/// Whether a form field takes this value, which is text and not blank. No longer than the field
/// allows; only a paragraph has line breaks; a number is decimal digits with at most a sign and a
/// point; a date is a day of the calendar as YYYY-MM-DD; a choice is one of the choices; a link
/// starts with http:// or https://; a place is a line that names it.
bool is_value_of(const FormField& field, std::string_view value);

}  // namespace meent::domain
