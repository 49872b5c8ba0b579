#include "api/pages/drafts.h"

#include <algorithm>
#include <array>

#include "api/markdown.h"
#include "api/pages/rows.h"
#include "domain/form.h"

namespace meent::api::pages {

using namespace domain;

namespace {

constexpr std::array<std::string_view, 6> offered_languages{"nl", "en", "de", "fr", "fy", "nds"};

/// "Groen, Openbaar vervoer" as groen and openbaar-vervoer.
std::vector<std::string> themes_in(std::string_view text) {
  std::vector<std::string> out;
  std::string theme;
  const auto finish = [&] {
    while (theme.ends_with('-')) theme.pop_back();
    if (!theme.empty() && std::ranges::find(out, theme) == out.end()) out.push_back(theme);
    theme.clear();
  };
  for (const char c : text) {
    if (c == ',' || c == ';' || c == '\n') {
      finish();
    } else if (c == ' ' || c == '#') {
      if (c == ' ' && !theme.empty() && !theme.ends_with('-')) theme += '-';
    } else {
      theme += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  finish();
  return out;
}

std::string joined(const std::vector<std::string>& themes) {
  std::string out;
  for (const auto& theme : themes) out += (out.empty() ? "" : ", ") + theme;
  return out;
}

Values option(std::string_view value, const std::string& label, bool is_chosen) {
  Values out;
  out["option_value"] = std::string(value);
  out["option_label"] = label;
  out["option_chosen"] = is_chosen;
  return out;
}

/// Which field of the kind's form the rules stumbled over.
std::string field_at_fault(const Kind& kind, const Draft& draft, std::string_view code) {
  for (const auto& field : kind.form) {
    const auto entry = draft.form.find(field.name);
    const bool is_filled = entry != draft.form.end() && !is_blank(entry->second);
    if (code == "field-missing" && field.required && !is_filled) return field.name;
    if (code == "bad-field" && is_filled && !is_value_of(field, entry->second)) return field.name;
  }
  return {};
}

struct Fault {
  std::string id;  ///< of the element to go to; empty: none
  std::string sentence;
};

Fault fault_of(const Visit& visit, const Draft& draft, const Kind& kind, const Problem& problem) {
  const auto& error = problem.errors.empty() ? FieldError{} : problem.errors.front();
  const auto limit = error.field == "title" ? kind.longest_title : kind.longest_body;
  Fault fault{error.field, words_of(visit.texts, problem, limit)};
  constexpr std::array<std::string_view, 4> known{"title", "body", "themes", "language"};
  if (error.field == "form") {
    const auto field = field_at_fault(kind, draft, error.code);
    fault.id = field.empty() ? "" : "form-" + field;
  } else if (std::ranges::find(known, error.field) == known.end()) {
    fault.id.clear();
  }
  return fault;
}

std::string_view input_type(FieldType type) {
  switch (type) {
    case FieldType::date: return "date";
    case FieldType::link: return "url";
    case FieldType::number:
    case FieldType::line:
    case FieldType::place:
    case FieldType::paragraph:
    case FieldType::choice: return "text";
  }
  std::abort();
}

Values field_values(const FormField& field, const Draft& draft, const std::optional<Fault>& fault) {
  const auto entry = draft.form.find(field.name);
  const std::string value = entry == draft.form.end() ? "" : entry->second;
  Values out;
  out["field_name"] = field.name;
  out["field_label"] = field.label;
  out["field_required"] = field.required;
  out["field_value"] = value;
  out["field_longest"] = std::to_string(field.longest);
  out["field_is_paragraph"] = field.type == FieldType::paragraph;
  out["field_is_choice"] = field.type == FieldType::choice;
  out["field_is_line"] = field.type != FieldType::paragraph && field.type != FieldType::choice;
  out["field_type"] = std::string(input_type(field.type));
  Values options(Values::type::list);
  for (const auto& choice : field.choices)
    options.push_back(option(choice, choice, choice == value));
  out["field_options"] = std::move(options);
  const bool is_wrong = fault && fault->id == "form-" + field.name;
  out["field_error"] = or_false(is_wrong ? std::optional(fault->sentence) : std::nullopt);
  return out;
}

void set_faults(Values& values, const std::optional<Fault>& fault) {
  Values errors(Values::type::list);
  if (fault) {
    Values error;
    error["error_field"] = or_false(fault->id.empty() ? std::nullopt : std::optional(fault->id));
    error["error_text"] = fault->sentence;
    errors.push_back(error);
  }
  values["has_errors"] = fault.has_value();
  values["errors"] = std::move(errors);
  for (const auto* id : {"title", "body", "themes"}) {
    const bool is_here = fault && fault->id == id;
    values[std::string(id) + "_error"] =
        or_false(is_here ? std::optional(fault->sentence) : std::nullopt);
  }
}

void set_inputs(Values& values, const Visit& visit, const Draft& draft, const Kind& kind) {
  values["has_title"] = kind.title_required || !draft.title.empty();
  values["title_required"] = kind.title_required;
  const std::string own_title = "form.title_" + kind.name;
  values["title_label"] = visit.texts(visit.texts.has(own_title) ? own_title : "form.title_other");
  values["title_text"] = draft.title;
  values["title_longest"] = std::to_string(kind.longest_title);
  values["title_hint"] =
      visit.texts("form.title_hint", {{"n", visit.texts.number(kind.longest_title)}});
  const std::string own_body = "form.body_" + kind.name;
  values["body_label"] = visit.texts(visit.texts.has(own_body) ? own_body : "form.body");
  values["body_text"] = draft.body;
  values["body_longest"] = std::to_string(kind.longest_body);
  values["themes_text"] = draft.themes;
  Values languages(Values::type::list);
  bool is_offered = false;
  for (const auto language : offered_languages) {
    is_offered = is_offered || language == draft.language;
    languages.push_back(option(language, visit.texts("language." + std::string(language)),
                               language == draft.language));
  }
  if (!is_offered) languages.push_back(option(draft.language, draft.language, true));
  values["languages"] = std::move(languages);
}

}  // namespace

Draft draft_from(const Visit& visit, const Form& form) {
  Draft draft{.title = form["title"],
              .body = form["body"],
              .themes = form["themes"],
              .language = form["language"],
              .form = {},
              .form_key = form["key"],
              .revision = 0};
  if (draft.language.empty()) draft.language = visit.platform.record.language;
  constexpr std::string_view prefix = "form.";
  for (const auto& [name, value] : form.values()) {
    if (name.starts_with(prefix)) draft.form[name.substr(prefix.size())] = value;
  }
  const auto& revision = form["revision"];
  const bool is_number = !revision.empty() && revision.size() < 10 &&
                         std::ranges::all_of(revision, [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) draft.revision = static_cast<std::uint32_t>(std::stoul(revision));
  return draft;
}

Draft draft_from(const Visit& visit, const projections::ContributionRow& row) {
  Draft draft{.title = visit.open(row.title).value_or(""),
              .body = visit.open(row.body).value_or(""),
              .themes = joined(row.themes),
              .language = row.language,
              .form = {},
              .form_key = {},
              .revision = row.revision};
  for (const auto& [name, text] : row.form) draft.form[name] = visit.open(text).value_or("");
  return draft;
}

ContributionText text_of(const Draft& draft, const Kind& kind) {
  ContributionText text{.title = draft.title,
                        .body = draft.body,
                        .form = {},
                        .themes = themes_in(draft.themes),
                        .language = draft.language};
  for (const auto& field : kind.form) {
    const auto entry = draft.form.find(field.name);
    if (entry != draft.form.end() && !is_blank(entry->second)) text.form.insert(*entry);
  }
  return text;
}

Page draft_page(const Visit& visit, const Draft& draft, const DraftPage& told) {
  Page page("contribution_form", told.heading, told.heading);
  page.is_indexed = false;
  page.space = told.space;
  page.status = told.problem ? told.problem->type->status : 200;
  auto& values = page.values;
  values["form_title"] = told.heading;
  values["form_action"] = told.action;
  values["form_button"] = told.button;
  values["back_href"] = told.back;
  values["back_label"] = told.back_label;
  values["form_key"] = draft.form_key.empty() ? to_hex(draw_id_bytes()) : draft.form_key;
  values["revision"] =
      or_false(draft.revision > 0 ? std::optional(std::to_string(draft.revision)) : std::nullopt);
  const bool conflicts = told.conflict.has_value();
  values["conflict"] = conflicts;
  if (conflicts) {
    const auto heading = heading_of(visit, *told.conflict);
    values["conflict_title"] = heading.title;
    values["conflict_html"] = markdown_html(heading.rest);
  }
  const auto fault = told.problem && !conflicts
                         ? std::optional(fault_of(visit, draft, told.kind, *told.problem))
                         : std::nullopt;
  set_faults(values, fault);
  set_inputs(values, visit, draft, told.kind);
  Values fields(Values::type::list);
  for (const auto& field : told.kind.form) fields.push_back(field_values(field, draft, fault));
  values["form_fields"] = std::move(fields);
  return page;
}

}  // namespace meent::api::pages
