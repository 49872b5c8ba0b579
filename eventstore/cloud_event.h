#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/codec.h"

/// Events as CloudEvents 1.0 in structured JSON, after the NL GOV profile (docs/events.md).
namespace meent::eventstore {

inline constexpr std::string_view cloud_event_media_type = "application/cloudevents+json";

/// What CloudEvents say about where they come from.
struct EventOrigin {
  std::string source = "urn:nld:meent";  ///< organisation and system; the platform's id follows it
  std::string public_url;  ///< "https://meent.example", without slash: schemas and items are there
};
/// Nothing when it is a URN that may stand before a platform's id; else what is wrong.
std::optional<std::string> fault_in_source(std::string_view source);
/// Nothing when it is an http(s) address without query, fragment and last slash; else what is
/// wrong.
std::optional<std::string> fault_in_public_url(std::string_view url);

/// The event's `id`: a UUID from the place in the history under the platform's key. The same for
/// every reader, on every node and in every log; tells nothing about the position; another after
/// a restored history went on differently. Throws StorageError when the key is missing.
std::string event_id(const Keys& keys, domain::KeyId platform_key, std::uint64_t position,
                     const Hash& record_hash);

/// Path of a type's schema below the public address: "/api/v1/schemas/events/comment-placed/1".
std::string schema_path(std::string_view type, std::uint32_t version);

/// For this viewer, as event_for: the same facts as `data`. What is no attribute of CloudEvents
/// becomes an extension: `cursor`, `actorkind`, `actorid`, `position`, `occurredat`.
std::optional<std::string> cloud_event_for(const StoredEvent& stored, const domain::Viewer& viewer,
                                           const domain::State& state, const Keys& keys,
                                           std::string_view cursor, std::string_view id,
                                           const EventOrigin& origin);

/// The last line of a stream of CloudEvents that had to end early; `cursor` is where to go on.
std::string closing_cloud_event(domain::PlatformId platform, std::string_view why,
                                std::string_view cursor, const EventOrigin& origin);

/// For everybody and for ever: no actor, no person, nothing sealed, only the facts that the type
/// declares public. Nothing when it declares none. Whether anyone could read what it is about is
/// the caller's to know. `sequence`: 1, 2, 3 … among the platform's public events.
std::optional<std::string> public_event(const StoredEvent& stored, std::uint64_t sequence,
                                        std::string_view id, const EventOrigin& origin);

}  // namespace meent::eventstore
