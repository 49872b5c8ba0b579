#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eventstore/codec.h"
#include "eventstore/log.h"
#include "eventstore/store.h"

/// Record to one write batch of envelope, index, state records and command ids. It serves own
/// records, other nodes' records and rebuild alike.
namespace meent::eventstore {

/// Rows of the source that are done; 0 when it was never imported.
std::uint64_t import_progress(const domain::State& state, domain::SourceDigest source);

/// How long command ids are remembered: until both have passed since their commit, so that a replay
/// forgets the same ones. Other values than these are for tests.
struct Remembrance {
  std::uint64_t positions = 1'000'000;
  std::int64_t ms = 7LL * 24 * 60 * 60 * 1000;
  [[nodiscard]] bool has_passed(const RememberedCommand& command, std::uint64_t position,
                                domain::Timestamp recorded_at) const;
};

/// What became of one entry.
struct AppliedEntry {
  EntryPlace entry;
  Verdict verdict;
  std::optional<Envelope> envelope;  ///< nothing for foreign bytes
  std::optional<Hash> record_hash;   ///< for a group
  bool changed_state = false;        ///< a group that was applied and whose platform is not stopped
};

/// A platform whose admitted record could not be decoded or applied: stopped on this node.
struct StoppedPlatform {
  domain::PlatformId platform;
  std::uint64_t position = 0;
  std::string why;
};

/// Serves all partitions of a log. Threads: the log thread only, but for `stopped`.
class Applier {
 public:
  /// Tries again to apply what stopped a platform before: newer software may know it.
  static std::unique_ptr<Applier> make(Store& store, Remembrance remembrance = {});
  virtual ~Applier() = default;
  /// Applies the entries in order, as one batch, synced when `sync`; then the kept tip, synced too.
  /// Throws StorageError: unknown outcome, the process must end. A Stop verdict ends its
  /// partition before that entry: what follows there, now and later, is left out. One batch has
  /// fewer events than command ids are remembered for.
  virtual std::vector<AppliedEntry> apply(std::span<const LogEntry> entries, bool sync) = 0;
  [[nodiscard]] virtual std::vector<StoppedPlatform> stopped() const = 0;
};

}  // namespace meent::eventstore
