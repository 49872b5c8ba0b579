#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "consumers/consumer.h"
#include "eventstore/sequencer.h"

/// Follows the log for one consumer, at least once, with its checkpoints in the log.
namespace meent::consumers {

struct FollowerOptions {
  std::string name;  ///< whose checkpoints they are: "publisher"
  std::chrono::milliseconds checkpoint_interval{2000};
  std::chrono::milliseconds idle_wait{50};
  std::chrono::milliseconds longest_goodbye{3000};  ///< for effects under way at `stop`
};

struct PlatformLag {
  domain::PlatformId platform;
  std::uint64_t events = 0;
};
struct FollowerHealth {
  std::string name;
  std::string stopped_why;  ///< empty while it follows
  std::string last_error;   ///< of an effect that is tried again
  std::uint64_t done_count = 0;
  std::uint64_t lag_events = 0;       ///< written and not done yet, all platforms
  std::vector<PlatformLag> furthest;  ///< platforms that are behind, the furthest first; 0..100
  std::vector<eventstore::StoppedPlatform> stopped_platforms;
};

/// Runs where the partition is owned: when that changes, the consumer is made anew and goes on from
/// the checkpoints. A consumer that remembers nothing is given the history from its beginning each
/// time; what lies before a checkpoint only to remember. A record that cannot be decoded stops its
/// platform, a checkpoint that is not on the chain the follower; both say so, and neither stops
/// anything else. Threads: one of its own; every call from any thread.
class Follower {
 public:
  using Make = std::function<std::unique_ptr<Consumer>()>;

  /// Store and sequencer outlive it.
  Follower(const eventstore::Store& store, eventstore::Sequencer& sequencer, Make make,
           FollowerOptions options);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower();  ///< stops

  [[nodiscard]] FollowerHealth health() const;
  /// Lets effects under way finish for a moment, writes the last checkpoints, ends the thread.
  void stop();

 private:
  struct Turn;

  void run(const std::stop_token& stop);
  void follow(Turn& turn, const std::stop_token& stop);
  bool read(Turn& turn);
  void take(Turn& turn, const eventstore::StoredEnvelope& stored);
  [[nodiscard]] std::uint64_t checkpoint_position(domain::PlatformId platform) const;
  void note_settled(Turn& turn);
  void write_checkpoints(Turn& turn);
  void say_goodbye(Turn& turn);
  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint64_t>> owned() const;

  const eventstore::Store& store_;
  eventstore::Sequencer& sequencer_;
  Make make_;
  FollowerOptions options_;

  mutable std::mutex mutex_;
  std::shared_ptr<Consumer> consumer_;  ///< nothing while no partition is owned
  std::string stopped_why_;
  std::map<domain::PlatformId, std::uint64_t> done_positions_;
  std::vector<eventstore::StoppedPlatform> stopped_platforms_;
  std::uint64_t earlier_done_count_ = 0;  ///< of consumers made before

  std::jthread thread_;
};

}  // namespace meent::consumers
