#pragma once
#include <chrono>
#include <string_view>
#include <unordered_set>

#include "eventstore/keys.h"
#include "eventstore/topic.h"

/// Keys that a topic of keys has lost with the end of its log.
namespace meent::eventstore {

using KeyIds = std::unordered_set<domain::KeyId>;

/// Adds every key that a record names, in its sealed parts and its facts. Some may be other ids.
/// Nothing of a record that cannot be read.
void add_named_keys(std::string_view record_bytes, KeyIds& keys);

/// Gives the topic, wrapped under the cluster's secret and confirmed, those of `named` that are
/// live here and of which it says nothing; not one whose last word is a tombstone. Returns how
/// many. Throws StartRefused (the topic's keys lie under another secret) and StorageError (not read
/// or not confirmed within `longest`).
std::size_t give_missing_keys(const Keys& own, Topic& topic, const KeyBytes& cluster, KeyIds named,
                              std::chrono::milliseconds longest);

}  // namespace meent::eventstore
