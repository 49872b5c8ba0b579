#include "domain/form.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "domain/text.h"

namespace meent::domain {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_line(std::string_view value) {
  return value.find_first_of("\r\n") == std::string_view::npos;
}

bool is_number(std::string_view value) {
  if (value.starts_with('-')) value.remove_prefix(1);
  const auto point = value.find('.');
  const auto whole = value.substr(0, point);
  if (whole.empty() || !std::ranges::all_of(whole, is_digit)) return false;
  if (point == std::string_view::npos) return true;
  const auto part = value.substr(point + 1);
  return !part.empty() && std::ranges::all_of(part, is_digit);
}

unsigned to_number(std::string_view digits) {
  unsigned number = 0;
  for (const char c : digits) number = number * 10 + static_cast<unsigned>(c - '0');
  return number;
}

bool is_date(std::string_view value) {
  if (value.size() != 10 || value[4] != '-' || value[7] != '-') return false;
  const auto year = value.substr(0, 4), month = value.substr(5, 2), day = value.substr(8, 2);
  if (!std::ranges::all_of(year, is_digit) || !std::ranges::all_of(month, is_digit) ||
      !std::ranges::all_of(day, is_digit)) {
    return false;
  }
  return std::chrono::year_month_day(std::chrono::year(static_cast<int>(to_number(year))),
                                     std::chrono::month(to_number(month)),
                                     std::chrono::day(to_number(day)))
      .ok();
}

bool is_link(std::string_view value) {
  const std::string_view rest = value.starts_with("https://")  ? value.substr(8)
                                : value.starts_with("http://") ? value.substr(7)
                                                               : std::string_view{};
  return !rest.empty() && rest.front() != '/' &&
         std::ranges::none_of(rest, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

}  // namespace

bool is_value_of(const FormField& field, std::string_view value) {
  if (length(value) > field.longest) return false;
  switch (field.type) {
    case FieldType::line:
    case FieldType::place: return is_line(value);
    case FieldType::paragraph: return true;
    case FieldType::number: return is_number(value);
    case FieldType::date: return is_date(value);
    case FieldType::choice: return std::ranges::find(field.choices, value) != field.choices.end();
    case FieldType::link: return is_link(value);
  }
  std::abort();
}

}  // namespace meent::domain
