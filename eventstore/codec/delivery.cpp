#include "eventstore/codec/delivery.h"

#include "eventstore/codec/time_text.h"

/// Who may receive an event, and what of it (ARCHITECTURE §7).
namespace meent::eventstore {

namespace codec {

namespace {

/// How the item an event is about stands now, for one viewer.
struct Standing {
  bool sees_place = true;  ///< the space
  bool sees_item = true;   ///< the contribution, and the comment where there is one
  std::optional<domain::PersonId> author;
};

Standing standing_for(const domain::Viewer& viewer, const domain::State& state,
                      const Subject& subject) {
  Standing standing;
  auto place = domain::Scope::of_platform();
  if (subject.space) place = domain::Scope::of_space(*subject.space, domain::Level::open);
  standing.sees_place = domain::may_see(viewer, place);
  const auto weigh = [&](const auto& record) {
    const auto scope = domain::Scope::of_space(record.space, domain::level_of(record.standing));
    standing.author = record.author;
    standing.sees_item = standing.sees_item && domain::may_see(viewer, scope, record.author);
  };
  if (subject.contribution) {
    const auto record = domain::find<domain::ContributionRecord>(state, *subject.contribution);
    if (record) weigh(*record);
  }
  if (subject.comment) {
    const auto record = domain::find<domain::CommentRecord>(state, *subject.comment);
    if (record) weigh(*record);
  }
  return standing;
}

/// Writes words for those who may read them, null for others and where the key is gone.
class Opener final : public TextWriter {
 public:
  Opener(const Keys& keys, domain::PlatformId platform, bool may_read)
      : keys_(keys), platform_(platform), may_read_(may_read) {}

  void write(std::string& out, const domain::PrivateText& text, std::string_view) override {
    if (may_read_) {
      const auto words = open_text(keys_, platform_, text);
      if (words) return append_json_string(out, *words);
      if (words.error() != KeyFault::destroyed) {
        throw StorageError("A sealed text (" + text.origin + ") cannot be opened: its key is " +
                               (words.error() == KeyFault::missing ? "missing." : "another's."),
                           false);
      }
    }
    out += "null";
  }

 private:
  const Keys& keys_;
  domain::PlatformId platform_;
  bool may_read_;
};

bool is_audience(const EventRow& row, const domain::Viewer& viewer, const Standing& standing,
                 const domain::Event& event) {
  switch (row.type.audience) {
    case Audience::everyone: return domain::may_see(viewer, domain::Scope::of_platform());
    case Audience::scope:
      // That an item was placed, hidden or withdrawn is told to all who see its space, so that
      // they can follow; its support only to those who see the item.
      return standing.sees_place &&
             (standing.sees_item || !std::holds_alternative<domain::SupportEvent>(event));
    case Audience::analysts: return viewer.may_analyse;
    case Audience::operators: return viewer.is_signed_in && viewer.role == domain::Role::operator_;
  }
  return false;
}

}  // namespace

std::optional<Delivery> delivery_of(const StoredEvent& stored, const domain::Viewer& viewer,
                                    const domain::State& state) {
  const auto& row = row_of(stored.event);
  const auto standing = standing_for(viewer, state, subject_of(stored.event, state));
  if (!is_audience(row, viewer, standing, stored.event)) return std::nullopt;
  const auto author = row.author(stored.event).or_else([&] { return standing.author; });
  const bool is_author = author && author->value() == stored.context.actor.id;
  const bool is_support = std::holds_alternative<domain::SupportEvent>(stored.event);
  const bool is_reason = std::holds_alternative<domain::ModerateEvent>(stored.event);
  return Delivery{.row = row,
                  .with_actor_id = viewer.may_analyse || (is_author && !is_support),
                  .with_position = viewer.may_analyse,
                  .with_texts = standing.sees_item || is_reason,
                  .withheld = viewer.may_analyse ? std::span<const std::string_view>()
                                                 : std::span(row.type.analyst_facts)};
}

void append_facts(std::string& out, const StoredEvent& stored, const Delivery& delivery,
                  const Keys& keys) {
  Opener opener(keys, stored.context.platform, delivery.with_texts);
  FactsWriter writer(out, opener, delivery.withheld);
  delivery.row.write(stored.event, writer);
}

namespace {

void append_actor(std::string& out, const domain::Actor& actor, bool with_id) {
  out += R"(,"actor":{"kind":")";
  out += word_of(actor.kind);
  out += '"';
  if (with_id) {
    out += R"(,"id":")";
    append_hex(out, actor.id);
    out += '"';
  }
  out += '}';
}

void append_time_member(std::string& out, std::string_view name, domain::Timestamp time) {
  out += ",\"";
  out += name;
  out += "\":\"";
  append_time(out, time);
  out += '"';
}

}  // namespace

}  // namespace codec

std::optional<std::string> event_for(const StoredEvent& stored, const domain::Viewer& viewer,
                                     const domain::State& state, const Keys& keys,
                                     std::string_view cursor) {
  const auto delivery = codec::delivery_of(stored, viewer, state);
  if (!delivery) return std::nullopt;
  const auto& row = delivery->row;
  const auto& context = stored.context;
  std::string out;
  out.reserve(512);
  out += R"({"id":)";
  codec::append_json_string(out, cursor);
  out += R"(,"type":")";
  out += row.type.name;
  out += R"(","version":)";
  out += std::to_string(row.type.version);
  codec::append_time_member(out, "recorded_at", context.recorded_at);
  if (context.occurred_at) codec::append_time_member(out, "occurred_at", *context.occurred_at);
  codec::append_actor(out, context.actor, delivery->with_actor_id);
  if (delivery->with_position) out += R"(,"position":)" + std::to_string(context.position);
  out += R"(,"facts":)";
  codec::append_facts(out, stored, *delivery, keys);
  out += '}';
  return out;
}

}  // namespace meent::eventstore
