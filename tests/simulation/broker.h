#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "eventstore/log.h"
#include "eventstore/topic.h"
#include "tests/simulation/random.h"
#include "tests/simulation/schedule.h"

/// Brokers in virtual time: a log of some partitions and two topics, with all that a broker, its
/// client and the network between may do. Threads: one.
namespace meent::simulation {

/// How one node reaches the brokers.
struct BrokerLink {
  bool is_cut = false;
  Millis read_delay{2};      ///< from landing until this node can read it
  Millis keys_delay{2};      ///< the same for the topic of keys
  std::size_t trouble = 60;  ///< of a thousand appends, how many meet a fault
  bool knows_new = true;     ///< newer envelopes can be read
};

/// The longest a node's reading lags behind while it is not cut off.
inline constexpr Millis longest_read_delay{600};

class Broker {
 public:
  Broker(Schedule& schedule, Random& random, std::uint32_t partitions)
      : schedule_(schedule), random_(random), partitions_(partitions) {}

  [[nodiscard]] std::uint32_t partitions() const {
    return static_cast<std::uint32_t>(partitions_.size());
  }
  /// Told of every envelope as it lands.
  std::function<void(const eventstore::LogEntry&)> landed;
  std::uint64_t fault_count = 0;
  bool is_calm = false;  ///< no new faults

  BrokerLink& link(std::size_t node) { return links_[node]; }
  /// Somebody's bytes at the end, now. `is_new`: only for who knows newer versions.
  void put(std::uint32_t partition, std::string bytes, bool is_new = false);
  /// What lands in this partition from now on is written by newer software.
  void raise(std::uint32_t partition) { partitions_[partition].is_raised = true; }
  /// What was appended last is gone, as after an unclean election; every connection broke too.
  /// The very same bytes never come to lie at the very same offset again: a reader that compares
  /// the last entry it has read could not notice such a cut.
  void cut(std::uint32_t partition, std::size_t count);
  [[nodiscard]] const std::vector<eventstore::LogEntry>& entries(std::uint32_t partition) const {
    return partitions_[partition].entries;
  }

  std::unique_ptr<eventstore::Log> open_log(std::size_t node);
  enum class TopicName : std::uint8_t { keys, beats };
  std::unique_ptr<eventstore::Topic> open_topic(TopicName name, std::size_t node);
  /// Publishing to it is not confirmed and gets lost.
  bool is_keys_away = false;

 private:
  friend class BrokerLog;
  friend class BrokerTopic;
  struct Partition {
    std::vector<eventstore::LogEntry> entries;
    std::vector<SteadyTime> landed_at;
    std::vector<bool> is_new;
    std::uint64_t next_offset = 0;
    bool is_raised = false;
    std::map<std::uint64_t, std::string> gone;  ///< what a cut took, by offset
  };
  struct TopicPart {
    eventstore::TopicEntry entry;
    SteadyTime landed_at;
  };
  void append(std::size_t node, std::uint32_t partition, std::span<const std::string> envelopes);
  void land_in(std::uint32_t partition, Millis delay, const std::string& bytes);
  Millis usual_delay(std::size_t node, std::uint32_t partition);

  Schedule& schedule_;
  Random& random_;
  std::vector<Partition> partitions_;
  std::map<std::size_t, BrokerLink> links_;
  std::map<std::pair<std::size_t, std::uint32_t>, SteadyTime> last_landing_;
  std::map<TopicName, std::vector<TopicPart>> topics_;
  std::uint64_t cut_count_ = 0;
};

}  // namespace meent::simulation
