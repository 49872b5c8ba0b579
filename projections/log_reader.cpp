#include "projections/log_reader.h"

#include <algorithm>

#include "eventstore/codec.h"
#include "eventstore/envelope.h"

namespace meent::projections {
namespace {

constexpr std::size_t most_bytes = 8U << 20;
constexpr std::size_t platforms_at_once = 500;

}  // namespace

ReadBatch LogReader::read(std::uint64_t from, std::uint64_t until, std::size_t most_events,
                          const Wants& wants) {
  ReadBatch batch{.from = from, .events = {}, .joints = {}};
  batch.events.reached.next_offset = from;
  std::size_t seen_bytes = 0;
  store_.read(from, [&](const eventstore::StoredEnvelope& stored) {
    if (stored.offset >= until) return false;
    take(stored, wants, batch);
    batch.events.reached.next_offset = stored.offset + 1;
    seen_bytes += stored.bytes.size();
    return batch.events.events.size() < most_events && seen_bytes < most_bytes;
  });
  for (auto& [platform, mark] : batch.events.reached.platforms) {
    const auto hash = store_.hash_at(platform, mark.position);
    if (!hash) {
      throw eventstore::StorageError("the log's index has no record at position " +
                                         std::to_string(mark.position) + " of platform " +
                                         platform.text() + "; run `meent verify`",
                                     false);
    }
    mark.hash = *hash;
  }
  return batch;
}

void LogReader::take(const eventstore::StoredEnvelope& stored, const Wants& wants,
                     ReadBatch& batch) {
  if (stored.void_reason) return;
  const auto envelope = eventstore::decode_envelope(stored.bytes);
  if (!envelope) return;  // admission stopped the partition there; the store says so
  const auto* group = std::get_if<eventstore::Group>(&envelope->body);
  if (group == nullptr) return;
  const auto header = eventstore::decode_record_header(group->record);
  if (!header || stopped_.is_stopped(header->platform, stored.offset)) return;
  const auto record = eventstore::decode_record(group->record);
  if (!record) return stopped_.stop(stored.offset, *header, record.error().what);

  auto& events = batch.events.events;
  const auto before = events.size();
  auto position = header->base_position;
  for (const auto& commit : record->commits) {
    for (const auto& raw : commit.events) {
      const domain::EventContext context{header->platform, position, commit.actor,
                                         commit.recorded_at, commit.occurred_at};
      ++position;
      if (wants && !wants(raw.type)) continue;
      auto event = eventstore::decode_event(raw);
      if (!event) {
        events.erase(events.begin() + static_cast<std::ptrdiff_t>(before), events.end());
        return stopped_.stop(stored.offset, *header,
                             "event " + std::to_string(context.position) + " (" + raw.type +
                                 "): " + event.error().what);
      }
      events.push_back({*std::move(event), context});
    }
  }
  auto& platforms = batch.events.reached.platforms;
  if (!platforms.contains(header->platform)) {
    batch.joints.push_back({header->platform, header->base_position, header->prev_hash});
  }
  platforms[header->platform].position = header->last_position();
}

void StoppedPlatforms::stop(std::uint64_t offset, const eventstore::RecordHeader& header,
                            std::string why) {
  const std::scoped_lock lock(mutex_);
  stopped_.try_emplace(header.platform,
                       Stopped{offset, {header.platform, header.base_position, std::move(why)}});
}

bool StoppedPlatforms::is_stopped(domain::PlatformId platform, std::uint64_t offset) const {
  const std::scoped_lock lock(mutex_);
  const auto found = stopped_.find(platform);
  return found != stopped_.end() && offset >= found->second.offset;
}

std::vector<eventstore::StoppedPlatform> StoppedPlatforms::list() const {
  const std::scoped_lock lock(mutex_);
  std::vector<eventstore::StoppedPlatform> out;
  out.reserve(stopped_.size());
  for (const auto& [platform, stopped] : stopped_) out.push_back(stopped.platform);
  return out;
}

std::optional<std::string> fault_in(const Checkpoint& checkpoint, const eventstore::Store& store,
                                    bool marks_may_be_ahead) {
  if (checkpoint.next_offset > store.next_offset()) return "it is ahead of the log";
  for (const auto& [platform, mark] : checkpoint.platforms) {
    if (store.hash_at(platform, mark.position) != mark.hash) {
      return "position " + std::to_string(mark.position) + " of platform " + platform.text() +
             " is not on the chain";
    }
    if (marks_may_be_ahead) continue;
    const auto record = store.record_at(platform, mark.position);
    if (record && record->offset >= checkpoint.next_offset) {
      return "it has position " + std::to_string(mark.position) + " of platform " +
             platform.text() + " before its envelope";
    }
  }
  domain::PlatformId after;
  for (auto some = store.platforms(after, platforms_at_once); !some.empty();
       some = store.platforms(after, platforms_at_once)) {
    for (const auto platform : some) {
      const auto mark = checkpoint.platforms.find(platform);
      const auto position = mark == checkpoint.platforms.end() ? 0 : mark->second.position;
      const auto next = store.records(platform, position, 1);
      if (!next.empty() && (next.front().base_position != position + 1 ||
                            next.front().offset < checkpoint.next_offset)) {
        return "it has missed position " + std::to_string(position + 1) + " of platform " +
               platform.text();
      }
    }
    after = some.back();
  }
  return std::nullopt;
}

}  // namespace meent::projections
