#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/files.h"

/// How the brokers are reached, and what this installation's topics are called. docs/kafka.md.
namespace meent::eventstore {

struct KafkaOptions {
  std::string bootstrap;               ///< host:port of some brokers, separated by commas
  std::string topic_prefix = "meent";  ///< letters, digits, '.', '_' and '-'; at most 200
  /// Copies that the log's topic must have at least, and with 3 or more of them min.insync 2.
  /// 1: a single broker, so one disk holds all.
  std::uint32_t replication = 3;
  /// What `read_kafka_config` gave: TLS, SASL and little more.
  std::vector<std::pair<std::string, std::string>> client{};

  [[nodiscard]] std::string log_topic() const { return topic_prefix + ".log"; }
  [[nodiscard]] std::string keys_topic() const { return topic_prefix + ".keys"; }
  [[nodiscard]] std::string beats_topic() const { return topic_prefix + ".beats"; }
  [[nodiscard]] std::string events_topic() const { return topic_prefix + ".events"; }
};

/// Throws StartRefused when an address or the prefix cannot be right.
void check_kafka_options(const KafkaOptions& options);

/// Reads `name=value` lines; empty lines and those that start with '#' are passed over.
/// Throws StartRefused: the file cannot be read, or others can read a secret in it; an option that
/// is not known or not allowed (by name, with the reason), given twice, or of a wrong value.
std::vector<std::pair<std::string, std::string>> read_kafka_config(
    const std::filesystem::path& file);

/// The same from text; `source` is what errors call it.
std::vector<std::pair<std::string, std::string>> parse_kafka_config(std::string_view text,
                                                                    const std::string& source);

/// The options that may be given, each with what it is for.
std::vector<std::pair<std::string_view, std::string_view>> allowed_kafka_options();

}  // namespace meent::eventstore
