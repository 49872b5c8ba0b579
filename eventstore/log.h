#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "domain/ids.h"
#include "eventstore/files.h"
#include "eventstore/record.h"

/// The ordered, append-only sequences of envelopes of some partitions. A log only orders, and only
/// within a partition; the applier applies. Implementations: RocksLog (one partition), SimLog and
/// KafkaLog; one contract suite for all.
namespace meent::eventstore {

using SteadyTime = std::chrono::steady_clock::time_point;

struct LogEntry {
  std::uint32_t partition = 0;
  std::uint64_t offset = 0;  ///< a locator, never a position; grows in its partition, with gaps
  std::string envelope;      ///< bytes
  domain::Timestamp appended_at{};  ///< by the log's own clock; 0: it has none
};

/// An entry that was read before, so that a log which no longer holds it is noticed.
struct SeenEntry {
  std::uint64_t offset = 0;
  Hash envelope_hash{};  ///< SHA-256 of the envelope's bytes
  bool operator==(const SeenEntry&) const = default;
};

/// Where a reader stands in one partition.
struct LogPlace {
  std::uint64_t next_offset = 0;
  std::optional<SeenEntry> last;  ///< the entry before; nothing at the start
  bool operator==(const LogPlace&) const = default;
};

/// The log is no longer the one that this node has applied: recreated, cut, set otherwise, or
/// another log altogether. Nothing more is given out or taken. The text says what to do.
class LogChanged : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Log {
 public:
  virtual ~Log() = default;

  /// How many there are: 0 to this, less one.
  [[nodiscard]] virtual std::uint32_t partitions() const = 0;
  /// Hands over envelopes in order as one write. Returning says nothing about the outcome: a group
  /// counts when it comes back from `next`. Throws StorageError: with `outcome_is_unknown` the
  /// envelopes may still come back, later. Never waits for the log to answer.
  /// Threads: the log thread only, as `next` and `seek`.
  virtual void append(std::uint32_t partition, std::span<const std::string> envelopes) = 0;
  /// The next entry of any partition for this reader, or nothing when none came within `wait`.
  /// Throws StorageError when the log cannot be read, and LogChanged.
  virtual std::optional<LogEntry> next(std::chrono::milliseconds wait) = 0;
  /// After `next` gave nothing: because there was nothing more when it was last asked for, and not
  /// because it is on its way, was woken, or cannot be read just now. Threads: as `next`.
  [[nodiscard]] virtual bool is_at_end() const { return true; }
  /// A `next` that waits, or the coming one, gives nothing at once. Threads: any.
  virtual void wake() = 0;
  /// The reader's next entry in this partition is the first with at least this offset. Whether the
  /// log still holds the one before is seen before anything more is given out.
  virtual void seek(std::uint32_t partition, const LogPlace& place) = 0;

  /// When what `next` gave is durable: as soon as it was given (Kafka), or once the applier's
  /// batch, which holds the envelope too, is synced (RocksLog).
  enum class Durability : std::uint8_t { when_read, when_applied };
  [[nodiscard]] virtual Durability durability() const = 0;
};

}  // namespace meent::eventstore
