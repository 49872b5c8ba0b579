#include "domain/kind.h"

#include <algorithm>
#include <set>

#include "domain/person.h"
#include "domain/platform.h"
#include "domain/text.h"

namespace meent::domain {

namespace {

constexpr std::size_t longest_kind_label = 60;
constexpr std::size_t longest_field_label = 120;
constexpr std::size_t longest_choice = 120;
constexpr std::uint32_t most_title = 500;
constexpr std::uint32_t most_body = 100000;
constexpr std::uint32_t most_field = 20000;
constexpr std::size_t most_fields = 30;
constexpr std::size_t most_themes = 200;
constexpr std::size_t least_choices = 2, most_choices = 100;

constexpr std::uint32_t bits(KindAbility ability) {
  return static_cast<std::uint32_t>(ability);
}
constexpr std::uint32_t all_abilities =
    bits(KindAbility::discuss) | bits(KindAbility::support) | bits(KindAbility::revise);

bool are_different(const std::vector<std::string>& values) {
  return std::set<std::string>(values.begin(), values.end()).size() == values.size();
}

bool has_good_limits(const Kind& kind) {
  return (kind.abilities & ~all_abilities) == 0 && kind.longest_title >= 1 &&
         kind.longest_title <= most_title && kind.longest_body >= 1 &&
         kind.longest_body <= most_body;
}

bool is_good(const FormField& field) {
  if (!is_slug(field.name) || !is_label(field.label, longest_field_label)) return false;
  if (field.longest < 1 || field.longest > most_field) return false;
  if (field.type != FieldType::choice) return field.choices.empty();
  return field.choices.size() >= least_choices && field.choices.size() <= most_choices &&
         are_different(field.choices) &&
         std::ranges::all_of(field.choices, [](const std::string& choice) {
           return is_label(choice, longest_choice);
         });
}

bool has_good_form(const Kind& kind) {
  std::set<std::string> names;
  return std::ranges::all_of(kind.form, [&](const FormField& field) {
    return is_good(field) && names.insert(field.name).second;
  });
}

bool has_good_themes(const Kind& kind) {
  return kind.themes.size() <= most_themes && std::ranges::all_of(kind.themes, is_slug) &&
         are_different(kind.themes);
}

using Events = std::vector<KindEvent>;
using Answer = Result<Events, KindRejection>;

Answer decide_on(const State& state, const DefineKind& command, const Context& context) {
  const auto& kind = command.kind;
  if (!may_act(context.actor, role_of_actor(state, context), Capability::found, {})) {
    return refuse(KindRejection::not_allowed);
  }
  if (!find<PlatformRecord>(state, {})) return refuse(KindRejection::no_platform);
  if (!is_slug(kind.name)) return refuse(KindRejection::bad_name);
  if (!is_label(kind.label, longest_kind_label)) return refuse(KindRejection::bad_label);
  if (!has_good_limits(kind)) return refuse(KindRejection::bad_limits);
  if (kind.form.size() > most_fields) return refuse(KindRejection::too_many_fields);
  if (!has_good_form(kind)) return refuse(KindRejection::bad_field);
  if (!has_good_themes(kind)) return refuse(KindRejection::bad_theme);
  const auto known = find<KindRecord>(state, kind.name);
  if (known && known->kind == kind) return refuse(KindRejection::unchanged);
  return Events{KindDefined{kind}};
}

}  // namespace

std::vector<Kind> default_kinds(const std::string& language) {
  const bool dutch = language == "nl" || language.starts_with("nl-");
  const auto say = [&](const char* in_dutch, const char* in_english) {
    return std::string(dutch ? in_dutch : in_english);
  };
  const auto discuss = bits(KindAbility::discuss);
  const auto support = bits(KindAbility::support);
  const auto revise = bits(KindAbility::revise);
  const auto field = [](std::string name, std::string label, FieldType type,
                        std::uint32_t longest) {
    return FormField{.name = std::move(name),
                     .label = std::move(label),
                     .type = type,
                     .required = false,
                     .longest = longest,
                     .choices = {}};
  };
  return {
      Kind{.name = "idea",
           .label = say("Idee", "Idea"),
           .abilities = discuss | support | revise,
           .title_required = true,
           .longest_title = 500,
           .longest_body = 20000,
           .form = {field("location", say("Plek", "Place"), FieldType::place, 200),
                    field("costs", say("Kosten in euro", "Costs in euros"), FieldType::number, 20),
                    field("more", say("Meer lezen", "Read more"), FieldType::link, 500)},
           .themes = {}},
      Kind{.name = "statement",
           .label = say("Stelling", "Statement"),
           .abilities = discuss | support,
           .title_required = false,
           .longest_title = 150,
           .longest_body = 500,
           .form = {},
           .themes = {}},
      Kind{.name = "discussion",
           .label = say("Gesprek", "Discussion"),
           .abilities = discuss | revise,
           .title_required = true,
           .longest_title = 200,
           .longest_body = 20000,
           .form = {field("more", say("Meer lezen", "Read more"), FieldType::link, 500)},
           .themes = {}},
  };
}

Answer decide(const State& state, const KindCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const KindEvent& event, const EventContext&) {
  std::visit(
      [&](const KindDefined& defined) { put(state, defined.kind.name, KindRecord{defined.kind}); },
      event);
}

Reason explain(KindRejection rejection) {
  using enum KindRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case not_allowed:
      return {"not-allowed", "Only operators and importers define kinds; ask an operator.",
              forbidden};
    case no_platform:
      return {"no-platform", "This platform does not exist yet; create it first.", unknown};
    case bad_name:
      return {"bad-name",
              "A kind's name has 1 to 64 lower-case letters, digits and single hyphens.", invalid,
              "name"};
    case bad_label:
      return {"bad-label", "Give the kind a label of 1 to 60 characters.", invalid, "label"};
    case bad_limits:
      return {"bad-limits",
              "Keep titles within 1 to 500 characters, bodies within 1 to 100000, and name only "
              "known abilities.",
              invalid, "longest_body"};
    case too_many_fields:
      return {"too-many-fields", "Keep the form to at most 30 fields.", invalid, "form"};
    case bad_field:
      return {"bad-field",
              "Give each field its own name, a label of 1 to 120 characters, a limit of 1 to 20000 "
              "characters, and 2 to 100 different choices only if it is a choice.",
              invalid, "form"};
    case bad_theme:
      return {"bad-theme", "Give at most 200 different themes, each a slug.", invalid, "themes"};
    case unchanged:
      return {"unchanged", "The kind is defined exactly like this already; nothing to do.",
              conflict};
  }
  std::abort();
}

}  // namespace meent::domain
