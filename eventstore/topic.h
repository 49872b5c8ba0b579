#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"
#include "eventstore/files.h"

/// What nodes tell each other beside the log: wrapped keys, heartbeats. Every reader reads all of
/// it, in order. Implementations: KafkaTopic and SimTopic.
namespace meent::eventstore {

struct TopicEntry {
  std::string key;
  std::optional<std::string> value;  ///< nothing: the key's entries count no more
  domain::Timestamp appended_at{};   ///< by the topic's own clock
};

/// One writer and reader. Threads: one publishes and confirms, one reads.
class Topic {
 public:
  virtual ~Topic() = default;
  /// Hands an entry over; never waits. Throws StorageError when too much waits already.
  virtual void publish(std::string_view key, std::optional<std::string_view> value) = 0;
  /// True when all that was published is there for good. False: not within `wait`, or one of them
  /// was given up; then publish it again.
  virtual bool confirm(std::chrono::milliseconds wait) = 0;
  /// The next entry, this writer's own too; nothing when none came within `wait`. Throws
  /// StorageError when the topic cannot be read just now.
  virtual std::optional<TopicEntry> next(std::chrono::milliseconds wait) = 0;
  /// All that was there when it was opened has been given.
  [[nodiscard]] virtual bool is_caught_up() const = 0;
};

}  // namespace meent::eventstore
