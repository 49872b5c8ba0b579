#include "domain/contribution.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::ContributionContent& c) {
  a("title", c.title);
  a("body", c.body);
  a("form", c.form);
  a("themes", c.themes);
  a("language", c.language);
}
template <class A>
void facts(A& a, domain::ContributionPlaced& e) {
  a("contribution", e.contribution);
  a("space", e.space);
  a("kind", e.kind);
  a("author", e.author);
  facts(a, e.content);
  a("external_id", e.external_id);
}
template <class A>
void facts(A& a, domain::ContributionRevised& e) {
  a("contribution", e.contribution);
  a("revision", e.revision);
  a("author", e.author);
  facts(a, e.content);
}
template <class A>
void facts(A& a, domain::ContributionWithdrawn& e) {
  a("contribution", e.contribution);
}
template <class A>
void facts(A& a, domain::ContributionClosed& e) {
  a("contribution", e.contribution);
}
template <class A>
void facts(A& a, domain::ContributionReopened& e) {
  a("contribution", e.contribution);
}

std::span<const EventRow> contribution_rows() {
  using domain::ContributionEvent;
  const auto type = [](std::string_view name, std::vector<std::string_view> in_public) {
    return EventType{.name = name,
                     .audience = Audience::scope,
                     .analyst_facts = {},
                     .public_form = public_with(std::move(in_public))};
  };
  // Themes may be the author's own words, so they are not public.
  static const std::array rows{
      make_row<ContributionEvent, domain::ContributionPlaced>(
          {.name = "contribution-placed",
           .audience = Audience::scope,
           .analyst_facts = {"external_id"},
           .public_form = public_with({"contribution", "space", "kind", "language"})}),
      make_row<ContributionEvent, domain::ContributionRevised>(
          type("contribution-revised", {"contribution", "revision", "language"})),
      make_row<ContributionEvent, domain::ContributionWithdrawn>(
          type("contribution-withdrawn", {"contribution"})),
      make_row<ContributionEvent, domain::ContributionClosed>(
          type("contribution-closed", {"contribution"})),
      make_row<ContributionEvent, domain::ContributionReopened>(
          type("contribution-reopened", {"contribution"})),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
