#include "consumers/publisher.h"

namespace meent::consumers {

using namespace eventstore;

namespace {

/// The key that a platform's history begins with.
const domain::PlatformCreated* creation_in(const domain::Event& event) {
  const auto* group = std::get_if<domain::PlatformEvent>(&event);
  return group != nullptr ? std::get_if<domain::PlatformCreated>(group) : nullptr;
}

}  // namespace

Publisher::Publisher(const Keys& keys, Outbox::Connect connect, Options options)
    : keys_(keys), options_(std::move(options)), outbox_(std::move(connect), options_.outbox) {}

void Publisher::go_through(const FollowedRecord& record, bool publishes) {
  auto& platform = platforms_[record.header.platform];
  for (const auto& stored : record.events) {
    if (const auto* created = creation_in(stored.event)) platform.key = created->platform_key;
    const bool is_open = platform.scopes.note(stored.event);
    const auto says = type_of(stored.event).public_form.says;
    if (!is_open || says != PublicForm::Says::facts) continue;
    ++platform.public_count;
    if (!publishes) continue;
    const auto id = event_id(keys_, platform.key, stored.context.position, record.hash);
    auto text = public_event(stored, platform.public_count, id, options_.origin);
    outbox_.add(record.header.platform.text(), std::move(text).value());
  }
  if (!publishes) return;
  outbox_.mark({.consumer = {},
                .platform = record.header.platform,
                .position = record.header.last_position(),
                .hash = record.hash});
}

std::vector<CheckpointMark> Publisher::take_settled() {
  std::vector<CheckpointMark> out;
  while (auto mark = outbox_.take_settled()) out.push_back(std::move(*mark));
  return out;
}

}  // namespace meent::consumers
