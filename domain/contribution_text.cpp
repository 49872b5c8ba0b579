#include <algorithm>

#include "domain/contribution.h"
#include "domain/form.h"

namespace meent::domain {

namespace {

constexpr std::size_t most_themes = 10;

using Faults = std::vector<TextFault>;
using Form = std::map<std::string, std::string>;

void look_at_form(const Kind& kind, const Form& form, Faults& faults) {
  const auto is_filled = [&](const FormField& field) {
    const auto entry = form.find(field.name);
    return entry != form.end() && !is_blank(entry->second);
  };
  for (const auto& [name, value] : form) {
    if (!is_text(value)) faults.push_back({ContributionRejection::not_text, "form." + name});
  }
  for (const auto& [name, value] : form) {
    if (std::ranges::find(kind.form, name, &FormField::name) == kind.form.end()) {
      faults.push_back({ContributionRejection::unknown_field, "form." + name});
    }
  }
  for (const auto& field : kind.form) {
    if (field.required && !is_filled(field)) {
      faults.push_back({ContributionRejection::field_missing, "form." + field.name});
    }
  }
  for (const auto& field : kind.form) {
    if (is_filled(field) && !is_value_of(field, form.at(field.name))) {
      faults.push_back({ContributionRejection::bad_field, "form." + field.name});
    }
  }
}

void look_at_themes(const Kind& kind, const std::vector<std::string>& themes, Faults& faults) {
  const auto is_among = [](auto begin, auto end, const std::string& theme) {
    return std::find(begin, end, theme) != end;
  };
  if (themes.size() > most_themes) {
    faults.push_back({ContributionRejection::too_many_themes, "themes"});
    return;
  }
  for (auto theme = themes.begin(); theme != themes.end(); ++theme) {
    const bool is_allowed =
        kind.themes.empty() || is_among(kind.themes.begin(), kind.themes.end(), *theme);
    if (!is_slug(*theme) || !is_allowed || is_among(themes.begin(), theme, *theme)) {
      faults.push_back({ContributionRejection::bad_theme,
                        "themes." + std::to_string(std::distance(themes.begin(), theme))});
    }
  }
}

}  // namespace

Faults faults_in(const ContributionText& text, const Kind& kind, const Actor& actor) {
  using enum ContributionRejection;
  Faults faults;
  if (kind.title_required && is_blank(text.title)) faults.push_back({title_missing, "title"});
  if (length(text.title) > kind.longest_title) faults.push_back({title_too_long, "title"});
  if (is_blank(text.body) && actor.kind != ActorKind::importer) {
    faults.push_back({body_missing, "body"});
  }
  if (length(text.body) > kind.longest_body) faults.push_back({body_too_long, "body"});
  if (!is_text(text.title)) faults.push_back({not_text, "title"});
  if (!is_text(text.body)) faults.push_back({not_text, "body"});
  look_at_form(kind, text.form, faults);
  look_at_themes(kind, text.themes, faults);
  if (!is_language_tag(text.language)) faults.push_back({bad_language, "language"});
  return faults;
}

}  // namespace meent::domain
