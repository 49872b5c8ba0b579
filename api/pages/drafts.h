#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/pages/forms.h"
#include "domain/contribution.h"

/// A contribution as it is being written. Private to api/pages.
namespace meent::api::pages {

struct Draft {
  std::string title, body, themes, language;
  std::map<std::string, std::string> form;
  std::string form_key;        ///< when placing
  std::uint32_t revision = 0;  ///< when revising: the one that was read
};
Draft draft_from(const Visit& visit, const Form& form);
Draft draft_from(const Visit& visit, const projections::ContributionRow& row);
domain::ContributionText text_of(const Draft& draft, const domain::Kind& kind);

/// Where a draft is written, and what is wrong with it.
struct DraftPage {
  const domain::Kind& kind;
  domain::SpaceId space;
  std::string action, heading, button, back, back_label;
  std::optional<Problem> problem;
  /// As it stands now, when it was changed meanwhile.
  std::optional<projections::ContributionRow> conflict;
};
Page draft_page(const Visit& visit, const Draft& draft, const DraftPage& told);

}  // namespace meent::api::pages
