#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/kafka_client.h"

/// Topics and rights as the brokers keep them. Private to eventstore's kafka_* files.
/// Every call throws StorageError when the brokers do not answer within `longest`, or refuse.
namespace meent::eventstore {

using TopicSettings = std::map<std::string, std::string>;

struct NewTopic {
  std::string name;
  std::uint32_t partitions = 1;
  std::uint32_t replication = 1;
  TopicSettings settings;
};

/// All settings in force, defaults included.
TopicSettings settings_of_topic(const KafkaClient& client, const std::string& topic,
                                std::chrono::milliseconds longest);

/// False: there is one of that name.
bool create_topic(const KafkaClient& client, const NewTopic& topic,
                  std::chrono::milliseconds longest);

/// One right: who may do what with which topic, or with all whose names start so.
struct TopicRight {
  std::string principal;  ///< "User:meent"
  rd_kafka_AclOperation_t operation;
  std::string topic;
  rd_kafka_ResourcePatternType_t pattern = RD_KAFKA_RESOURCE_PATTERN_LITERAL;
};

/// False: the brokers have no authorizer, so that there are no rights to give. Giving one that is
/// there changes nothing.
bool grant(const KafkaClient& client, const std::vector<TopicRight>& rights,
           std::chrono::milliseconds longest);

}  // namespace meent::eventstore
