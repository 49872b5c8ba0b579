#include "eventstore/lost_keys.h"

#include <algorithm>

#include "eventstore/shared_keys.h"

namespace meent::eventstore {

namespace {

constexpr std::size_t id_digits = 32;
constexpr std::chrono::milliseconds one_wait{200};

bool is_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Ids stand in facts as 32 hexadecimal digits.
void add_ids_in(std::string_view facts, KeyIds& keys) {
  for (std::size_t at = 0; at < facts.size();) {
    const auto* const begin = facts.begin() + static_cast<std::ptrdiff_t>(at);
    const auto length =
        static_cast<std::size_t>(std::find_if_not(begin, facts.end(), is_digit) - begin);
    if (length == id_digits) {
      if (const auto key = domain::KeyId::parse(facts.substr(at, length))) keys.insert(*key);
    }
    at += length + 1;
  }
}

}  // namespace

void add_named_keys(std::string_view record_bytes, KeyIds& keys) {
  const auto record = decode_record(record_bytes);
  if (!record) return;
  for (const auto& commit : record->commits) {
    for (const auto& event : commit.events) {
      for (const auto& part : event.sealed) keys.insert(part.key);
      add_ids_in(event.facts, keys);
    }
  }
}

std::size_t give_missing_keys(const Keys& own, Topic& topic, const KeyBytes& cluster, KeyIds named,
                              std::chrono::milliseconds longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  bool is_secret_right = false;
  while (true) {
    const auto entry = topic.next(topic.is_caught_up() ? std::chrono::milliseconds(0) : one_wait);
    if (!entry && topic.is_caught_up()) break;
    if (std::chrono::steady_clock::now() > end) {
      throw StorageError("the topic of keys could not be read to its end", false);
    }
    const auto key = entry ? domain::KeyId::parse(entry->key) : std::nullopt;
    if (!key) continue;
    named.erase(*key);
    if (is_secret_right || !entry->value) continue;
    is_secret_right = unwrap_key(cluster, *key, *entry->value).has_value();
    if (!is_secret_right) {
      throw StartRefused(
          "The keys on the topic of keys do not open with this cluster secret. Give the file that "
          "the nodes have. Nothing was written.");
    }
  }
  std::size_t count = 0;
  for (const auto key : named) {
    const auto secret = own.secret_of(key);
    if (!secret) continue;  // no key, or one that was destroyed
    topic.publish(key.text(), wrap_key(cluster, key, *secret));
    constexpr std::size_t most_at_once = 1000;
    if (++count % most_at_once == 0 && !topic.confirm(longest)) break;
  }
  if (count > 0 && !topic.confirm(longest)) {
    throw StorageError("the brokers did not confirm keys", true);
  }
  return count;
}

}  // namespace meent::eventstore
