#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/world.h"

namespace meent::simulation {

/// Faults drawn from the seed, a few every second, and in some runs one disaster. Threads: one.
class Trouble {
 public:
  explicit Trouble(World& world) : world_(world) {}
  /// Goes on until the world is calm.
  void begin(Millis time);

 private:
  void next();
  // Links and time
  void cut_from_brokers();
  void cut_nodes();
  void read_slowly();
  void wake_cut_off();
  void read_keys_slowly();
  void sleep();
  void jump_clock();
  void lose_keys_topic();
  // Nodes and disks
  void kill();
  void lose_power();
  void lose_disk();
  void clone();
  void put_back_old_keys();
  void claim_at_once();
  // Bytes
  void put_foreign();
  void put_damaged();
  void put_second_genesis();
  void repeat_old();
  void put_as_claimant();
  void put_first_record_again();
  void put_as_other_writer();
  void put_of_old_epoch();
  void put_misplaced();
  void put_checkpoint();
  void destroy_key();
  // Disasters
  void disaster();
  void put_claim_ahead();
  void put_group_ahead();
  void put_undecodable();

  Node& some();
  std::uint32_t some_partition();
  domain::PlatformId some_platform();
  void restart_later(Node& node);
  void put(std::uint32_t partition, std::uint64_t epoch, eventstore::WriterId writer,
           std::variant<eventstore::Genesis, eventstore::Claim, eventstore::Group,
                        eventstore::CheckpointMark>
               body);
  /// A record that would follow the platform's last; nothing before the first.
  std::optional<std::string> following_record(domain::PlatformId platform, bool is_decodable);
  /// Records that count.
  std::vector<std::string> groups_in(std::uint32_t partition);

  World& world_;
  /// What happens more often in a run than in others.
  enum class Leaning : std::uint8_t {
    evenly,
    zombies,    ///< nodes that wake up cut off
    takeovers,  ///< claims, while some read slowly
  };
  Leaning leaning_ = Leaning::evenly;
  Millis longest_pause_{0};  ///< between two faults
};

}  // namespace meent::simulation
