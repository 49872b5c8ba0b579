#pragma once
#include <string>
#include <variant>
#include <vector>

#include "domain/context.h"
#include "domain/reason.h"
#include "domain/result.h"
#include "domain/state.h"

/// Kinds: which capabilities a contribution has, what its form asks, and its limits.
/// They are in the platform's log; the binary only ships `default_kinds()`.
namespace meent::domain {

enum class FieldType : std::uint8_t { line, paragraph, number, date, choice, link, place };

struct FormField {
  std::string name;   ///< is_slug, unique in the form
  std::string label;  ///< 1..120 characters, in the platform's language
  FieldType type = FieldType::line;
  bool required = false;
  std::uint32_t longest = 500;       ///< characters, 1..20000
  std::vector<std::string> choices;  ///< for `choice`: 2..100 values of 1..120 characters
  bool operator==(const FormField&) const = default;
  template <class A>
  void fields(A& a) {
    a(name, label, type, required, longest, choices);
  }
};

/// What can be done with contributions of a kind; a set of bits.
enum class KindAbility : std::uint32_t { discuss = 1, support = 2, revise = 4 };

struct Kind {
  std::string name;                    ///< is_slug; "idea", "statement", "discussion"
  std::string label;                   ///< 1..60 characters: "Idee"
  std::uint32_t abilities = 0;         ///< KindAbility bits
  bool title_required = true;          ///< without: the body stands alone (a statement)
  std::uint32_t longest_title = 150;   ///< characters, 1..500
  std::uint32_t longest_body = 20000;  ///< characters, 1..100000
  std::vector<FormField> form;         ///< 0..30
  std::vector<std::string> themes;     ///< allowed themes (is_slug), 0..200; empty: any slug
  [[nodiscard]] bool can(KindAbility ability) const {
    return (abilities & static_cast<std::uint32_t>(ability)) != 0;
  }
  bool operator==(const Kind&) const = default;
  template <class A>
  void fields(A& a) {
    a(name, label, abilities, title_required, longest_title, longest_body, form, themes);
  }
};

/// What the binary ships, with labels in `language` ("nl" or "en"; others get "en").
std::vector<Kind> default_kinds(const std::string& language);

/// Defining a kind again replaces it for contributions placed or revised afterwards.
struct DefineKind {
  Kind kind;
};
using KindCommand = std::variant<DefineKind>;

struct KindDefined {
  Kind kind;
  bool operator==(const KindDefined&) const = default;
};
using KindEvent = std::variant<KindDefined>;

/// Key: the kind's name.
struct KindRecord {
  static constexpr char table = 'k';
  using Key = std::string;
  Kind kind;
  template <class A>
  void fields(A& a) {
    a(kind);
  }
};

/// In order of precedence.
enum class KindRejection : std::uint8_t {
  not_allowed,
  no_platform,
  bad_name,
  bad_label,
  bad_limits,
  too_many_fields,
  bad_field,
  bad_theme,
  unchanged,
};
Result<std::vector<KindEvent>, KindRejection> decide(const State&, const KindCommand&,
                                                     const Context&);
void evolve(MutableState&, const KindEvent&, const EventContext&);
Reason explain(KindRejection rejection);

}  // namespace meent::domain
