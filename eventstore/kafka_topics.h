#pragma once
#include <map>
#include <string>
#include <vector>

#include "eventstore/kafka_options.h"

/// The four topics of an installation and what must be so about them. docs/kafka.md.
namespace meent::eventstore {

enum class TopicKind : std::uint8_t {
  log,     ///< the truth: envelopes; nothing is ever removed
  keys,    ///< wrapped keys, the last of each; what was destroyed is gone within two days
  beats,   ///< signs of life of the nodes, a few minutes of them
  events,  ///< CloudEvents for everyone
};

std::string name_of(const KafkaOptions& options, TopicKind topic);

/// What one topic is made with.
std::map<std::string, std::string> settings_for(TopicKind topic, std::uint32_t min_insync);

/// Copies that must have a record before it counts, for so many copies in all.
inline std::uint32_t least_insync(std::uint32_t replication) {
  return replication == 1 ? 1 : 2;
}

/// What is wrong with a topic's settings, each in words with the value that is needed; empty: fine.
/// Looks only at what promises rest on, so that operators may tune the rest.
std::vector<std::string> wrong_settings(TopicKind topic, std::uint32_t min_insync,
                                        const std::map<std::string, std::string>& settings);

/// "partition 3".
std::string partition_text(std::uint32_t partition);
/// `what, what and what`.
std::string in_one_line(const std::vector<std::string>& parts);

}  // namespace meent::eventstore
