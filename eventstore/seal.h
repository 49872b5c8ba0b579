#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/record.h"

/// Sealing and keyed hashes under a given key. Formats: docs/log-format.md.
namespace meent::eventstore {

using KeyBytes = std::array<std::uint8_t, 32>;
using Nonce = std::array<std::uint8_t, 24>;

/// Nonce and ciphertext, XChaCha20-Poly1305 under the subkey for sealing.
std::string seal_with(const KeyBytes& key, const Nonce& nonce, std::string_view associated,
                      std::string_view plain);
/// Nothing: the key, the associated data or the bytes are not those it was sealed with.
std::optional<std::string> open_with(const KeyBytes& key, std::string_view associated,
                                     std::string_view sealed);
/// HMAC-SHA-256 under the subkey for keyed hashes, over each part's length (8 bytes) and bytes.
Hash mac_with(const KeyBytes& key, std::initializer_list<std::string_view> parts);

}  // namespace meent::eventstore
