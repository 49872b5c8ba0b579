#include "api/pages/format.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <unicode/timezone.h>

namespace meent::api::pages {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t named_days = 7;

/// What to add to `when` for the wall clock; `is_local`: `when` is a wall clock's already.
std::int64_t offset_ms(std::int64_t when, bool is_local) {
  static const std::unique_ptr<const icu::TimeZone> zone(
      icu::TimeZone::createTimeZone("Europe/Amsterdam"));
  std::int32_t standard = 0;
  std::int32_t summer = 0;
  UErrorCode status = U_ZERO_ERROR;
  zone->getOffset(static_cast<UDate>(when), is_local, standard, summer, status);
  return U_FAILURE(status) ? 0 : standard + summer;
}

std::int64_t local_day(domain::Timestamp when) {
  return std::chrono::floor<std::chrono::days>(milliseconds(when.ms + offset_ms(when.ms, false)))
      .count();
}

std::string some_ago(const Texts& texts, std::string_view unit, std::int64_t n) {
  return texts.count(unit, static_cast<std::uint64_t>(n));
}

}  // namespace

std::string iso_time(domain::Timestamp when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds(when.ms));
  const std::chrono::sys_seconds moment(seconds);
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const year_month_day date(day);
  const std::chrono::hh_mm_ss clock(moment - day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string date_words(const Texts& texts, domain::Timestamp when) {
  const year_month_day date{sys_days(std::chrono::days(local_day(when)))};
  const std::string month = texts("month." + std::to_string(static_cast<unsigned>(date.month())));
  return texts("time.date", {{"day", std::to_string(static_cast<unsigned>(date.day()))},
                             {"month", month},
                             {"year", std::to_string(static_cast<int>(date.year()))}});
}

std::string time_words(const Texts& texts, domain::Timestamp when, domain::Timestamp now) {
  const std::int64_t ago = now.ms - when.ms;
  if (ago < -minute_ms) return date_words(texts, when);
  if (ago < minute_ms) return texts("time.now");
  if (ago < hour_ms) return some_ago(texts, "time.minutes", ago / minute_ms);
  const std::int64_t days = local_day(now) - local_day(when);
  if (ago < day_ms / 2 || days == 0) return some_ago(texts, "time.hours", ago / hour_ms);
  if (days < named_days) return some_ago(texts, "time.days", days);
  return date_words(texts, when);
}

std::string initials(std::string_view name) {
  const auto letter_at = [&](std::size_t at) {
    std::size_t end = at + 1;
    while (end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) ++end;
    return std::string(name.substr(at, end - at));
  };
  const auto begin = name.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  std::string out = letter_at(begin);
  const auto last = name.find_last_of(' ');
  if (last != std::string_view::npos && last > begin && last + 1 < name.size()) {
    out += letter_at(last + 1);
  }
  return out;
}

std::optional<domain::Timestamp> day_start(std::string_view date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) -> int {
    int value = -1;
    const char* end = date.data() + at + size;
    return std::from_chars(date.data() + at, end, value).ptr == end ? value : -1;
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  if (year < 0 || month < 1 || day < 1) return std::nullopt;
  const year_month_day parsed(std::chrono::year(year),
                              std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day)));
  if (!parsed.ok()) return std::nullopt;
  const auto wall = std::chrono::duration_cast<milliseconds>(sys_days(parsed).time_since_epoch());
  return domain::Timestamp{wall.count() - offset_ms(wall.count(), true)};
}

}  // namespace meent::api::pages
