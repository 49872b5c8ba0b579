#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/home.h"

/// Bodies of moving requests and their answers. Private to both ends.
namespace meent::api {

/// frames := (length (4, little-endian), bytes)*
std::string encode_frames(const std::vector<std::string>& frames);
/// Throws MoveRefused: cut off.
std::vector<std::string> decode_frames(std::string_view bytes);

std::string encode_resident(const std::optional<eventstore::Resident>& resident);
/// Throws MoveRefused: another version of this software sent it.
std::optional<eventstore::Resident> decode_resident(std::string_view json);

/// Keys wrapped under the cluster's secret; one that is destroyed has its id only.
std::vector<std::string> wrap_keys(const std::vector<eventstore::MovedKey>& keys,
                                   const eventstore::KeyBytes& secret);
/// Throws MoveRefused: wrapped under another secret.
std::vector<eventstore::MovedKey> unwrap_keys(const std::vector<std::string>& frames,
                                              const eventstore::KeyBytes& secret);

/// Ids as hexadecimal text, one frame each. Throws MoveRefused.
std::vector<domain::KeyId> key_ids(const std::vector<std::string>& frames);

}  // namespace meent::api
