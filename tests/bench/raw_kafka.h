#pragma once
#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/histogram.h"

/// What a cluster is measured against: librdkafka alone in a loop, with the settings that the log
/// needs (idempotent, acks=all, no linger), on one partition of a topic.
namespace meent::bench {

class RawKafka {
 public:
  /// Throws std::runtime_error, as all of it.
  RawKafka(const std::string& bootstrap, std::string topic, std::int32_t partition);

  /// One message after the other, each until a consumer of this process has it. So many others
  /// read the same partition meanwhile, each with connections and a thread of its own, and do
  /// nothing with it.
  Histogram read_back(const std::vector<std::string>& messages, std::size_t follower_count = 0);
  /// The same, each in a transaction of its own; read back with read_committed. The partition must
  /// be empty before.
  Histogram in_transactions(const std::vector<std::string>& messages);
  /// Seconds until all are acknowledged, with at most `window` on their way at once.
  double produce_all(const std::vector<std::string>& messages, std::size_t window);
  /// What lies in the partition at these offsets.
  std::vector<std::string> read(std::int64_t from, std::int64_t to);

 private:
  struct Free {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  };
  using Client = std::unique_ptr<rd_kafka_t, Free>;
  using Settings = std::vector<std::pair<const char*, const char*>>;
  class Reading;

  [[nodiscard]] Client make(rd_kafka_type_t type, const Settings& settings,
                            std::size_t* acknowledged = nullptr) const;
  void produce(rd_kafka_t* producer, const std::string& message) const;

  std::string bootstrap_;
  std::string topic_;
  std::int32_t partition_;
};

}  // namespace meent::bench
