#pragma once
#include <memory>

#include "eventstore/kafka_options.h"
#include "eventstore/log.h"

namespace meent::eventstore {

/// The replicated log (LOG.md §5, docs/kafka.md): one topic of Apache Kafka, its partitions those
/// of the log. Reads every partition from explicit offsets, without a consumer group; writes with
/// an idempotent producer. That the brokers still hold what this node has read is compared before
/// the first entry, after every lost connection or reported error before anything more is given
/// out, and every 10 s. Keys and headers of messages are not looked at; a message without a value
/// is given out as empty bytes.
class KafkaLog final : public Log {
 public:
  /// Connects and compares for the first time.
  /// Throws StartRefused: wrong options, no such topic, a topic that is not as it must be.
  /// Throws StorageError when the brokers cannot be used within about `longest`.
  static std::unique_ptr<KafkaLog> open(
      const KafkaOptions& options, std::chrono::milliseconds longest = std::chrono::seconds(15));
  ~KafkaLog() override;

  [[nodiscard]] std::uint32_t partitions() const override;
  /// Throws StorageError of unknown outcome when the bounded queue (20,000 envelopes, 64 MiB) is
  /// full, and LogChanged. What the brokers do not take within 20 s is given up: it never comes.
  void append(std::uint32_t partition, std::span<const std::string> envelopes) override;
  std::optional<LogEntry> next(std::chrono::milliseconds wait) override;
  /// By the end that the brokers told with what they gave last.
  [[nodiscard]] bool is_at_end() const override;
  void wake() override;
  void seek(std::uint32_t partition, const LogPlace& place) override;
  [[nodiscard]] Durability durability() const override { return Durability::when_read; }

 private:
  struct Parts;
  explicit KafkaLog(std::unique_ptr<Parts> parts);
  std::optional<LogEntry> take(std::chrono::milliseconds wait);
  void start_reading();

  std::unique_ptr<Parts> parts_;
};

}  // namespace meent::eventstore
