#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "eventstore/kafka_options.h"
#include "eventstore/seal.h"

/// `meent kafka heal`: when the brokers lost the end of the log, a stopped node that has it appends
/// it again, as the same bytes at the same offsets (LOG.md §5; docs/runbook.md, Lost suffix).
namespace meent::eventstore {

/// One partition of the topic beside what this node has of it. Offsets are Kafka's.
struct HealPlace {
  std::uint64_t node_end = 0;    ///< after the last entry that this node has
  std::uint64_t topic_end = 0;   ///< after the last one of the topic
  std::uint64_t lost_count = 0;  ///< entries that this node has from `topic_end` on
  /// The topic holds something else than this node has, from an offset between these two on.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> parted;
};

/// Called now and then: so many offsets of so many are done.
using HealProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Threads: one.
class KafkaHeal {
 public:
  /// Takes the folder's lock. Listens for running nodes, 1.5 s. Throws StartRefused: the folder is
  /// in use or not a cluster node's; a node is running; the topics are not there, are set otherwise
  /// or of another log. Throws StorageError when the brokers do not answer.
  KafkaHeal(const std::filesystem::path& folder, KafkaOptions options, const KeyBytes& secret,
            Files& files);
  ~KafkaHeal();
  KafkaHeal(const KafkaHeal&) = delete;
  KafkaHeal& operator=(const KafkaHeal&) = delete;

  [[nodiscard]] domain::LogId log_id() const;
  /// Compares all that the topic still holds with what this node has, byte for byte; writes
  /// nothing. One place for each partition. Throws StorageError.
  const std::vector<HealPlace>& compare(const HealProgress& progress = {});
  /// Appends what `compare` found lost: first the keys that it names and the topic of keys lacks,
  /// then the entries in order; reads them back and compares. An offset that no entry had (a
  /// stranger's transaction) gets an empty message, which counts nowhere. Returns how many keys it
  /// gave. Throws StartRefused, before anything is written, when a partition has parted; and
  /// StorageError: run all of it again, it goes on where it stopped.
  std::size_t append(const HealProgress& progress = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace meent::eventstore
