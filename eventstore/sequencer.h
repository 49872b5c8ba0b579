#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/action.h"
#include "eventstore/applier.h"
#include "eventstore/codec.h"
#include "eventstore/keys.h"
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
    platform_stopped,
    no_space,   ///< free space is below the mark
    too_large,  ///< the events do not fit in one record
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
  std::string url;  ///< written into the claim
  /// Groups that have not come back from the log by then: outcome unknown; they are appended again
  /// until the log settles it.
  std::chrono::milliseconds longest_read_back{5000};
};

struct SequencerCounts {
  std::uint64_t accepted = 0, refused = 0, repeated = 0, groups = 0, writes = 0, waiting = 0;
};

class Sequencer {
 public:
  /// Writes genesis when the log is empty, claims the partition and reads up to its claim.
  /// Two threads: one decides, one writes and applies.
  static std::unique_ptr<Sequencer> start(Log& log, Store& store, Keys& keys,
                                          SequencerOptions options);
  virtual ~Sequencer() = default;  ///< stops
  /// `done` is called exactly once, from the log thread or (Unavailable) the caller's; it must not
  /// block. Threads: any. Never blocks.
  virtual void submit(Submission submission, std::function<void(Outcome)> done) = 0;
  /// Blocks until answered. For the command line and tests. Throws StorageError when the sequencer
  /// failed and will not answer.
  Outcome run(Submission submission);
  /// Answers what is in flight, then ends both threads. Later submissions are `shutting_down`.
  virtual void stop() = 0;
  [[nodiscard]] virtual SequencerCounts counts() const = 0;
  /// Empty while all is well.
  [[nodiscard]] virtual std::vector<StoppedPlatform> stopped() const = 0;
};

}  // namespace meent::eventstore
