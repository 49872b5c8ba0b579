#include "tests/projections/written_log.h"

#include "eventstore/codec.h"
#include "eventstore/envelope.h"
#include "eventstore/store_batch.h"

namespace meent::projections {

using namespace eventstore;

namespace {

WriterId writer() {
  return WriterId({7});
}

}  // namespace

WrittenLog::WrittenLog(const std::filesystem::path& folder)
    : keys_(Keys::open(folder / "keys", real_files())),
      store_(Store::open({.folder = folder}, real_files())) {
  const Genesis genesis{.log_id = domain::LogId({8})};
  auto batch = store_->begin();
  const auto offset = store_->next_offset();
  batch->put_envelope(offset, {0, offset}, {},
                      encode_envelope({.epoch = 0, .writer = writer(), .body = genesis}));
  batch->put_envelope(offset + 1, {0, offset + 1}, {},
                      encode_envelope({.epoch = 1, .writer = writer(), .body = Claim{}}));
  batch->put_partition(0, {.genesis = genesis, .epoch = 1, .claimant = writer()});
  store_->write(std::move(batch), false);
}

void WrittenLog::write(const Story& story, std::size_t group_size) {
  std::vector<Commit> commits;
  auto& written = written_[story.platform()];
  for (const auto& [event, context] : story.events()) {
    if (context.position <= written) continue;
    written = context.position;
    commits.push_back({.command_id = {},
                       .actor = context.actor,
                       .recorded_at = context.recorded_at,
                       .occurred_at = context.occurred_at,
                       .import_progress = {},
                       .events = {encode_event(event, story.platform(), *keys_)}});
    if (commits.size() == group_size) write_group(story.platform(), std::exchange(commits, {}));
  }
  if (!commits.empty()) write_group(story.platform(), std::move(commits));
}

void WrittenLog::write_unknown_event(domain::PlatformId platform) {
  ++written_[platform];
  write_group(
      platform,
      {{.command_id = {},
        .actor = {},
        .recorded_at = {1},
        .occurred_at = {},
        .import_progress = {},
        .events = {{.type = "support-given", .version = 999, .facts = "{}", .sealed = {}}}}});
}

void WrittenLog::write_group(domain::PlatformId platform, std::vector<Commit> commits) {
  const auto tip = store_->tip(platform);
  const auto recorded_at = commits.back().recorded_at;
  const Record record{.header = {.platform = platform,
                                 .base_position = tip.position + 1,
                                 .event_count = static_cast<std::uint32_t>(commits.size()),
                                 .prev_hash = tip.hash},
                      .commits = std::move(commits)};
  const auto bytes = encode_record(record);
  const auto offset = store_->next_offset();
  auto batch = store_->begin();
  batch->put_envelope(offset, {0, offset}, {},
                      encode_envelope({.epoch = 1, .writer = writer(), .body = Group{bytes}}));
  batch->put_record(offset, record.header, hash_of(bytes), recorded_at);
  store_->write(std::move(batch), false);
}

}  // namespace meent::projections
