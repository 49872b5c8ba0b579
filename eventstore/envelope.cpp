#include "eventstore/envelope.h"

#include <cstdlib>

#include "domain/result.h"
#include "eventstore/bytes.h"
#include "eventstore/crc.h"

// Grammar: docs/log-format.md.
namespace meent::eventstore {
namespace {

constexpr std::string_view magic = "MEEN";
constexpr std::uint16_t envelope_version = 1;
constexpr std::size_t head_bytes = 4 + 2 + 1 + 8 + 16;
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t longest_url = 2048;
constexpr std::size_t longest_consumer = 64;

enum class EnvelopeKind : std::uint8_t { genesis = 1, claim = 2, group = 3, checkpoint = 4 };

void require(bool holds) {
  if (!holds) std::abort();
}

EnvelopeKind kind_of(const Envelope& envelope) {
  return std::visit(domain::overloaded{
                        [](const Genesis&) { return EnvelopeKind::genesis; },
                        [](const Claim&) { return EnvelopeKind::claim; },
                        [](const Group&) { return EnvelopeKind::group; },
                        [](const CheckpointMark&) { return EnvelopeKind::checkpoint; },
                    },
                    envelope.body);
}

void put_body(std::string& out, const Envelope& envelope) {
  std::visit(domain::overloaded{
                 [&](const Genesis& body) {
                   put_id(out, body.log_id);
                   put_number(out, body.partition);
                   put_number(out, body.partitions);
                 },
                 [&](const Claim& body) {
                   require(body.url.size() <= longest_url);
                   put_number(out, static_cast<std::uint16_t>(body.url.size()));
                   out += body.url;
                 },
                 [&](const Group& body) { out += body.record; },
                 [&](const CheckpointMark& body) {
                   require(!body.consumer.empty() && body.consumer.size() <= longest_consumer);
                   put_number(out, static_cast<std::uint8_t>(body.consumer.size()));
                   out += body.consumer;
                   put_id(out, body.platform);
                   put_number(out, body.position);
                   put_bytes(out, body.hash);
                 },
             },
             envelope.body);
}

/// False: not the shape of this kind.
bool read_body(ByteReader& in, EnvelopeKind kind, Envelope& out) {
  switch (kind) {
    case EnvelopeKind::genesis: {
      Genesis body;
      body.log_id = in.id<domain::LogId>();
      body.partition = in.number<std::uint32_t>();
      body.partitions = in.number<std::uint32_t>();
      out.body = body;
      return in.complete() && body.partition < body.partitions;
    }
    case EnvelopeKind::claim: {
      const auto size = in.number<std::uint16_t>();
      out.body = Claim{std::string(in.bytes(size))};
      return in.complete() && size <= longest_url;
    }
    case EnvelopeKind::group: {
      out.body = Group{std::string(in.rest())};
      return in.complete();
    }
    case EnvelopeKind::checkpoint: {
      CheckpointMark body;
      const auto size = in.number<std::uint8_t>();
      body.consumer = in.bytes(size);
      body.platform = in.id<domain::PlatformId>();
      body.position = in.number<std::uint64_t>();
      body.hash = in.array<32>();
      out.body = std::move(body);
      return in.complete() && size > 0 && size <= longest_consumer;
    }
  }
  return false;
}

}  // namespace

std::string encode_envelope(const Envelope& envelope) {
  const auto* group = std::get_if<Group>(&envelope.body);
  std::string out;
  out.reserve(head_bytes + (group != nullptr ? group->record.size() : 128) + crc_bytes);
  out += magic;
  put_number(out, envelope_version);
  out += static_cast<char>(kind_of(envelope));
  put_number(out, envelope.epoch);
  put_id(out, envelope.writer);
  put_body(out, envelope);
  put_number(out, crc32c(out));
  return out;
}

std::expected<Envelope, EnvelopeError> decode_envelope(std::string_view bytes) {
  if (!bytes.starts_with(magic)) return std::unexpected(EnvelopeError::foreign);
  ByteReader in(bytes.substr(magic.size()));
  if (bytes.size() < magic.size() + 2) return std::unexpected(EnvelopeError::damaged);
  if (in.number<std::uint16_t>() != envelope_version) {
    return std::unexpected(EnvelopeError::unknown_version);
  }
  if (bytes.size() < head_bytes + crc_bytes) return std::unexpected(EnvelopeError::damaged);
  const auto checked = bytes.substr(0, bytes.size() - crc_bytes);
  if (ByteReader(bytes.substr(checked.size())).number<std::uint32_t>() != crc32c(checked)) {
    return std::unexpected(EnvelopeError::damaged);
  }
  const auto kind = in.number<std::uint8_t>();
  if (kind < static_cast<std::uint8_t>(EnvelopeKind::genesis) ||
      kind > static_cast<std::uint8_t>(EnvelopeKind::checkpoint)) {
    return std::unexpected(EnvelopeError::unknown_version);
  }
  Envelope out;
  out.epoch = in.number<std::uint64_t>();
  out.writer = in.id<WriterId>();
  ByteReader body(checked.substr(head_bytes));
  if (!read_body(body, static_cast<EnvelopeKind>(kind), out)) {
    return std::unexpected(EnvelopeError::damaged);
  }
  return out;
}

}  // namespace meent::eventstore
