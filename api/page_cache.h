#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/http.h"

/// Answers that were rendered for guests, kept while nothing has changed that they rest on.
/// Bounded in bytes; texts in it are in the clear, so it never leaves memory.
namespace meent::api {

/// What an answer rests on: equal stamps, equal answers.
struct CacheStamp {
  std::uint64_t state_position = 0;
  std::uint64_t view_position = 0;  ///< the least advanced view's
  bool operator==(const CacheStamp&) const = default;
};

struct CachedAnswer {
  std::string content_type;
  std::string etag;
  Headers headers;  ///< beyond those two
  std::shared_ptr<const std::string> body;
};

/// Threads: any.
class PageCache {
 public:
  explicit PageCache(std::size_t most_bytes) : most_bytes_per_shard_(most_bytes / shard_count) {}
  /// An answer stored with this stamp not longer than `lifetime` ago (clocks move spaces open and
  /// closed without an event).
  std::shared_ptr<const CachedAnswer> find(std::string_view key, CacheStamp stamp);
  void store(std::string key, CacheStamp stamp, std::shared_ptr<const CachedAnswer> answer);

  static constexpr std::chrono::seconds lifetime{2};

 private:
  struct Entry {
    CacheStamp stamp;
    std::chrono::steady_clock::time_point stored_at;
    std::shared_ptr<const CachedAnswer> answer;
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Entry, KeyHash, std::equal_to<>> entries;
    std::size_t byte_count = 0;
  };
  static constexpr std::size_t shard_count = 16;

  std::size_t most_bytes_per_shard_;
  Shard shards_[shard_count];
};

}  // namespace meent::api
