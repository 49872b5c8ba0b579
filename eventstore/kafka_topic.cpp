#include "eventstore/kafka_topic.h"

#include <algorithm>

#include "eventstore/kafka_producer.h"
#include "eventstore/kafka_reader.h"

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto longest_question = 3s;

struct Reading {
  Reading(const KafkaOptions& options, const std::string& name, std::int64_t from)
      : client(options, RD_KAFKA_CONSUMER,
               {
                   // What is older than that has been removed, as it should.
                   {"auto.offset.reset", "earliest"},
                   {"enable.partition.eof", "true"},
                   {"fetch.error.backoff.ms", "50"},
                   {"queued.max.messages.kbytes", "4096"},
               }),
        shape(shape_of_topic(client, name, longest_question)),
        reader(client, name, {{.partition = 0, .offset = from}}) {}

  KafkaClient client;
  std::optional<KafkaShape> shape;  ///< asked for first, so that reading begins at once
  KafkaReader reader;
};

std::string text_of(const void* bytes, std::size_t size) {
  return {static_cast<const char*>(bytes), size};
}

}  // namespace

struct KafkaTopic::Parts {
  Parts(KafkaOptions from, std::string topic)
      : options(std::move(from)), name(std::move(topic)), producer(options, name) {}

  const KafkaOptions options;
  const std::string name;
  std::atomic<bool> has_given_up = false;
  std::atomic<bool> is_caught_up = false;
  std::optional<std::uint64_t> first_end;  ///< the end when reading began
  std::int64_t next_offset = RD_KAFKA_OFFSET_BEGINNING;
  std::unique_ptr<Reading> reading;
  KafkaProducer producer;  ///< ends first: it reports to `has_given_up`
};

KafkaTopic::KafkaTopic(KafkaOptions options, std::string name)
    : parts_(std::make_unique<Parts>(std::move(options), std::move(name))) {}

KafkaTopic::~KafkaTopic() = default;

void KafkaTopic::publish(std::string_view key, std::optional<std::string_view> value) {
  parts_->producer.send({.partition = 0, .key = key, .value = value, .headers = {}},
                        [parts = parts_.get()](const std::string& error) {
                          if (!error.empty()) parts->has_given_up = true;
                        });
}

bool KafkaTopic::confirm(std::chrono::milliseconds wait) {
  if (!parts_->producer.flush(wait)) return false;
  return !parts_->has_given_up.exchange(false);
}

std::optional<TopicEntry> KafkaTopic::next(std::chrono::milliseconds wait) {
  auto& parts = *parts_;
  const auto end = Clock::now() + wait;
  try {
    if (!parts.reading) {
      parts.reading = std::make_unique<Reading>(parts.options, parts.name, parts.next_offset);
    }
    // Asked once: others go on writing, so that a reader may never find nothing more.
    if (!parts.first_end) {
      parts.first_end = end_of_partition(parts.reading->client, parts.name, 0, longest_question);
      see_place(0);
    }
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      const auto message = parts.reading->reader.poll(std::max(left, 0ms));
      if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return taken(*message);
      if (message) look_at_end(*message);
      if (left <= 0ms) return std::nullopt;
    }
  } catch (const StorageError&) {
    parts.reading = nullptr;  // begins again where it was
    throw;
  }
}

TopicEntry KafkaTopic::taken(const rd_kafka_message_s& message) {
  rd_kafka_timestamp_type_t type{};
  TopicEntry entry{.key = text_of(message.key, message.key_len),
                   .value = std::nullopt,
                   .appended_at = {rd_kafka_message_timestamp(&message, &type)}};
  if (message.payload != nullptr) entry.value = text_of(message.payload, message.len);
  parts_->next_offset = message.offset + 1;
  see_place(parts_->next_offset);
  return entry;
}

/// Compacted away or not: nothing is left before this offset.
void KafkaTopic::look_at_end(const rd_kafka_message_s& message) {
  auto& parts = *parts_;
  if (message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    throw StorageError(parts.name + " cannot be read: " + kafka_error(message.err), false);
  }
  see_place(message.offset);
}

void KafkaTopic::see_place(std::int64_t next_offset) {
  auto& parts = *parts_;
  if (parts.first_end && static_cast<std::uint64_t>(next_offset) >= *parts.first_end) {
    parts.is_caught_up = true;
  }
}

bool KafkaTopic::is_caught_up() const {
  return parts_->is_caught_up;
}

}  // namespace meent::eventstore
