#include "domain/ids.h"

namespace meent::domain {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr std::uint8_t no_digit = 0xFF;

/// What each character stands for. A table, because ids are read from every event.
constexpr std::array<std::uint8_t, 256> make_nibbles() {
  std::array<std::uint8_t, 256> nibbles{};
  nibbles.fill(no_digit);
  for (std::uint8_t digit = 0; digit < 10; ++digit) nibbles['0' + digit] = digit;
  for (std::uint8_t letter = 0; letter < 6; ++letter) {
    nibbles['a' + letter] = nibbles['A' + letter] = static_cast<std::uint8_t>(10 + letter);
  }
  return nibbles;
}
constexpr auto nibbles = make_nibbles();

}  // namespace

std::string to_hex(const IdBytes& bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 0x0F];
  }
  return out;
}

std::optional<IdBytes> from_hex(std::string_view text) {
  IdBytes bytes{};
  if (text.size() != bytes.size() * 2) return std::nullopt;
  unsigned seen = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned high = nibbles[static_cast<std::uint8_t>(text[2 * i])];
    const unsigned low = nibbles[static_cast<std::uint8_t>(text[2 * i + 1])];
    seen |= high | low;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (seen > 0x0F) return std::nullopt;
  return bytes;
}

PlatformId directory_id() {
  return PlatformId(
      IdBytes{'m', 'e', 'e', 'n', 't', '-', 'd', 'i', 'r', 'e', 'c', 't', 'o', 'r', 'y', 1});
}

}  // namespace meent::domain
