#include "eventstore/kafka_admin.h"

#include <array>

namespace meent::eventstore {
namespace {

using Options = std::unique_ptr<rd_kafka_AdminOptions_t, KafkaFree<rd_kafka_AdminOptions_destroy>>;

/// Where an answer comes, and how long it is waited for.
struct Question {
  Question(const KafkaClient& client, rd_kafka_admin_op_t op, std::chrono::milliseconds longest)
      : options(rd_kafka_AdminOptions_new(client.handle(), op)),
        queue(rd_kafka_queue_new(client.handle())),
        longest_ms(timeout_ms(longest)) {
    std::array<char, 256> why{};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), longest_ms, why.data(), why.size());
  }

  /// Throws StorageError when there is none, or it is an error as a whole.
  [[nodiscard]] KafkaEventHandle answer(const std::string& asked) const {
    KafkaEventHandle event(rd_kafka_queue_poll(queue.get(), longest_ms + 1000));
    if (!event) throw StorageError("no broker answers (" + asked + ")", true);
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw StorageError(asked + ": " + rd_kafka_event_error_string(event.get()), true);
    }
    return event;
  }

  Options options;
  KafkaQueueHandle queue;
  int longest_ms;
};

}  // namespace

TopicSettings settings_of_topic(const KafkaClient& client, const std::string& topic,
                                std::chrono::milliseconds longest) {
  const Question question(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, longest);
  using Resource =
      std::unique_ptr<rd_kafka_ConfigResource_t, KafkaFree<rd_kafka_ConfigResource_destroy>>;
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  auto* asked = resource.get();
  rd_kafka_DescribeConfigs(client.handle(), &asked, 1, question.options.get(),
                           question.queue.get());
  const auto event = question.answer("reading the settings of " + topic);
  std::size_t count = 0;
  const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
  const auto** resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
  if (count != 1) throw StorageError("the settings of " + topic + " were not told", false);
  if (const auto error = rd_kafka_ConfigResource_error(resources[0]);
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const bool is_refused = error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    throw StorageError("the settings of " + topic + " cannot be read: " + kafka_error(error) +
                           (is_refused ? ". Grant DescribeConfigs (docs/kafka.md)" : ""),
                       false);
  }
  std::size_t entry_count = 0;
  const auto** entries = rd_kafka_ConfigResource_configs(resources[0], &entry_count);
  TopicSettings out;
  for (std::size_t i = 0; i < entry_count; ++i) {
    const auto* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value != nullptr) out[rd_kafka_ConfigEntry_name(entries[i])] = value;
  }
  return out;
}

bool create_topic(const KafkaClient& client, const NewTopic& topic,
                  std::chrono::milliseconds longest) {
  const Question question(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, longest);
  std::array<char, 256> why{};
  rd_kafka_AdminOptions_set_operation_timeout(question.options.get(), question.longest_ms,
                                              why.data(), why.size());
  using Handle = std::unique_ptr<rd_kafka_NewTopic_t, KafkaFree<rd_kafka_NewTopic_destroy>>;
  const Handle handle(rd_kafka_NewTopic_new(topic.name.c_str(), static_cast<int>(topic.partitions),
                                            static_cast<int>(topic.replication), why.data(),
                                            why.size()));
  if (!handle) throw StorageError(topic.name + " cannot be made: " + why.data(), false);
  for (const auto& [name, value] : topic.settings) {
    rd_kafka_NewTopic_set_config(handle.get(), name.c_str(), value.c_str());
  }
  auto* asked = handle.get();
  rd_kafka_CreateTopics(client.handle(), &asked, 1, question.options.get(), question.queue.get());
  const auto event = question.answer("making " + topic.name);
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  if (count != 1) throw StorageError("making " + topic.name + ": no answer for it", true);
  const auto error = rd_kafka_topic_result_error(results[0]);
  if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StorageError(topic.name + " cannot be made: " + kafka_error(error) + " (" +
                           rd_kafka_topic_result_error_string(results[0]) + ")",
                       false);
  }
  return true;
}

bool grant(const KafkaClient& client, const std::vector<TopicRight>& rights,
           std::chrono::milliseconds longest) {
  const Question question(client, RD_KAFKA_ADMIN_OP_CREATEACLS, longest);
  using Binding = std::unique_ptr<rd_kafka_AclBinding_t, KafkaFree<rd_kafka_AclBinding_destroy>>;
  std::vector<Binding> bindings;
  std::vector<rd_kafka_AclBinding_t*> asked;
  for (const auto& right : rights) {
    std::array<char, 256> why{};
    auto& binding = bindings.emplace_back(rd_kafka_AclBinding_new(
        RD_KAFKA_RESOURCE_TOPIC, right.topic.c_str(), right.pattern, right.principal.c_str(), "*",
        right.operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why.data(), why.size()));
    if (!binding) throw StorageError("a right cannot be given: " + std::string(why.data()), false);
    asked.push_back(binding.get());
  }
  rd_kafka_CreateAcls(client.handle(), asked.data(), asked.size(), question.options.get(),
                      question.queue.get());
  const auto event = question.answer("giving rights");
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* error = rd_kafka_acl_result_error(results[i]);
    if (error == nullptr) continue;
    if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_SECURITY_DISABLED) return false;
    throw StorageError(std::string("a right cannot be given: ") + rd_kafka_error_string(error),
                       false);
  }
  return true;
}

}  // namespace meent::eventstore
