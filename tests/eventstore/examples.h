#pragma once
#include <string>

#include "eventstore/envelope.h"
#include "eventstore/record.h"
#include "eventstore/seal.h"

/// Fixed values for golden vectors and tests of bytes.
namespace meent::eventstore::examples {

template <class Id>
Id id_of(std::uint8_t first) {
  domain::IdBytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return Id(bytes);
}

template <std::size_t N>
std::array<std::uint8_t, N> bytes_of(std::uint8_t first) {
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

/// One event without sealed parts.
Commit support_commit();
/// Two events: one with a sealed part under a fixed key and nonce; imported, with both times.
Commit imported_commit();
Record first_record();
Record second_record();
Envelope claim();
Envelope group();

std::string to_hex_lines(const std::string& bytes);  ///< 32 bytes a line
std::string golden(const std::string& name);         ///< tests/golden/<name>.hex as it stands

}  // namespace meent::eventstore::examples
