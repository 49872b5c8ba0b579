#pragma once
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/context.h"
#include "domain/kind.h"
#include "domain/reason.h"
#include "domain/result.h"
#include "domain/state.h"
#include "domain/text.h"

/// Contributions: what people make in a space. Text is CommonMark, kept as its source.
namespace meent::domain {

/// Lifecycle of contributions and comments (a comment is never `closed`).
enum class Standing : std::uint8_t { open, closed, hidden, withdrawn };

// Commands -------------------------------------------------------------------------------------

/// What the author fills in; limits are the kind's.
struct ContributionText {
  std::string title;
  std::string body;
  std::map<std::string, std::string> form;  ///< by field name
  std::vector<std::string> themes;          ///< 0..10
  std::string language;                     ///< is_language_tag
};
struct PlaceContribution {
  ContributionId contribution;
  SpaceId space;
  std::string kind;
  PersonId author;
  ContributionText text;
  std::string external_id;  ///< importers only, 0..120 characters
};
/// `revision`: the one the editor saw; another one by now is `stale_revision`.
struct ReviseContribution {
  ContributionId contribution;
  std::uint32_t revision = 0;
  ContributionText text;
};
struct WithdrawContribution {
  ContributionId contribution;
};
struct CloseContribution {
  ContributionId contribution;
};
struct ReopenContribution {
  ContributionId contribution;
};
using ContributionCommand =
    std::variant<PlaceContribution, ReviseContribution, WithdrawContribution, CloseContribution,
                 ReopenContribution>;

// Events ---------------------------------------------------------------------------------------

/// The same, as it goes into the log; all under the author's content key.
struct ContributionContent {
  std::optional<PrivateText> title;
  PrivateText body;
  std::map<std::string, PrivateText> form;
  std::vector<std::string> themes;
  std::string language;
  bool operator==(const ContributionContent&) const = default;
  template <class A>
  void fields(A& a) {
    a(title, body, form, themes, language);
  }
};
struct ContributionPlaced {
  ContributionId contribution;
  SpaceId space;
  std::string kind;
  PersonId author;
  ContributionContent content;
  std::string external_id;
  bool operator==(const ContributionPlaced&) const = default;
};
struct ContributionRevised {
  ContributionId contribution;
  std::uint32_t revision = 0;  ///< the new one
  PersonId author;
  ContributionContent content;
  bool operator==(const ContributionRevised&) const = default;
};
struct ContributionWithdrawn {
  ContributionId contribution;
  bool operator==(const ContributionWithdrawn&) const = default;
};
struct ContributionClosed {
  ContributionId contribution;
  bool operator==(const ContributionClosed&) const = default;
};
struct ContributionReopened {
  ContributionId contribution;
  bool operator==(const ContributionReopened&) const = default;
};
using ContributionEvent =
    std::variant<ContributionPlaced, ContributionRevised, ContributionWithdrawn, ContributionClosed,
                 ContributionReopened>;

// State ----------------------------------------------------------------------------------------

struct ContributionRecord {
  static constexpr char table = 'c';
  using Key = ContributionId;
  SpaceId space;
  std::string kind;
  PersonId author;
  Standing standing = Standing::open;
  Standing before_hiding = Standing::open;  ///< what accepting gives back
  bool accepted = false;
  std::uint32_t revision = 1;
  Timestamp placed_at;
  template <class A>
  void fields(A& a) {
    a(space, kind, author, standing, before_hiding, accepted, revision, placed_at);
  }
};

/// Level at which an item with this standing stands in its space.
Level level_of(Standing standing);

// Rules ----------------------------------------------------------------------------------------

/// In order of precedence.
enum class ContributionRejection : std::uint8_t {
  unknown_space,
  unknown_author,
  unknown_contribution,
  not_allowed,
  already_placed,
  space_not_open,
  kind_not_in_space,
  is_withdrawn,
  is_hidden,
  is_closed,
  is_not_closed,
  cannot_be_revised,
  stale_revision,
  title_missing,
  title_too_long,
  body_missing,
  body_too_long,
  not_text,
  unknown_field,
  field_missing,
  bad_field,
  too_many_themes,
  bad_theme,
  bad_language,
  external_id_too_long,
};

/// One thing wrong with a text; `field` as people fill it in: "title", "form.costs", "themes.2".
struct TextFault {
  ContributionRejection why;
  std::string field;
  bool operator==(const TextFault&) const = default;
};
/// Everything wrong with the text for this kind, in order of precedence; `decide` refuses with the
/// first. History knows texts without a body, so importers may bring them.
std::vector<TextFault> faults_in(const ContributionText& text, const Kind& kind,
                                 const Actor& actor);

Result<std::vector<ContributionEvent>, ContributionRejection> decide(const State&,
                                                                     const ContributionCommand&,
                                                                     const Context&);
void evolve(MutableState&, const ContributionEvent&, const EventContext&);
Reason explain(ContributionRejection rejection);

}  // namespace meent::domain
