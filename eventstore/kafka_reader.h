#pragma once
#include <optional>
#include <vector>

#include "eventstore/kafka_client.h"

/// Reading a topic from explicit offsets. Private to eventstore's kafka_* files.
namespace meent::eventstore {

/// Where to begin: a partition and an offset, or one of RD_KAFKA_OFFSET_BEGINNING and _END.
struct KafkaStart {
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
};

/// Reads some partitions of one topic. No consumer group: nothing is stored with the brokers, and
/// an offset that is not there is an error, never a jump elsewhere.
/// Threads: one, but for `wake`.
class KafkaReader {
 public:
  /// `client` outlives it. Throws StorageError.
  KafkaReader(KafkaClient& client, const std::string& topic, const std::vector<KafkaStart>& starts);
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;
  ~KafkaReader() { stop(); }

  /// The next message, or one whose `err` says why a partition cannot be read (it then stays
  /// silent), or nothing within `wait`. Offsets of a partition rise.
  KafkaMessageHandle poll(std::chrono::milliseconds wait);
  /// Where the partition ended when the brokers last gave something of it, or said that there was
  /// nothing more. Nothing: not told yet. Asks nobody.
  [[nodiscard]] std::optional<std::uint64_t> known_end(std::uint32_t partition) const;
  /// A `poll` that waits, or the coming one, returns at once.
  void wake() { rd_kafka_queue_yield(queue_.get()); }

 private:
  void stop();

  KafkaClient& client_;
  rd_kafka_topic_t* topic_;
  KafkaQueueHandle queue_;
  KafkaQueueHandle main_;
  std::vector<std::int32_t> started_;
};

/// Number of partitions, and the fewest copies of any of them. Who leads them is known afterwards.
struct KafkaShape {
  std::uint32_t partitions = 0;
  std::uint32_t copies = 0;
};

/// Nothing: there is no such topic. Throws StorageError when no broker answers within `longest`.
std::optional<KafkaShape> shape_of_topic(KafkaClient& client, const std::string& topic,
                                         std::chrono::milliseconds longest);

std::unique_ptr<KafkaClient> make_looking_client(const KafkaOptions& options);

/// The offset after the last readable message. Throws StorageError when it is not known now.
std::uint64_t end_of_partition(const KafkaClient& client, const std::string& topic,
                               std::uint32_t partition, std::chrono::milliseconds longest);

struct KafkaFirst {
  std::uint64_t offset = 0;
  std::string bytes;
};
/// The first message at or after each start; nothing where the partition ends before it, or does
/// not hold that offset any more. `client` of `make_looking_client`.
/// Throws StorageError when that is not known within `longest`.
std::vector<std::optional<KafkaFirst>> read_first(KafkaClient& client, const std::string& topic,
                                                  const std::vector<KafkaStart>& starts,
                                                  std::chrono::milliseconds longest);

}  // namespace meent::eventstore
