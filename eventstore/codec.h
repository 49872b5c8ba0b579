#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/action.h"
#include "eventstore/keys.h"
#include "eventstore/record.h"

/// Domain events as bytes and back: wire names, versions, upcasting, and who may receive what.
/// One file per domain file in codec/.
namespace meent::eventstore {

/// Seals what is plain. Throws StorageError when a key is missing.
RawEvent encode_event(const domain::Event& event, domain::PlatformId platform, const Keys& keys);
/// Older versions come out as today's event.
std::expected<domain::Event, DecodeError> decode_event(const RawEvent& raw);

/// Who may receive an event, judged by the policy when it is sent.
enum class Audience : std::uint8_t {
  everyone,  ///< platform facts
  scope,     ///< whoever may see the item or space it is about, as that stands now
  analysts,  ///< viewers with the analyst right
  operators,
};

/// One fact of an event type.
struct Fact {
  std::string_view name;
  bool is_optional = false;  ///< left out when there is none
  bool is_sealed = false;  ///< somebody's words: {"sealed": n} in the log, text or null in delivery
  bool is_personal = false;  ///< names a person
  bool is_secret = false;    ///< a key's id or a secret's hash
  std::string schema;        ///< JSON Schema (2020-12) of the value as delivered
};

/// What the public topic says of a type. Every type must declare it, fact by fact: nothing becomes
/// public because it was forgotten.
struct PublicForm {
  enum class Says : std::uint8_t { undeclared, nothing, facts } says = Says::undeclared;
  std::vector<std::string_view> facts;  ///< these and no others
};

struct EventType {
  std::string_view name;      ///< "support-given"
  std::uint16_t version = 1;  ///< the one written today
  std::uint32_t level = 1;    ///< of the log from which this version may be written (level.h)
  Audience audience = Audience::operators;
  /// Facts that only analysts get (a support's person); the others go to the whole audience.
  std::vector<std::string_view> analyst_facts;
  PublicForm public_form{};
  std::vector<Fact> facts{};  ///< all, in the order written
};
/// Every type, sorted by name.
std::span<const EventType> event_types();
const EventType& type_of(const domain::Event& event);
/// JSON Schema (2020-12) of an event's facts as they are delivered, whoever the reader; nothing for
/// a type or version nobody knows. `address`: its own, becomes `$id`. An older version has the
/// schema it was published with.
std::optional<std::string> event_schema(std::string_view type, std::uint32_t version,
                                        std::string_view address);
std::string_view name_of(const domain::Event& event);

/// What an event is about, as far as it says; for filters.
struct Subject {
  std::optional<domain::SpaceId> space;
  std::optional<domain::ContributionId> contribution;
  std::optional<domain::CommentId> comment;
  bool operator==(const Subject&) const = default;
};
Subject subject_of(const domain::Event& event);
/// With the space of its contribution, looked up in state where the event does not say it.
Subject subject_of(const domain::Event& event, const domain::State& state);

/// An event with what surrounds it, as read from the log.
struct StoredEvent {
  domain::Event event;
  domain::EventContext context;
};

/// One event as one JSON object (the NDJSON line, without line end) for this viewer, or nothing
/// when it is not for them. Texts are opened where the viewer may see the item as it stands now; a
/// text that may not be seen, or whose key is destroyed, is null. A reason for hiding is for
/// everyone. The actor's id is given where the actor wrote the item, else to analysts only.
/// `cursor`: a sealed stream id, written as "id". Raw positions are given to analysts only.
std::optional<std::string> event_for(const StoredEvent& stored, const domain::Viewer& viewer,
                                     const domain::State& state, const Keys& keys,
                                     std::string_view cursor);

}  // namespace meent::eventstore
