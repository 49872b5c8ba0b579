#include "tests/kafka/kafka_hands.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace meent::tests {
namespace {

using namespace std::chrono_literals;

constexpr int longest_ms = 20'000;

void require(rd_kafka_resp_err_t error, const std::string& doing) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(doing + ": " + rd_kafka_err2str(error));
  }
}

void require(rd_kafka_error_t* error, const std::string& doing) {
  if (error == nullptr) return;
  const std::string why = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error(doing + ": " + why);
}

using Settings = std::map<std::string, std::string>;

rd_kafka_t* make(rd_kafka_type_t type, const Settings& settings) {
  std::array<char, 512> why{};
  auto* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      throw std::runtime_error(why.data());
    }
  }
  rd_kafka_conf_set_log_cb(conf, nullptr);
  auto* client = rd_kafka_new(type, conf, why.data(), why.size());
  if (client == nullptr) throw std::runtime_error(why.data());
  return client;
}

struct Queue {
  explicit Queue(rd_kafka_t* client) : handle(rd_kafka_queue_new(client)) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    if (event != nullptr) rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(handle);
  }
  rd_kafka_event_t* answer(const std::string& doing) {
    event = rd_kafka_queue_poll(handle, longest_ms);
    if (event == nullptr) throw std::runtime_error(doing + ": no answer");
    require(rd_kafka_event_error(event), doing);
    return event;
  }
  rd_kafka_queue_t* handle;
  rd_kafka_event_t* event = nullptr;
};

void send(rd_kafka_t* client, const std::string& topic, std::uint32_t partition,
          std::optional<std::string_view> value, std::string_view key) {
  auto* bytes = const_cast<char*>(value ? value->data() : nullptr);
  const std::size_t size = value ? value->size() : 0;
  const auto* key_bytes = key.empty() ? nullptr : key.data();
  const auto number = static_cast<std::int32_t>(partition);
  require(rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(number),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(bytes, size),
                            RD_KAFKA_V_KEY(key_bytes, key.size()), RD_KAFKA_V_END),
          "writing to " + topic);
  require(rd_kafka_flush(client, longest_ms), "writing to " + topic);
}

}  // namespace

struct KafkaHands::Clients {
  Settings settings;
  rd_kafka_t* producer = nullptr;
  rd_kafka_t* in_transaction = nullptr;
};

KafkaHands::KafkaHands(const std::string& addresses, const Settings& settings)
    : clients_(std::make_unique<Clients>()) {
  clients_->settings = settings;
  clients_->settings["bootstrap.servers"] = addresses;
  auto with_size = clients_->settings;
  with_size["message.max.bytes"] = "2000000";
  with_size["linger.ms"] = "0";
  clients_->producer = make(RD_KAFKA_PRODUCER, with_size);
}

KafkaHands::~KafkaHands() {
  if (clients_->in_transaction != nullptr) rd_kafka_destroy(clients_->in_transaction);
  rd_kafka_destroy(clients_->producer);
}

void KafkaHands::put(const std::string& topic, std::uint32_t partition,
                     std::optional<std::string_view> value, std::string_view key) {
  send(clients_->producer, topic, partition, value, key);
}

void KafkaHands::put_in_transaction(const std::string& topic, std::uint32_t partition,
                                    std::string_view value) {
  auto settings = clients_->settings;
  settings["transactional.id"] = "stranger-" + topic;
  clients_->in_transaction = make(RD_KAFKA_PRODUCER, settings);
  require(rd_kafka_init_transactions(clients_->in_transaction, longest_ms), "transactions");
  require(rd_kafka_begin_transaction(clients_->in_transaction), "transactions");
  send(clients_->in_transaction, topic, partition, value, {});
}

void KafkaHands::abort_transaction() {
  require(rd_kafka_abort_transaction(clients_->in_transaction, longest_ms), "abort");
}

void KafkaHands::create(const std::string& topic, std::uint32_t partitions,
                        const Settings& settings) {
  std::array<char, 256> why{};
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (true) {  // a topic that was just removed may still be in the way
    Queue queue(clients_->producer);
    auto* made = rd_kafka_NewTopic_new(topic.c_str(), static_cast<int>(partitions), 1, why.data(),
                                       why.size());
    for (const auto& [name, value] : settings) {
      rd_kafka_NewTopic_set_config(made, name.c_str(), value.c_str());
    }
    rd_kafka_CreateTopics(clients_->producer, &made, 1, nullptr, queue.handle);
    rd_kafka_NewTopic_destroy(made);
    std::size_t count = 0;
    const auto** results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(queue.answer("making " + topic)), &count);
    const auto error = rd_kafka_topic_result_error(results[0]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (std::chrono::steady_clock::now() > end) require(error, "making " + topic);
    std::this_thread::sleep_for(50ms);
  }
}

void KafkaHands::remove(const std::string& topic) {
  {
    Queue queue(clients_->producer);
    auto* gone = rd_kafka_DeleteTopic_new(topic.c_str());
    rd_kafka_DeleteTopics(clients_->producer, &gone, 1, nullptr, queue.handle);
    rd_kafka_DeleteTopic_destroy(gone);
    std::size_t count = 0;
    const auto** results = rd_kafka_DeleteTopics_result_topics(
        rd_kafka_event_DeleteTopics_result(queue.answer("removing " + topic)), &count);
    require(rd_kafka_topic_result_error(results[0]), "removing " + topic);
  }
  for (int i = 0; i < 200; ++i) {
    bool is_there = false;
    for (const auto& name : topics()) is_there = is_there || name == topic;
    if (!is_there) return;
    std::this_thread::sleep_for(50ms);
  }
  throw std::runtime_error(topic + " does not go");
}

void KafkaHands::delete_records(const std::string& topic, std::uint32_t partition,
                                std::uint64_t before) {
  Queue queue(clients_->producer);
  auto* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), static_cast<std::int32_t>(partition))
      ->offset = static_cast<std::int64_t>(before);
  auto* records = rd_kafka_DeleteRecords_new(list);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_DeleteRecords(clients_->producer, &records, 1, nullptr, queue.handle);
  rd_kafka_DeleteRecords_destroy(records);
  const auto* offsets = rd_kafka_DeleteRecords_result_offsets(
      rd_kafka_event_DeleteRecords_result(queue.answer("deleting records")));
  require(offsets->elems[0].err, "deleting records");
}

void KafkaHands::set(const std::string& topic, const Settings& settings) {
  Queue queue(clients_->producer);
  auto* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  for (const auto& [name, value] : settings) {
    rd_kafka_ConfigResource_set_config(resource, name.c_str(), value.c_str());
  }
  rd_kafka_AlterConfigs(clients_->producer, &resource, 1, nullptr, queue.handle);
  rd_kafka_ConfigResource_destroy(resource);
  std::size_t count = 0;
  const auto** results = rd_kafka_AlterConfigs_result_resources(
      rd_kafka_event_AlterConfigs_result(queue.answer("setting " + topic)), &count);
  require(rd_kafka_ConfigResource_error(results[0]), "setting " + topic);
}

std::string KafkaHands::setting(const std::string& topic, const std::string& name) {
  Queue queue(clients_->producer);
  auto* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  rd_kafka_DescribeConfigs(clients_->producer, &resource, 1, nullptr, queue.handle);
  rd_kafka_ConfigResource_destroy(resource);
  std::size_t count = 0;
  const auto** results = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(queue.answer("settings of " + topic)), &count);
  require(rd_kafka_ConfigResource_error(results[0]), "settings of " + topic);
  const auto** entries = rd_kafka_ConfigResource_configs(results[0], &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigEntry_name(entries[i]) == name)
      return rd_kafka_ConfigEntry_value(entries[i]);
  }
  throw std::runtime_error(topic + " has no setting " + name);
}

std::vector<std::string> KafkaHands::topics() {
  const rd_kafka_metadata_t* metadata = nullptr;
  require(rd_kafka_metadata(clients_->producer, 1, nullptr, &metadata, longest_ms), "listing");
  std::vector<std::string> out;
  for (int i = 0; i < metadata->topic_cnt; ++i) out.emplace_back(metadata->topics[i].topic);
  rd_kafka_metadata_destroy(metadata);
  return out;
}

std::vector<std::string> KafkaHands::values(const std::string& topic, std::uint32_t partition) {
  auto settings = clients_->settings;
  settings["enable.partition.eof"] = "true";
  settings["isolation.level"] = "read_uncommitted";
  auto* client = make(RD_KAFKA_CONSUMER, settings);
  auto* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const auto number = static_cast<std::int32_t>(partition);
  rd_kafka_consume_start(handle, number, 0);
  std::vector<std::string> out;
  std::string error;
  while (true) {
    auto* message = rd_kafka_consume(handle, number, longest_ms);
    const auto code = message == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : message->err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      out.emplace_back(static_cast<const char*>(message->payload), message->len);
    } else if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      error = rd_kafka_err2str(code);
    }
    if (message != nullptr) rd_kafka_message_destroy(message);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) break;
  }
  rd_kafka_consume_stop(handle, number);
  rd_kafka_topic_destroy(handle);
  rd_kafka_destroy(client);
  if (!error.empty()) throw std::runtime_error("reading " + topic + ": " + error);
  return out;
}

}  // namespace meent::tests
