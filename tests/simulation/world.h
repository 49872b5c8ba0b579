#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/fleet.h"
#include "tests/simulation/population.h"
#include "tests/simulation/story.h"
#include "tests/simulation/truth.h"

/// One run: nodes, brokers, people, and the checks that never stop. Threads: one.
namespace meent::simulation {

struct RunOptions {
  std::uint64_t seed = 1;
  Millis trouble_for{12'000};
  bool tells = false;  ///< prints everything that happens
};

struct RunReport {
  std::uint64_t seed = 0;
  std::string failure;             ///< empty: all is well
  std::vector<std::string> story;  ///< the last things that happened
  std::uint64_t digest = 0;        ///< of everything that happened
  std::uint64_t fault_count = 0;
  std::map<std::string, std::uint64_t> faults;  ///< by kind
  PopulationCounts people;
  std::uint64_t applied_count = 0, void_count = 0;
  Millis time{0};  ///< virtual
};

RunReport run(const RunOptions& options);

class World final : public Reachable {
 public:
  explicit World(const RunOptions& options);
  RunReport run();

  // Surroundings -------------------------------------------------------------------------------
  Schedule& schedule() override { return schedule_; }
  Random& random() override { return random_; }
  Broker& broker() override { return broker_; }
  Node* node_at(const std::string& url) override { return fleet_.at(url); }
  bool is_cut(std::size_t from, std::size_t to) const override {
    return fleet_.is_cut(from, to, schedule_.now());
  }
  void check(Node& node, const Ask& ask, const Judged& judged,
             const eventstore::Outcome& outcome) override;
  void fail(const std::string& what) override;
  void trace(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) override;
  Node* some_node() override { return fleet_.some_up(random_); }
  bool may_be_lost(domain::PlatformId platform) const override;
  bool is_destroyed(domain::KeyId key) const override { return destroyed_.contains(key); }

  // For Trouble --------------------------------------------------------------------------------
  [[nodiscard]] std::vector<std::unique_ptr<Node>>& nodes() { return fleet_.nodes; }
  [[nodiscard]] const Truth& truth() const { return *truth_; }
  [[nodiscard]] const std::vector<domain::PlatformId>& platforms() const { return platforms_; }
  Node& add_node(std::unique_ptr<Disk> disk);
  void cut_nodes(std::size_t one, std::size_t other, Millis time) {
    fleet_.cut(one, other, schedule_.now() + time);
  }
  void cut_log(std::uint32_t partition, std::size_t count);
  /// Newer software writes from now on; `old` does not know it.
  void raise(std::uint32_t partition, Node& old);
  void destroy_key(Node& node, domain::KeyId key);
  /// Counts a fault of this kind.
  void count(const char* kind);
  [[nodiscard]] bool is_calm() const { return broker_.is_calm; }

 private:
  void turn(Node& node);
  void check_node(Node& node);
  void check_new_entries(Node& node);
  void check_accepted(Node& node, const Ask& ask, const Judged& judged,
                      const eventstore::Accepted& accepted);
  void check_refused(Node& node, const Ask& ask, const Judged& judged,
                     const domain::Rejection& rejection);
  [[nodiscard]] std::optional<domain::CommandId> command_id(const Node& node, const Ask& ask) const;
  [[nodiscard]] std::uint32_t partition_of_platform(domain::PlatformId platform) const;
  void tell_nodes();
  void calm_down();
  void revive();
  void check_end();
  void check_end_of(Node& node);
  void check_platform(Node& node, domain::PlatformId platform);
  void check_keys(Node& node);
  void run_for(Millis time);
  [[nodiscard]] bool can_answer(domain::PlatformId platform) const;

  RunOptions options_;
  Random random_;
  Random key_random_;
  Schedule schedule_;
  Broker broker_;
  std::unique_ptr<Truth> truth_;
  std::vector<domain::PlatformId> platforms_;
  Fleet fleet_;
  std::map<std::size_t, std::uint64_t> checked_;    ///< by node: stored envelopes compared
  std::vector<std::vector<SteadyTime>> landed_at_;  ///< by partition
  std::set<domain::KeyId> destroyed_;
  std::map<std::uint32_t, SteadyTime> log_cuts_;                 ///< by partition
  std::optional<std::pair<std::uint32_t, std::size_t>> raised_;  ///< partition and old node
  Population population_;
  RunReport report_;
  Story story_;
  std::string last_unavailable_;
};

}  // namespace meent::simulation
