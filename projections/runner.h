#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/applier.h"
#include "projections/slot.h"
#include "projections/view.h"

/// Follows the store and keeps the views: several views in one pass, rows and checkpoint of each in
/// one batch, rebuilds beside what serves, and says how each one is.
namespace meent::projections {

/// One view as the runner keeps it.
struct ViewSpec {
  std::string name;
  /// The newest version first; an older one serves while the newest is built beside it.
  std::vector<std::function<std::unique_ptr<View>()>> versions;
  /// Told who serves from now on, from a runner's thread (or the caller's of `start`).
  std::function<void(std::shared_ptr<View>)> serve;
  std::string parent = "views";  ///< folder under the data folder; "" for search
  /// Views of one lane go through the log together, on one thread. A slow view has its own lane.
  std::string lane = "live";
  /// Event types this view looks at (wire names); nothing: all.
  std::function<bool(std::string_view type)> wants;
  /// After a crash its marks may be ahead of its next offset, and it passes over what it has.
  bool passes_over_repeats = false;
};

/// The usual spec: a view with one version, served through a slot.
template <class V>
ViewSpec view_spec(std::string name, Slot<V>& slot, std::function<std::unique_ptr<V>()> make) {
  ViewSpec spec;
  spec.name = std::move(name);
  spec.versions.push_back([make = std::move(make)] { return make(); });
  spec.serve = [&slot](std::shared_ptr<View> view) {
    slot.set(std::static_pointer_cast<V>(std::move(view)));
  };
  return spec;
}

struct RunnerOptions {
  std::filesystem::path folder;  ///< the node's data folder
  /// In one batch; whole envelopes, so the last may exceed it. Larger ones coalesce more.
  std::size_t most_events = 4000;
  std::size_t most_events_building = 20000;
  /// From one turn of a lane to the next, at least: lets writes to one row coalesce under load.
  std::chrono::milliseconds turn{2};
  /// The same while nobody waits for a view to have come so far: who reads without waiting sees
  /// what is at most so old.
  std::chrono::milliseconds calm_turn{5};
  std::size_t most_waiters = 20000;
  /// A view this many envelopes behind (to be built: the tip; else: the others of its lane) catches
  /// up on a thread of its own.
  std::uint64_t far_behind = 2000;
  /// Views wait while less is left on the disk: before writes are refused, long before the log
  /// itself meets a full disk.
  std::uint64_t least_free_bytes = 128ULL << 20;
};

struct ViewHealth {
  std::string name;
  std::uint32_t version = 0;  ///< the one that serves; 0 when none does
  enum class Condition : std::uint8_t {
    building,  ///< nothing serves yet
    live,
    stopped,  ///< `error` says why; what it has reached may still be read
  } condition = Condition::building;
  bool is_rebuilding = false;           ///< another instance is being built beside it
  std::uint64_t next_offset = 0;        ///< of the one that serves, or of the one being built
  std::uint64_t lag_envelopes = 0;      ///< behind the store
  std::uint64_t events_applied = 0;     ///< since start, all instances
  std::string error;                    ///< the last one, also of a rebuild that failed
  std::chrono::milliseconds silent{0};  ///< since its thread last gave a sign of life
};

struct RunnerHealth {
  std::vector<ViewHealth> views;
  /// Platforms with a record that cannot be decoded: their views stand still there.
  std::vector<eventstore::StoppedPlatform> stopped_platforms;
  /// Empty when every view serves and moves; else a sentence that names view and reason: readiness
  /// is 503.
  std::string reason;
  [[nodiscard]] bool is_ready() const { return reason.empty(); }
};

enum class WaitOutcome : std::uint8_t {
  reached,
  late,     ///< not within the time given
  stopped,  ///< the view, or the runner, has stopped
  refused,  ///< too many are waiting
};

/// Threads: every call from any thread.
class Runner {
 public:
  /// Opens the views, throws away those whose checkpoint is not on the store's chain, and follows.
  /// The store must outlive the runner. Throws StorageError when a folder cannot be made.
  static std::unique_ptr<Runner> start(const eventstore::Store& store, std::vector<ViewSpec> views,
                                       RunnerOptions options);
  virtual ~Runner() = default;  ///< stops

  /// Calls `done` once, when the view (empty: every view) has reached the platform's position, or
  /// not. At once on the caller's thread when it is so already, else on a runner's thread: it must
  /// not block. Bounded: `most_waiters`.
  virtual void when_reached(std::string_view view, domain::PlatformId platform,
                            std::uint64_t position, std::chrono::milliseconds at_most,
                            std::function<void(WaitOutcome)> done) = 0;
  /// The same, blocking: for the command line and tests.
  WaitOutcome wait_for(std::string_view view, domain::PlatformId platform, std::uint64_t position,
                       std::chrono::milliseconds at_most);

  /// Builds the view anew beside the one that serves, then switches; returns at once. False when
  /// there is no such view or it is being built already. A stopped view starts again this way.
  virtual bool rebuild(std::string_view view) = 0;
  [[nodiscard]] virtual RunnerHealth health() const = 0;
  /// Waiters are told `stopped`; threads end, views stay open for whoever reads them.
  virtual void stop() = 0;
};

}  // namespace meent::projections
