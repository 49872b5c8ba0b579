#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "eventstore/kafka_options.h"

/// `meent kafka init`: the topics of one installation, made as they must be. docs/kafka.md.
namespace meent::eventstore {

struct KafkaInit {
  KafkaOptions options;
  std::uint32_t partitions = 8;               ///< of the log; cannot be changed later
  std::optional<std::uint32_t> min_insync{};  ///< nothing: 2, or 1 with a single copy
  bool fsync = false;                         ///< brokers write to disk before they acknowledge
  std::vector<std::string> nodes{};    ///< principals ("User:meent") that may read and write all
  std::vector<std::string> readers{};  ///< principals that may read the public topic
};

struct KafkaInitReport {
  domain::LogId log_id;
  std::vector<std::string> made;  ///< topics; the others were there, as they must be
  /// Genesis was written to so many partitions; the others had it.
  std::uint32_t genesis_count = 0;
  bool has_authorizer = true;  ///< false: nobody checks rights; `rights` says what would be given
  std::vector<std::string> rights;  ///< in words
};

/// Makes what is missing; run again, it goes on where it was cut off, and changes nothing once all
/// is there. Several at once end with one log. Takes up to a minute.
/// Throws StartRefused, before anything is made: a topic of that name is not as it must be, or
/// holds what Meent did not write. Throws StorageError when the brokers do not answer or refuse.
KafkaInitReport init_kafka(const KafkaInit& init);

}  // namespace meent::eventstore
