#include "api/history.h"

#include <algorithm>

#include "api/seals.h"
#include "eventstore/codec.h"

namespace meent::api {

using namespace domain;
using namespace eventstore;

namespace {

constexpr std::uint32_t most_records = 256;

bool passes(const HistoryFilter& filter, const Event& event, const State& state) {
  const auto name = name_of(event);
  if (!filter.types.empty() &&
      std::find(filter.types.begin(), filter.types.end(), name) == filter.types.end()) {
    return false;
  }
  if (!filter.space && !filter.contribution) return true;
  const auto subject = subject_of(event, state);
  return (!filter.space || subject.space == filter.space) &&
         (!filter.contribution || subject.contribution == filter.contribution);
}

bool is_cloud(HistoryFormat format) {
  return format == HistoryFormat::cloud_events || format == HistoryFormat::cloud_event_stream;
}

void append(HistoryFormat format, std::string_view type, std::string_view cursor,
            std::string_view json, std::string& out) {
  if (!is_event_stream(format)) {
    out.append(json).append("\n");
  } else {
    out.append("id: ").append(cursor).append("\nevent: ").append(type);
    out.append("\ndata: ").append(json).append("\n\n");
  }
}

}  // namespace

bool is_event_stream(HistoryFormat format) {
  return format == HistoryFormat::event_stream || format == HistoryFormat::cloud_event_stream;
}

std::string_view media_type_of(HistoryFormat format) {
  switch (format) {
    case HistoryFormat::ndjson: return "application/x-ndjson";
    // Lines are not one JSON text, so the whole is not what each of them is.
    case HistoryFormat::cloud_events:
      return R"(application/x-ndjson; profile="application/cloudevents+json")";
    case HistoryFormat::event_stream:
    case HistoryFormat::cloud_event_stream: return "text/event-stream";
  }
  return {};
}

std::string HistoryReader::farewell(std::string_view why, std::string_view cursor) const {
  const auto plain =
      R"({"closed":")" + std::string(why) + R"(","id":")" + std::string(cursor) + "\"}";
  switch (format) {
    case HistoryFormat::ndjson: return plain + "\n";
    case HistoryFormat::cloud_events:
      return closing_cloud_event(platform.id, why, cursor, origin) + "\n";
    case HistoryFormat::event_stream:
    case HistoryFormat::cloud_event_stream: return "event: closed\ndata: " + plain + "\n\n";
  }
  return {};
}

HistorySlice HistoryReader::read(std::uint64_t from, std::uint64_t to, std::size_t most_bytes,
                                 std::uint64_t most_events) const {
  HistorySlice slice{.text = {}, .cursor = {}, .next_position = from, .event_count = 0};
  const auto state = store.state(platform.id);
  for (std::uint32_t records = 0; records < most_records && slice.next_position <= to &&
                                  slice.text.size() < most_bytes && slice.event_count < most_events;
       ++records) {
    const auto stored = store.record_at(platform.id, slice.next_position);
    if (!stored) break;
    const auto record = decode_record(stored->bytes);
    if (!record) throw StorageError("a stored record cannot be decoded", false);
    auto position = record->header.base_position;
    for (const auto& commit : record->commits) {
      for (const auto& raw : commit.events) {
        const auto at = position++;
        // A record may hold far more than one slice takes: the rest of it comes with the next.
        const bool is_full = slice.text.size() >= most_bytes || slice.event_count == most_events;
        if (at < slice.next_position || at > to || is_full) continue;
        slice.next_position = at + 1;
        auto event = decode_event(raw);
        if (!event) throw StorageError("a stored event cannot be decoded", false);
        if (!passes(filter, *event, *state)) continue;
        const auto type = name_of(*event);
        auto cursor = seal(keys, platform.id, platform.record.platform_key, Seal::stream,
                           {at, prefix_of(stored->hash), {}, {}});
        const StoredEvent whole{std::move(*event),
                                {.platform = platform.id,
                                 .position = at,
                                 .actor = commit.actor,
                                 .recorded_at = commit.recorded_at,
                                 .occurred_at = commit.occurred_at}};
        const auto json =
            is_cloud(format)
                ? cloud_event_for(whole, viewer, *state, keys, cursor,
                                  event_id(keys, platform.record.platform_key, at, stored->hash),
                                  origin)
                : event_for(whole, viewer, *state, keys, cursor);
        if (!json) continue;
        append(format, type, cursor, *json, slice.text);
        slice.cursor = std::move(cursor);
        ++slice.event_count;
      }
    }
  }
  return slice;
}

}  // namespace meent::api
