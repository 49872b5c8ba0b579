#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "api/problem.h"
#include "eventstore/keys.h"
#include "eventstore/store.h"

/// Tokens, cursors and stream ids: a place in a platform's history, sealed under the platform's
/// key, so that they are valid on every node and tell nothing about hidden activity.
namespace meent::api {

enum class Seal : std::uint8_t { token = 't', cursor = 'c', stream = 's' };

/// A place in one platform's history, and for cursors what the list needs to go on.
struct Place {
  std::uint64_t position = 0;
  std::uint32_t hash_prefix = 0;  ///< first 8 hexadecimal digits of the chain hash there
  std::string list;               ///< which list a cursor is of; empty otherwise
  std::string rest;
};

/// The place `position` stands at, with its hash. Position 0: before everything.
Place place_at(const eventstore::Store& store, domain::PlatformId platform, std::uint64_t position);
std::uint32_t prefix_of(const eventstore::Hash& hash);

/// base64url without padding.
std::string seal(const eventstore::Keys& keys, domain::PlatformId platform, domain::KeyId key,
                 Seal kind, const Place& place);
/// Errors: invalid_cursor (not ours, or of another platform, kind or list), history_restored (its
/// position is not on this chain).
std::expected<Place, Problem> unseal(const eventstore::Keys& keys, const eventstore::Store& store,
                                     domain::PlatformId platform, domain::KeyId key, Seal kind,
                                     std::string_view list, std::string_view text);

/// Only how far in the history it is, for any kind; nothing: not ours, or of another platform.
std::optional<std::uint64_t> position_in(const eventstore::Keys& keys, domain::PlatformId platform,
                                         domain::KeyId key, std::string_view text);

std::string base64url(std::string_view bytes);
std::expected<std::string, Problem> from_base64url(std::string_view text);

}  // namespace meent::api
