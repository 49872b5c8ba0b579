#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "api/node.h"
#include "api/router.h"
#include "eventstore/home.h"

/// A cluster as one side of a moved platform: what `meent migrate` asks its nodes for, under the
/// cluster's secret (docs/migrate.md).
namespace meent::api {

/// POST, with ?platform=ID where a platform is meant. Version 1.
inline constexpr std::string_view moving_prefix = "/internal/v1/moving/";

/// Answers one request at a time, on a thread of its own, since moving waits for the log.
class MovingDesk {
 public:
  /// All outlive it.
  MovingDesk(const Node& node, const eventstore::KeyBytes& secret);
  ~MovingDesk();  ///< drops what waits, unanswered
  MovingDesk(const MovingDesk&) = delete;
  MovingDesk& operator=(const MovingDesk&) = delete;

  /// The partition whose owner must answer; nothing: any node may. `partitions`: of the log.
  [[nodiscard]] static std::optional<std::uint32_t> partition_for(const Request& request,
                                                                  std::uint32_t partitions);
  /// Refuses when too many wait. Threads: any.
  void answer(const Request& request, Respond respond);

 private:
  void work();
  Response answer_now(const Request& request);

  const eventstore::KeyBytes& secret_;
  eventstore::NodeHome home_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<const Request*, Respond>> waiting_;
  bool is_stopping_ = false;
  std::thread thread_;  ///< last
};

/// The other end: a cluster, through one of its nodes.
std::unique_ptr<eventstore::Home> remote_home(const std::string& url,
                                              const eventstore::KeyBytes& secret);

}  // namespace meent::api
