#pragma once
#include <memory>

#include "consumers/outbox.h"
#include "eventstore/kafka_options.h"

namespace meent::consumers {

/// The public topic on real brokers (`<prefix>.events`): idempotent, acknowledged by all in sync,
/// CloudEvents in structured mode. While no broker answers messages wait. Throws StartRefused when
/// a setting cannot be right.
std::unique_ptr<MessageSink> connect_public_topic(const eventstore::KafkaOptions& options);

}  // namespace meent::consumers
