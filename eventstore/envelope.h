#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "eventstore/record.h"

/// What carries a record, a claim or a checkpoint in one log: how it got here, not hashed.
namespace meent::eventstore {

using WriterId = domain::Id<struct WriterTag>;

struct Genesis {
  domain::LogId log_id;
  std::uint32_t partition = 0;
  std::uint32_t partitions = 1;
  bool operator==(const Genesis&) const = default;
};
struct Claim {
  std::string url;  ///< where the writer answers; empty when embedded
  bool operator==(const Claim&) const = default;
};
struct Group {
  std::string record;  ///< the record's bytes
  bool operator==(const Group&) const = default;
};
struct CheckpointMark {
  std::string consumer;
  domain::PlatformId platform;
  std::uint64_t position = 0;
  Hash hash{};
  bool operator==(const CheckpointMark&) const = default;
};

struct Envelope {
  std::uint64_t epoch = 0;
  WriterId writer;
  std::variant<Genesis, Claim, Group, CheckpointMark> body;
  bool operator==(const Envelope&) const = default;
};

enum class EnvelopeError : std::uint8_t {
  foreign,          ///< not our magic: void, somebody else's bytes
  unknown_version,  ///< our magic, written by newer software: stop
  damaged,          ///< our magic and version, but the checksum or the shape is wrong
};

std::string encode_envelope(const Envelope& envelope);
std::expected<Envelope, EnvelopeError> decode_envelope(std::string_view bytes);

}  // namespace meent::eventstore
