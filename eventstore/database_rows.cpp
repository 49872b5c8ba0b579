#include "eventstore/bytes.h"
#include "eventstore/database.h"

// meta       "next" -> next offset (8), envelope count (8)
//            "partition" [number > 0] -> epoch (8), claimant (16), has genesis (1), log id (16),
//            partition (4),
//                           partitions (4), the claim's url
//            "place" number -> offset of its last entry in the log (8), offset here (8); not
//                              embedded
//            't' platform -> position (8), hash (32), recorded_at (8)
//            'c' platform consumer -> position (8), hash (32)
// envelopes  offset -> ordinal (8), 0 applied or 1 + void reason (1), envelope; where the entry
// lies
//                      elsewhere in the log: ordinal (8), 128 + that (1), partition (4), offset
//                      (8), envelope
// index      platform base_position -> offset (8), event count (4), hash (32)
// state      platform key -> value
// ids        platform command_id -> request mac (32), first position (8), event count (4),
//                                   recorded_at (8)
// Numbers in keys are big-endian, in values little-endian. Not a wire format: rebuilt from the log.
namespace meent::eventstore {
namespace {

constexpr char checkpoint_prefix = 'c';
constexpr std::uint8_t entry_follows = 0x80;

std::string numbered_key(std::string_view name, std::uint32_t number) {
  std::string out(name);
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(number >> shift);
  return out;
}

/// One row read as a whole, or an error that names it.
template <class Read>
auto whole_row(std::string_view row, const char* at, Read read) {
  ByteReader in(row);
  auto value = read(in);
  if (!in.complete()) throw_damaged_row(at);
  return value;
}

}  // namespace

void throw_damaged_row(const std::string& at) {
  throw StorageError("the log's database holds a row of another shape: " + at +
                         ". Run meent verify; restore a backup if it is not proven.",
                     false);
}

std::string encode_progress(const Progress& progress) {
  std::string out;
  put_number(out, progress.next_offset);
  put_number(out, progress.envelope_count);
  return out;
}
Progress decode_progress(std::string_view row) {
  return whole_row(row, "next offset", [](ByteReader& in) {
    const auto next_offset = in.number<std::uint64_t>();
    return Progress{next_offset, in.number<std::uint64_t>()};
  });
}

std::string encode_partition(const PartitionState& partition) {
  std::string out;
  const auto genesis = partition.genesis.value_or(Genesis{});
  put_number(out, partition.epoch);
  put_id(out, partition.claimant);
  out += partition.genesis ? '\1' : '\0';
  put_id(out, genesis.log_id);
  put_number(out, genesis.partition);
  put_number(out, genesis.partitions);
  out += partition.url;
  return out;
}
PartitionState decode_partition(std::string_view row) {
  return whole_row(row, "partition", [](ByteReader& in) {
    PartitionState out;
    out.epoch = in.number<std::uint64_t>();
    out.claimant = in.id<WriterId>();
    const bool has_genesis = in.number<std::uint8_t>() != 0;
    Genesis genesis;
    genesis.log_id = in.id<domain::LogId>();
    genesis.partition = in.number<std::uint32_t>();
    genesis.partitions = in.number<std::uint32_t>();
    if (has_genesis) out.genesis = genesis;
    out.url = in.rest();
    return out;
  });
}

std::string partition_key(std::uint32_t number) {
  return number == 0 ? "partition" : numbered_key("partition", number);
}

std::string place_key(std::uint32_t partition) {
  return numbered_key(place_name, partition);
}
std::string encode_place(const PartitionPlace& place) {
  std::string out;
  put_number(out, place.entry_offset);
  put_number(out, place.offset);
  return out;
}
PartitionPlace decode_place(std::string_view row) {
  return whole_row(row, "place", [](ByteReader& in) {
    const auto entry_offset = in.number<std::uint64_t>();
    return PartitionPlace{entry_offset, in.number<std::uint64_t>()};
  });
}

std::string tip_key(domain::PlatformId platform) {
  std::string out(1, tip_prefix);
  put_id(out, platform);
  return out;
}
std::string encode_tip(const PlatformTip& tip) {
  std::string out;
  put_number(out, tip.position);
  put_bytes(out, tip.hash);
  put_number(out, static_cast<std::uint64_t>(tip.recorded_at.ms));
  return out;
}
PlatformTip decode_tip(std::string_view row) {
  return whole_row(row, "platform tip", [](ByteReader& in) {
    PlatformTip out;
    out.position = in.number<std::uint64_t>();
    out.hash = in.array<32>();
    out.recorded_at.ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
    return out;
  });
}

std::string checkpoint_key(std::string_view consumer, domain::PlatformId platform) {
  std::string out(1, checkpoint_prefix);
  put_id(out, platform);
  out += consumer;
  return out;
}
std::string encode_checkpoint(const CheckpointMark& mark) {
  std::string out;
  put_number(out, mark.position);
  put_bytes(out, mark.hash);
  return out;
}
CheckpointMark decode_checkpoint(std::string_view consumer, domain::PlatformId platform,
                                 std::string_view row) {
  return whole_row(row, "checkpoint", [&](ByteReader& in) {
    CheckpointMark out{.consumer = std::string(consumer), .platform = platform};
    out.position = in.number<std::uint64_t>();
    out.hash = in.array<32>();
    return out;
  });
}

std::string envelope_key(std::uint64_t offset) {
  std::string out;
  put_key_number(out, offset);
  return out;
}
std::string encode_envelope_mark(const EnvelopeMark& mark) {
  std::string out;
  put_number(out, mark.ordinal);
  const auto verdict = mark.void_reason ? 1 + static_cast<int>(*mark.void_reason) : 0;
  out += static_cast<char>(mark.entry ? entry_follows | verdict : verdict);
  if (mark.entry) {
    put_number(out, mark.entry->partition);
    put_number(out, mark.entry->offset);
  }
  return out;
}
EnvelopeRow decode_envelope_row(std::string_view row) {
  ByteReader in(row);
  EnvelopeRow out;
  out.mark.ordinal = in.number<std::uint64_t>();
  const auto first = in.number<std::uint8_t>();
  const auto verdict = first & ~entry_follows;
  if (first != verdict) {
    const auto partition = in.number<std::uint32_t>();
    out.mark.entry = {partition, in.number<std::uint64_t>()};
  }
  if (!in.good() || verdict > 1 + static_cast<int>(VoidReason::misplaced)) {
    throw_damaged_row("envelope");
  }
  if (verdict > 0) out.mark.void_reason = static_cast<VoidReason>(verdict - 1);
  out.bytes = in.rest();
  return out;
}

std::string index_key(domain::PlatformId platform, std::uint64_t position) {
  std::string out;
  put_id(out, platform);
  put_key_number(out, position);
  return out;
}
std::string encode_indexed(const IndexedRecord& record) {
  std::string out;
  put_number(out, record.offset);
  put_number(out, record.event_count);
  put_bytes(out, record.hash);
  return out;
}
IndexedRecord decode_indexed(std::string_view key, std::string_view row) {
  return whole_row(row, "index", [&](ByteReader& in) {
    IndexedRecord out;
    out.offset = in.number<std::uint64_t>();
    out.base_position = key_number(key);
    out.event_count = in.number<std::uint32_t>();
    out.hash = in.array<32>();
    return out;
  });
}

std::string state_row_key(domain::PlatformId platform, std::string_view key) {
  std::string out;
  out.reserve(16 + key.size());
  put_id(out, platform);
  out += key;
  return out;
}

std::string command_key(domain::PlatformId platform, domain::CommandId id) {
  std::string out;
  out.reserve(32);
  put_id(out, platform);
  put_id(out, id);
  return out;
}
std::string encode_command(const RememberedCommand& command) {
  std::string out;
  put_bytes(out, command.request_mac);
  put_number(out, command.first_position);
  put_number(out, command.event_count);
  put_number(out, static_cast<std::uint64_t>(command.recorded_at.ms));
  return out;
}
RememberedCommand decode_command(std::string_view row) {
  return whole_row(row, "command", [](ByteReader& in) {
    RememberedCommand out;
    out.request_mac = in.array<32>();
    out.first_position = in.number<std::uint64_t>();
    out.event_count = in.number<std::uint32_t>();
    out.recorded_at.ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
    return out;
  });
}

}  // namespace meent::eventstore
