#include "consumers/kafka_topic.h"

#include <array>

#include "eventstore/kafka_producer.h"

namespace meent::consumers {

namespace {

using eventstore::KafkaProducer;

constexpr std::array<std::pair<std::string_view, std::string_view>, 1> headers{
    {{"content-type", "application/cloudevents+json; charset=UTF-8"}}};

class KafkaTopic final : public MessageSink {
 public:
  explicit KafkaTopic(const eventstore::KafkaOptions& options)
      : producer_(options, options.events_topic(), KafkaProducer::never_gives_up) {}

  void send(std::string_view key, std::string_view value, Done done) override {
    producer_.send({.partition = std::nullopt, .key = key, .value = value, .headers = headers},
                   std::move(done));
  }
  [[nodiscard]] std::string trouble() const override { return producer_.last_error(); }

 private:
  KafkaProducer producer_;
};

}  // namespace

std::unique_ptr<MessageSink> connect_public_topic(const eventstore::KafkaOptions& options) {
  return std::make_unique<KafkaTopic>(options);
}

}  // namespace meent::consumers
