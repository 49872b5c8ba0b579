#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "api/pages/templates.h"
#include "domain/ids.h"

/// How moments and names look on a page. Days are those of the Netherlands.
namespace meent::api::pages {

/// "2026-11-24T10:07:00Z", for machines.
std::string iso_time(domain::Timestamp when);
/// "3 november 2026".
std::string date_words(const Texts& texts, domain::Timestamp when);
/// "5 minuten geleden", "gisteren", "4 dagen geleden"; a week back and more, or ahead: the date.
std::string time_words(const Texts& texts, domain::Timestamp when, domain::Timestamp now);
/// "Dirk-Jan Voorberg" as "DV"; nothing for a name without letters.
std::string initials(std::string_view name);
/// "2026-03-31" as its first moment; nothing when it is no date.
std::optional<domain::Timestamp> day_start(std::string_view date);

}  // namespace meent::api::pages
