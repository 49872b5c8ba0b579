#include "domain/discuss.h"

#include "eventstore/codec/make_row.h"

namespace meent::eventstore::codec {

template <class A>
void facts(A& a, domain::CommentPlaced& e) {
  a("comment", e.comment);
  a("contribution", e.contribution);
  a("space", e.space);
  a("parent", e.parent);
  a("author", e.author);
  a("body", e.body);
  a("language", e.language);
  a("mentions", e.mentions);
}
template <class A>
void facts(A& a, domain::CommentEdited& e) {
  a("comment", e.comment);
  a("contribution", e.contribution);
  a("revision", e.revision);
  a("body", e.body);
}
template <class A>
void facts(A& a, domain::CommentWithdrawn& e) {
  a("comment", e.comment);
  a("contribution", e.contribution);
}

std::span<const EventRow> discuss_rows() {
  using domain::DiscussEvent;
  const auto type = [](std::string_view name, std::vector<std::string_view> in_public) {
    return EventType{.name = name,
                     .audience = Audience::scope,
                     .analyst_facts = {},
                     .public_form = public_with(std::move(in_public))};
  };
  static const std::array rows{
      make_row<DiscussEvent, domain::CommentPlaced>(
          type("comment-placed", {"comment", "contribution", "space", "parent", "language"})),
      make_row<DiscussEvent, domain::CommentEdited>(
          type("comment-edited", {"comment", "contribution", "revision"})),
      make_row<DiscussEvent, domain::CommentWithdrawn>(
          type("comment-withdrawn", {"comment", "contribution"})),
  };
  return rows;
}

}  // namespace meent::eventstore::codec
