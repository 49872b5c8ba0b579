#pragma once
#include <memory>

#include "eventstore/kafka_options.h"
#include "eventstore/topic.h"

struct rd_kafka_message_s;

namespace meent::eventstore {

/// A topic of one partition that `meent kafka init` made: keys or beats. Reads from the oldest
/// entry that is kept. Nothing is compared as for the log: what matters here is repeated or settled
/// there.
class KafkaTopic final : public Topic {
 public:
  /// Does not connect yet. Throws StartRefused (options). `name`: the whole name.
  KafkaTopic(KafkaOptions options, std::string name);
  ~KafkaTopic() override;

  void publish(std::string_view key, std::optional<std::string_view> value) override;
  bool confirm(std::chrono::milliseconds wait) override;
  std::optional<TopicEntry> next(std::chrono::milliseconds wait) override;
  [[nodiscard]] bool is_caught_up() const override;

 private:
  struct Parts;
  TopicEntry taken(const rd_kafka_message_s& message);
  void look_at_end(const rd_kafka_message_s& message);
  void see_place(std::int64_t next_offset);

  std::unique_ptr<Parts> parts_;
};

}  // namespace meent::eventstore
