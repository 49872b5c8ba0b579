#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "api/node.h"
#include "api/node_seal.h"
#include "api/peer_client.h"
#include "api/platform_founding.h"
#include "api/router.h"
#include "eventstore/replicated.h"

/// The API of one node among several: commands go to whoever owns the platform's partition, once,
/// and come back as if this node had answered (ARCHITECTURE §4, LOG.md §5).
namespace meent::api {

struct ClusterCounts {
  std::uint64_t forwarded = 0;  ///< requests sent on, each try
  std::uint64_t repeated = 0;   ///< tries after the first
  std::uint64_t received = 0;   ///< requests taken from other nodes
  std::uint64_t given_up = 0;   ///< answered 503 because no owner was found in time
};

class Cluster {
 public:
  /// All outlive it, and requests in flight.
  Cluster(const Node& node, eventstore::Replicated& replicated, const Router& router);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Answers here, or forwards. Requests from other nodes are answered here or refused as moved.
  void dispatch(Request& request, Respond respond);
  /// What is left of a founding once the directory has registered it, by the partition's owner.
  void found(PlatformFounding founding, domain::PlatformId platform, FoundingDone done);
  [[nodiscard]] ClusterCounts counts() const;
  /// All nodes as they are heard now, by url; none before this one has joined.
  [[nodiscard]] std::vector<eventstore::Ownership::Peer> peers() const;
  /// In words: how far it has read the log, and how far the others say it goes.
  [[nodiscard]] std::string reading_progress() const;
  /// For how long each partition had no owner, as this node saw it; none before it has joined.
  [[nodiscard]] std::vector<std::chrono::milliseconds> without_owner() const;
  /// This node's clock is as the log's, as far as is known.
  [[nodiscard]] bool is_clock_right() const;

 private:
  struct Try;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meent::api
