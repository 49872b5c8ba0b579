#include "tests/bench/raw_kafka.h"

#include <stdexcept>
#include <thread>

namespace meent::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int patience_ms = 30'000;

void require(rd_kafka_error_t* error) {
  if (error == nullptr) return;
  const std::string why = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error(why);
}

void on_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* acknowledged) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++*static_cast<std::size_t*>(acknowledged);
}

}  // namespace

/// Reads the partition from an offset on.
class RawKafka::Reading {
 public:
  Reading(const RawKafka& raw, const char* isolation, std::int64_t from)
      : partition_(raw.partition_),
        client_(raw.make(RD_KAFKA_CONSUMER,
                         {{"isolation.level", isolation}, {"fetch.error.backoff.ms", "10"}})),
        topic_(rd_kafka_topic_new(client_.get(), raw.topic_.c_str(), nullptr)) {
    rd_kafka_consume_start(topic_, partition_, from);
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    rd_kafka_consume_stop(topic_, partition_);
    rd_kafka_topic_destroy(topic_);
  }
  /// The next message's bytes.
  std::string take() {
    while (true) {
      auto* message = rd_kafka_consume(topic_, partition_, patience_ms);
      if (message == nullptr) throw std::runtime_error("raw Kafka: nothing comes back");
      std::string bytes(static_cast<const char*>(message->payload), message->len);
      const bool is_data = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
      rd_kafka_message_destroy(message);
      if (is_data) return bytes;
    }
  }

 private:
  std::int32_t partition_;
  Client client_;
  rd_kafka_topic_t* topic_;
};

RawKafka::RawKafka(const std::string& bootstrap, std::string topic, std::int32_t partition)
    : bootstrap_(bootstrap), topic_(std::move(topic)), partition_(partition) {}

RawKafka::Client RawKafka::make(rd_kafka_type_t type, const Settings& settings,
                                std::size_t* acknowledged) const {
  auto* conf = rd_kafka_conf_new();
  char why[512];
  const auto set = [&](const char* name, const char* value) {
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::runtime_error(why);
    }
  };
  set("bootstrap.servers", bootstrap_.c_str());
  set("socket.nagle.disable", "true");
  for (const auto& [name, value] : settings) set(name, value);
  if (acknowledged != nullptr) {
    rd_kafka_conf_set_opaque(conf, acknowledged);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
  }
  Client client(rd_kafka_new(type, conf, why, sizeof why));
  if (!client) throw std::runtime_error(why);
  return client;
}

void RawKafka::produce(rd_kafka_t* producer, const std::string& message) const {
  const auto error = rd_kafka_producev(
      producer, RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition_),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_VALUE(const_cast<char*>(message.data()), message.size()), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

Histogram RawKafka::read_back(const std::vector<std::string>& messages,
                              std::size_t follower_count) {
  const auto producer =
      make(RD_KAFKA_PRODUCER, {{"enable.idempotence", "true"}, {"linger.ms", "0"}});
  // Behind what lies there already: what comes first is the mark.
  const std::string mark = "mark";
  produce(producer.get(), mark);
  if (rd_kafka_flush(producer.get(), patience_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error("raw Kafka: a message is not acknowledged");
  }
  Reading reading(*this, "read_uncommitted", RD_KAFKA_OFFSET_TAIL(1));
  if (reading.take() != mark) throw std::runtime_error("raw Kafka: somebody else writes");
  std::vector<std::unique_ptr<Reading>> followers;
  for (std::size_t i = 0; i < follower_count; ++i) {
    followers.push_back(
        std::make_unique<Reading>(*this, "read_uncommitted", RD_KAFKA_OFFSET_TAIL(1)));
    followers.back()->take();  // it reads along from here on
  }
  std::vector<std::jthread> following;
  for (const auto& follower : followers) {
    following.emplace_back([&follower, count = messages.size()] {
      try {
        for (std::size_t i = 0; i < count; ++i) follower->take();
      } catch (const std::runtime_error&) {
        // Nothing comes any more: whoever writes tells why.
      }
    });
  }
  Histogram times;
  for (const auto& message : messages) {
    const auto began = Clock::now();
    produce(producer.get(), message);
    if (reading.take() != message) throw std::runtime_error("raw Kafka: other bytes came back");
    times.record(Clock::now() - began);
  }
  return times;
}

Histogram RawKafka::in_transactions(const std::vector<std::string>& messages) {
  const auto producer =
      make(RD_KAFKA_PRODUCER, {{"transactional.id", "bench"}, {"linger.ms", "0"}});
  require(rd_kafka_init_transactions(producer.get(), patience_ms));
  Reading reading(*this, "read_committed", RD_KAFKA_OFFSET_BEGINNING);
  Histogram times;
  for (const auto& message : messages) {
    const auto began = Clock::now();
    require(rd_kafka_begin_transaction(producer.get()));
    produce(producer.get(), message);
    require(rd_kafka_commit_transaction(producer.get(), patience_ms));
    if (reading.take() != message) throw std::runtime_error("raw Kafka: other bytes came back");
    times.record(Clock::now() - began);
  }
  return times;
}

double RawKafka::produce_all(const std::vector<std::string>& messages, std::size_t window) {
  std::size_t acknowledged = 0;
  const auto producer =
      make(RD_KAFKA_PRODUCER, {{"enable.idempotence", "true"}, {"linger.ms", "0"}}, &acknowledged);
  const auto wait_for = [&](std::size_t count) {
    const auto end = Clock::now() + std::chrono::milliseconds(patience_ms);
    while (acknowledged < count) {
      if (Clock::now() > end) throw std::runtime_error("raw Kafka: not all is acknowledged");
      rd_kafka_poll(producer.get(), 10);
    }
  };
  produce(producer.get(), "mark");  // connected, with a producer's id
  wait_for(1);
  const auto began = Clock::now();
  std::size_t sent = 1;
  for (const auto& message : messages) {
    if (sent >= window) wait_for(sent - window + 1);
    produce(producer.get(), message);
    ++sent;
  }
  wait_for(sent);
  return std::chrono::duration<double>(Clock::now() - began).count();
}

std::vector<std::string> RawKafka::read(std::int64_t from, std::int64_t to) {
  Reading reading(*this, "read_uncommitted", from);
  std::vector<std::string> out;
  for (auto offset = from; offset < to; ++offset) out.push_back(reading.take());
  return out;
}

}  // namespace meent::bench
