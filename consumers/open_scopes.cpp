#include "consumers/open_scopes.h"

#include <cstring>

#include "eventstore/codec.h"

namespace meent::consumers {

using namespace domain;

namespace {

bool anyone_sees(const Scope& scope) {
  return may_see(Viewer{}, scope);
}

IdBytes bytes_of(const Item& item) {
  return std::visit([](const auto& id) { return id.value(); }, item);
}

}  // namespace

std::size_t OpenScopes::HashOfId::operator()(const IdBytes& id) const {
  std::size_t out = 0;
  std::memcpy(&out, id.data(), sizeof out);  // ids are drawn at random
  return out;
}

bool OpenScopes::is_open(const Event& event) const {
  const auto subject = eventstore::subject_of(event);
  const auto level_at = [&](const IdBytes& id) {
    return not_open_.contains(id) ? Level::moderation : Level::open;
  };
  const auto space = subject.space.value_or(SpaceId());
  if (!anyone_sees(Scope::of_platform())) return false;
  if (subject.space && !anyone_sees(Scope::of_space(space, Level::open))) return false;
  if (subject.contribution &&
      !anyone_sees(Scope::of_space(space, level_at(subject.contribution->value())))) {
    return false;
  }
  return !subject.comment ||
         anyone_sees(Scope::of_space(space, level_at(subject.comment->value())));
}

bool OpenScopes::note(const Event& event) {
  const bool was_open = is_open(event);
  const auto close = [&](const IdBytes& id) { not_open_.insert(id); };
  const auto changed = overloaded{
      [](const PlatformEvent&) {},
      [](const PersonEvent&) {},
      [](const TokenEvent&) {},
      [](const KindEvent&) {},
      [](const SpaceEvent&) {},
      [&](const ContributionEvent& one) {
        if (const auto* gone = std::get_if<ContributionWithdrawn>(&one)) {
          close(gone->contribution.value());
        }
      },
      [&](const DiscussEvent& one) {
        if (const auto* gone = std::get_if<CommentWithdrawn>(&one)) close(gone->comment.value());
      },
      [](const SupportEvent&) {},
      [&](const ModerateEvent& one) {
        std::visit(overloaded{[&](const ItemHidden& hidden) { close(bytes_of(hidden.item)); },
                              [&](const ItemAccepted& accepted) {
                                not_open_.erase(bytes_of(accepted.item));
                              }},
                   one);
      }};
  std::visit(changed, event);
  return was_open || is_open(event);
}

}  // namespace meent::consumers
