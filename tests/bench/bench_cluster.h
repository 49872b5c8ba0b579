#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/seal.h"
#include "tests/bench/bench_community.h"
#include "tests/bench/bench_server.h"
#include "tests/kafka/kafka_cluster.h"

/// Three real brokers and some real nodes on loopback, with one community to load.
namespace meent::bench {

/// Seconds of processor time, since each process began.
struct ProcessorTime {
  double owner = 0;      ///< of the community's partition
  double followers = 0;  ///< all other nodes
  double brokers = 0;
  double client = 0;  ///< this process
};

class BenchCluster {
 public:
  static constexpr std::uint32_t partition_count = 3;

  /// Starts the brokers and so many nodes; returns when they own all partitions.
  BenchCluster(std::string meent, std::filesystem::path folder, std::size_t node_count);
  ~BenchCluster();
  BenchCluster(const BenchCluster&) = delete;
  BenchCluster& operator=(const BenchCluster&) = delete;

  /// One more node, with an empty disk; not started.
  std::size_t add_node();
  /// Returns once it listens, not yet ready. After a stop it goes on with its disk.
  void start(std::size_t node);
  void stop(std::size_t node);  ///< SIGTERM
  void kill(std::size_t node);  ///< kill -9
  /// Throws when it is not ready in time.
  void wait_until_ready(std::size_t node) const;
  /// Every partition has one owner and every running node has read all of the log.
  void wait_until_settled() const;

  [[nodiscard]] std::uint16_t port(std::size_t node) const { return nodes_[node].port; }
  /// The node that owns the community's partition, and one that does not.
  [[nodiscard]] std::size_t owner() const;
  [[nodiscard]] std::size_t follower() const;
  [[nodiscard]] std::unique_ptr<api::ApiCaller> caller(std::size_t node,
                                                       const std::string& token = {}) const;

  [[nodiscard]] const std::string& addresses() const { return brokers_.addresses(); }
  /// The community's.
  [[nodiscard]] std::uint32_t partition() const { return partition_; }
  [[nodiscard]] const std::filesystem::path& folder(std::size_t node) const {
    return nodes_[node].folder;
  }
  [[nodiscard]] const std::string& program() const { return meent_; }
  [[nodiscard]] ProcessorTime processor_time() const;
  /// The first offset after all that the owner has read of the community's partition.
  [[nodiscard]] std::int64_t end_of_log() const;

  BenchCommunity community;

 private:
  struct RunningNode {
    std::filesystem::path folder;
    std::uint16_t port = 0;
    std::unique_ptr<Child> child{};
  };
  [[nodiscard]] std::string url(std::size_t node) const;
  [[nodiscard]] std::string status(std::size_t node) const;  ///< JSON of GET /api/v1/nodes
  void make_community();

  std::string meent_;
  std::filesystem::path folder_;
  tests::KafkaCluster brokers_;
  eventstore::KeyBytes secret_{};
  std::vector<RunningNode> nodes_;
  std::uint32_t partition_ = 0;
  std::string operator_token_;
};

}  // namespace meent::bench
