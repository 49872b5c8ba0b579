#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/requester.h"
#include "eventstore/cloud_event.h"

/// A platform's events as text for one viewer, from any position on.
namespace meent::api {

struct HistoryFilter {
  std::vector<std::string> types;  ///< wire names; empty: all
  std::optional<domain::SpaceId> space;
  std::optional<domain::ContributionId> contribution;
};

/// What carries the events, and what each is: Meent's own object or a CloudEvent.
enum class HistoryFormat : std::uint8_t {
  ndjson,
  event_stream,
  cloud_events,        ///< one a line
  cloud_event_stream,  ///< as data of server-sent events
};
bool is_event_stream(HistoryFormat format);
std::string_view media_type_of(HistoryFormat format);

/// Part of a history. `text` may be empty though `next_position` moved: nothing in it was for this
/// viewer and filter.
struct HistorySlice {
  std::string text;
  std::string cursor;  ///< stream id of the last event in `text`
  std::uint64_t next_position = 0;
  std::uint64_t event_count = 0;
};

/// Who asks for what; `read` is const and may be called from any thread.
struct HistoryReader {
  const eventstore::Store& store;
  const eventstore::Keys& keys;
  Platform platform;
  domain::Viewer viewer;
  HistoryFilter filter;
  HistoryFormat format = HistoryFormat::ndjson;
  eventstore::EventOrigin origin{};  ///< what CloudEvents say

  /// Events from `from` to `to` (inclusive), until one of the bounds is reached: `most_bytes` of
  /// text (passed by at most one event), `most_events` given, 256 records read.
  [[nodiscard]] HistorySlice read(std::uint64_t from, std::uint64_t to, std::size_t most_bytes,
                                  std::uint64_t most_events) const;
  /// What a stream ends with that must end before its reader had all; `why` is one word.
  [[nodiscard]] std::string farewell(std::string_view why, std::string_view cursor) const;
};

}  // namespace meent::api
