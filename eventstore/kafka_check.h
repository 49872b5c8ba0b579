#pragma once
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "eventstore/kafka_client.h"
#include "eventstore/kafka_reader.h"
#include "eventstore/log.h"

/// Whether the brokers still hold the log that this node has read. Private to KafkaLog.
namespace meent::eventstore {

/// How far one partition has been given out, and the bytes of what was given last.
struct KafkaPlace {
  std::uint64_t next_offset = 0;
  std::uint64_t last_offset = 0;
  /// Of the entry at `last_offset`: its bytes or their hash; nothing: none was given.
  std::variant<std::monostate, Hash, std::string> last;
};

/// Compares the topic with what it must be and what was read from it: its settings and copies, the
/// genesis at offset 0 of each partition, and the entry that was given last. Has a client of its
/// own. Threads: one.
class KafkaCheck {
 public:
  explicit KafkaCheck(KafkaOptions options);
  ~KafkaCheck();

  /// What differs, and what to do about it; nothing: all is as it was. `places`: one for each
  /// partition; empty: none was read yet. The first log id and number of partitions that it sees
  /// are those that must stay. Throws StorageError when it cannot be seen now.
  std::optional<std::string> compare(const std::vector<KafkaPlace>& places);
  /// Of the last comparison that found nothing.
  [[nodiscard]] std::uint32_t partitions() const { return partitions_; }

 private:
  std::optional<std::string> compare_topic();
  std::optional<std::string> compare_genesis();
  std::optional<std::string> compare_last(const std::vector<KafkaPlace>& places);

  const KafkaOptions options_;
  const std::string topic_;
  std::unique_ptr<KafkaClient> client_;
  std::uint32_t partitions_ = 0;
  std::optional<domain::LogId> log_id_;
};

}  // namespace meent::eventstore
