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
  const auto plain = [](std::string_view name) {
    return EventType{.name = name, .audience = Audience::scope, .analyst_facts = {}};
  };
  static const std::array rows{
      make_row<ContributionEvent, domain::ContributionPlaced>({.name = "contribution-placed",
                                                               .audience = Audience::scope,
                                                               .analyst_facts = {"external_id"}}),
      make_row<ContributionEvent, domain::ContributionRevised>(plain("contribution-revised")),
      make_row<ContributionEvent, domain::ContributionWithdrawn>(plain("contribution-withdrawn")),
      make_row<ContributionEvent, domain::ContributionClosed>(plain("contribution-closed")),
      make_row<ContributionEvent, domain::ContributionReopened>(plain("contribution-reopened")),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
