#include "eventstore/codec/time_text.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace meent::eventstore::codec {

namespace {

using std::chrono::days;
using std::chrono::milliseconds;

void digits(char* at, std::int64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

/// -1 when a character is no digit.
std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

constexpr std::int64_t earliest_ms = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t latest_ms = 253'402'300'799'999;    // 9999-12-31T23:59:59.999Z
constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";

}  // namespace

void append_time(std::string& out, domain::Timestamp time) {
  const std::chrono::sys_time<milliseconds> point{
      milliseconds(std::clamp(time.ms, earliest_ms, latest_ms))};
  const auto day = std::chrono::floor<days>(point);
  const std::chrono::year_month_day date{day};
  const auto year = static_cast<int>(date.year());
  const auto within = (point - day).count();
  std::array<char, shape.size()> text;
  shape.copy(text.data(), text.size());
  digits(&text[0], year, 4);
  digits(&text[5], static_cast<unsigned>(date.month()), 2);
  digits(&text[8], static_cast<unsigned>(date.day()), 2);
  digits(&text[11], within / 3'600'000, 2);
  digits(&text[14], within / 60'000 % 60, 2);
  digits(&text[17], within / 1000 % 60, 2);
  digits(&text[20], within % 1000, 3);
  out.append(text.data(), text.size());
}

std::optional<domain::Timestamp> parse_time(std::string_view text) {
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != '0' && text[i] != shape[i]) return std::nullopt;
  }
  const auto year = number(text.substr(0, 4)), month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2)), hour = number(text.substr(11, 2));
  const auto minute = number(text.substr(14, 2)), second = number(text.substr(17, 2));
  const auto ms = number(text.substr(20, 3));
  if (year < 0 || month < 0 || day < 0 || ms < 0) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days_ms =
      std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400'000};
  return domain::Timestamp{days_ms + ((hour * 60 + minute) * 60 + second) * 1000 + ms};
}

}  // namespace meent::eventstore::codec
