#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "eventstore/files.h"

/// The ordered, append-only sequence of envelopes of one partition. A log only orders; the applier
/// applies. Implementations: RocksLog, SimLog, and later KafkaLog; one contract suite for all.
namespace meent::eventstore {

struct LogEntry {
  std::uint64_t offset = 0;  ///< a locator, never a position; grows, may have gaps
  std::string envelope;      ///< bytes
};

class Log {
 public:
  virtual ~Log() = default;

  /// Hands over envelopes in order as one write. Returning says nothing about the outcome: a group
  /// counts when it comes back from `next`. Throws StorageError: with `outcome_is_unknown` the
  /// envelopes may still come back, later.
  /// Threads: the log thread only, as `next` and `seek`.
  virtual void append(std::span<const std::string> envelopes) = 0;
  /// The next entry for this reader, or nothing when none came within `wait`.
  /// Throws StorageError when the log cannot be read.
  virtual std::optional<LogEntry> next(std::chrono::milliseconds wait) = 0;
  /// The reader's next entry is the first with at least this offset.
  virtual void seek(std::uint64_t offset) = 0;

  /// When what `next` gave is durable: as soon as it was given (Kafka), or once the applier's
  /// batch, which holds the envelope too, is synced (RocksLog).
  enum class Durability : std::uint8_t { when_read, when_applied };
  [[nodiscard]] virtual Durability durability() const = 0;
};

}  // namespace meent::eventstore
