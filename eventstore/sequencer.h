#pragma once
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "domain/action.h"
#include "eventstore/applier.h"
#include "eventstore/codec.h"
#include "eventstore/keys.h"
#include "eventstore/level.h"
#include "eventstore/log.h"
#include "eventstore/store.h"

/// The single writer: takes commands, decides, forms groups, appends, answers (ARCHITECTURE §4).
namespace meent::eventstore {

struct Submission {
  domain::PlatformId platform;
  domain::Command command;
  domain::Actor actor;
  domain::Role role = domain::Role::person;  ///< the most that the token lets the actor use
  std::optional<domain::Timestamp> occurred_at;
  std::optional<ImportProgress> import_progress;
  std::string idempotency_key;  ///< 1..255 bytes
  std::string request;          ///< method, path and body: a repeat must be equal in it
  /// The platform's position that must have been applied before this is judged; 0: any.
  std::uint64_t after = 0;
};

/// Durable and applied. Made from the commit alone, so a repeat gets the same.
struct Accepted {
  domain::PlatformId platform;
  std::uint64_t first_position = 0, last_position = 0;
  Hash record_hash{};  ///< chain hash at last_position, for the token
  domain::Timestamp recorded_at;
  std::vector<domain::Event> events;  ///< sealed
  bool is_repeat = false;
};
/// What the rejection rests on is durable and applied.
struct Refused {
  domain::Rejection rejection;
};
/// The key was used before with another request.
struct KeyReused {};
struct Unavailable {
  enum class Why : std::uint8_t {
    queue_full,
    outcome_unknown,  ///< repeat with the same key
    moved,  ///< another writer has the partition, or this one is behind; nothing was written
    platform_stopped,
    no_space,       ///< free space is below the mark
    too_large,      ///< the events do not fit in one record
    level_too_low,  ///< of the log: older nodes could not read what would be written
    shutting_down,
  } why;
  std::string detail;
};
using Outcome = std::variant<Accepted, Refused, KeyReused, Unavailable>;

struct SequencerOptions {
  std::size_t most_waiting = 20000;                   ///< commands not yet answered
  std::function<domain::Timestamp()> clock;           ///< nothing: the system's
  std::function<void(const std::string&)> fail_stop;  ///< nothing: logs and ends the process (70)
  std::uint64_t least_free_bytes = 64ULL << 20;
  /// Embedded: takes every partition over before `start` returns. Else: follows until asked to.
  bool claims_at_start = true;
  /// An owner that has not seen its log's end for so long judges nothing: others may have written.
  std::chrono::milliseconds longest_unread{1000};
  std::function<std::chrono::steady_clock::time_point()> steady;  ///< nothing: the system's
  std::function<void(std::span<std::uint8_t>)> random;            ///< nothing: libsodium's
  /// Groups that have not come back from the log by then: outcome unknown; they are appended again
  /// until the log settles it.
  std::chrono::milliseconds longest_read_back{5000};
  /// The newest level that is read and written here. Others than this are for tests.
  std::uint32_t level = newest_level;
};

/// What this node is to a partition.
enum class PartitionRole : std::uint8_t {
  following,  ///< reads what another writes
  claiming,   ///< has asked for it, and reads up to its claim
  owning,     ///< the one that writes
  stopped,    ///< cannot be read on: the text says why
};
struct PartitionStatus {
  std::uint32_t number = 0;
  PartitionRole role = PartitionRole::following;
  std::uint64_t epoch = 0;
  WriterId claimant;
  std::string owner_url;          ///< of the claim that counts; empty before the first
  std::uint64_t next_offset = 0;  ///< in the log
  std::string stopped_why;
};

struct SequencerCounts {
  std::uint64_t accepted = 0, refused = 0, repeated = 0, groups = 0, writes = 0, waiting = 0;
  std::array<std::uint64_t, void_reason_count> voids{};  ///< by VoidReason, since the start
};

/// Says why, flushes the operator's log and ends the process (70).
[[noreturn]] void end_process(const std::string& why);

class SteppedSequencer;

class Sequencer {
 public:
  /// Two threads: one decides, one writes, reads and applies. With `claims_at_start` writes genesis
  /// where the log is empty, claims every partition and reads up to its claims. Throws
  /// StorageError.
  static std::unique_ptr<Sequencer> start(Log& log, Store& store, Keys& keys,
                                          SequencerOptions options);
  /// The same without threads: for simulations. Claims nothing by itself.
  static std::unique_ptr<SteppedSequencer> stepped(Log& log, Store& store, Keys& keys,
                                                   SequencerOptions options);
  virtual ~Sequencer() = default;  ///< stops
  /// `done` is called exactly once, from the log thread or (Unavailable) the caller's; it must not
  /// block. Threads: any. Never blocks.
  virtual void submit(Submission submission, std::function<void(Outcome)> done) = 0;
  /// Blocks until answered. For the command line and tests. Throws StorageError when the sequencer
  /// failed and will not answer.
  Outcome run(Submission submission);
  /// Asks for a partition, for a node that answers at `url` (empty: embedded); `partitions` tells
  /// what became of it. Threads: any.
  virtual void claim(std::uint32_t partition, std::string url) = 0;
  [[nodiscard]] virtual std::vector<PartitionStatus> partitions() const = 0;
  [[nodiscard]] virtual PartitionRole role(std::uint32_t partition) const = 0;
  /// How long ago the log's end was last seen; nothing before the first time.
  [[nodiscard]] virtual std::optional<std::chrono::milliseconds> behind() const = 0;
  /// Writes a consumer's checkpoint, if this node owns its platform's partition; Store::checkpoint
  /// tells once it counts. Threads: any.
  virtual void checkpoint(CheckpointMark mark) = 0;
  /// Appends records of a platform that comes here from another log, in ordinary envelopes, if this
  /// node owns its partition. Which of them count is for admission; Store::tip tells. False: the
  /// ones before are not appended yet, or it is stopping. Threads: any.
  virtual bool bring(domain::PlatformId platform, std::vector<std::string> records) = 0;
  /// Answers what is in flight, then ends both threads. Later submissions are `shutting_down`.
  virtual void stop() = 0;
  [[nodiscard]] virtual SequencerCounts counts() const = 0;
  /// The newest level that is known here; one above it in the log ends the process.
  [[nodiscard]] virtual std::uint32_t level() const = 0;
  /// Empty while all is well.
  [[nodiscard]] virtual std::vector<StoppedPlatform> stopped() const = 0;
};

/// Does what the two threads do, when told. Threads: one.
class SteppedSequencer : public Sequencer {
 public:
  /// Reads and applies what came, answers, decides what was submitted, and hands it to the log.
  /// Throws what would end the process.
  virtual void step() = 0;
};

}  // namespace meent::eventstore
