#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/applier.h"

/// What routes tell about consumers, which they do not know themselves: the composition root does.
namespace meent::api {

struct ConsumerHealth {
  std::string name;
  bool is_live = true;
  std::string error;             ///< why it stopped, or the last failure of what is tried again
  std::uint64_t done_count = 0;  ///< effects since the start
  std::uint64_t lag_events = 0;  ///< written and not done yet
  /// Platforms that are behind, the furthest first; not all when there are many.
  std::vector<std::pair<domain::PlatformId, std::uint64_t>> furthest;
  std::vector<eventstore::StoppedPlatform> stopped_platforms;
};

/// Consumers that run beside the server. Threads: any.
class RunningConsumers {
 public:
  virtual ~RunningConsumers() = default;  ///< stops
  [[nodiscard]] virtual std::vector<ConsumerHealth> health() const = 0;
  /// Effects under way are finished, if that takes a moment only.
  virtual void stop() = 0;
};

}  // namespace meent::api
