#include "api/node.h"

#include <algorithm>

#include "domain/person.h"

namespace meent::api {

using namespace domain;

std::optional<std::string> Node::open(PlatformId platform, const PrivateText& text) const {
  if (!text.is_sealed()) return std::nullopt;
  auto opened = eventstore::open_text(keys, platform, text);
  return opened ? std::optional(std::move(*opened)) : std::nullopt;
}

std::optional<std::string> Node::open(PlatformId platform,
                                      const std::optional<PrivateText>& text) const {
  return text ? open(platform, *text) : std::nullopt;
}

std::optional<std::string> Node::name_of(PlatformId platform, PersonId person) const {
  const auto state = store.state(platform);
  const auto record = find<PersonRecord>(*state, person);
  return record ? open(platform, record->name) : std::nullopt;
}

CacheStamp Node::stamp(PlatformId platform) const {
  CacheStamp stamp{.state_position = store.tip(platform).position, .view_position = UINT64_MAX};
  const auto count_in = [&](const auto& view) {
    stamp.view_position = std::min(stamp.view_position, view ? view->position(platform) : 0);
  };
  count_in(tables.feed.get());
  count_in(tables.thread.get());
  count_in(tables.tally.get());
  count_in(tables.person.get());
  count_in(search.get());
  return stamp;
}

}  // namespace meent::api
