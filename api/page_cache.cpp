#include "api/page_cache.h"

namespace meent::api {

std::shared_ptr<const CachedAnswer> PageCache::find(std::string_view key, CacheStamp stamp) {
  auto& shard = shards_[KeyHash()(key) % shard_count];
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.entries.find(key);
  if (it == shard.entries.end() || it->second.stamp != stamp ||
      std::chrono::steady_clock::now() - it->second.stored_at > lifetime) {
    return nullptr;
  }
  return it->second.answer;
}

void PageCache::store(std::string key, CacheStamp stamp,
                      std::shared_ptr<const CachedAnswer> answer) {
  auto& shard = shards_[KeyHash()(key) % shard_count];
  const auto size = key.size() + answer->body->size();
  if (size > most_bytes_per_shard_) return;
  const std::lock_guard lock(shard.mutex);
  // Full is rare and everything in it is short-lived: start over rather than keep an order of use.
  if (shard.byte_count + size > most_bytes_per_shard_) {
    shard.entries.clear();
    shard.byte_count = 0;
  }
  const auto [it, is_new] = shard.entries.try_emplace(std::move(key));
  auto& entry = it->second;
  if (!is_new) shard.byte_count -= it->first.size() + entry.answer->body->size();
  shard.byte_count += size;
  entry = {stamp, std::chrono::steady_clock::now(), std::move(answer)};
}

}  // namespace meent::api
