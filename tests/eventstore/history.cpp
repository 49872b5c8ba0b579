#include "tests/eventstore/history.h"

#include "tests/eventstore/examples.h"

namespace meent::eventstore::examples {

domain::PlatformId platform_a() {
  return id_of<domain::PlatformId>(0x10);
}
domain::PlatformId platform_b() {
  return id_of<domain::PlatformId>(0x18);
}

void HistoryWriter::write_genesis_and_claim() {
  const Genesis genesis{.log_id = id_of<domain::LogId>(0x80), .partition = 0, .partitions = 1};
  const auto writer = id_of<WriterId>(0x70);
  auto batch = store_.begin();
  const auto offset = store_.next_offset();
  batch->put_envelope(offset, {0, offset}, {},
                      encode_envelope({.epoch = 0, .writer = writer, .body = genesis}));
  batch->put_envelope(offset + 1, {0, offset + 1}, {},
                      encode_envelope({.epoch = 1, .writer = writer, .body = Claim{}}));
  batch->put_partition(0, {.genesis = genesis, .epoch = 1, .claimant = writer});
  store_.write(std::move(batch), true);
}

std::string HistoryWriter::write_group(domain::PlatformId platform, bool sync) {
  const auto tip = store_.tip(platform);
  auto commit = support_commit();
  commit.recorded_at.ms += static_cast<std::int64_t>(tip.position);
  const Record record{.header = {.platform = platform,
                                 .base_position = tip.position + 1,
                                 .event_count = 1,
                                 .prev_hash = tip.hash},
                      .commits = {commit}};
  const auto bytes = encode_record(record);
  auto envelope =
      encode_envelope({.epoch = 1, .writer = id_of<WriterId>(0x70), .body = Group{bytes}});
  const auto offset = store_.next_offset();
  auto batch = store_.begin();
  batch->put_envelope(offset, {0, offset}, {}, envelope);
  batch->put_record(offset, record.header, hash_of(bytes), commit.recorded_at);
  batch->put_state(platform, "v" + std::to_string(record.header.base_position), "agree");
  batch->put_command(platform, id_of<domain::CommandId>(static_cast<std::uint8_t>(tip.position)),
                     {commit.request_mac, record.header.base_position, 1, commit.recorded_at});
  store_.write(std::move(batch), sync);
  return envelope;
}

void HistoryWriter::write_void(VoidReason reason, const std::string& bytes) {
  auto batch = store_.begin();
  batch->put_envelope(batch->next_offset(), {0, batch->next_offset()}, reason, bytes);
  store_.write(std::move(batch), true);
}

}  // namespace meent::eventstore::examples
