#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/moving.h"
#include "tests/simulation/aside.h"
#include "tests/simulation/population.h"
#include "tests/simulation/site.h"
#include "tests/simulation/story.h"
#include "tests/simulation/world.h"

/// One run of two logs, each with nodes of its own, between which a platform moves there and back
/// while people go on; by production's mover, which is killed and run again. Threads: one at a
/// time.
namespace meent::simulation {

RunReport run_moving(const RunOptions& options);

class MovingWorld final : public Reachable, public Region {
 public:
  explicit MovingWorld(const RunOptions& options);
  RunReport run();

  // Reachable and Region ----------------------------------------------------------------------
  Schedule& schedule() override { return schedule_; }
  Random& random() override { return random_; }
  Broker& broker() override { return sites_.front()->broker(); }
  Node* node_at(const std::string&) override { return nullptr; }  // each log knows its own
  bool is_cut(std::size_t, std::size_t) const override { return false; }
  void check(Node&, const Ask&, const Judged&, const eventstore::Outcome&) override {}
  void fail(const std::string& what) override;
  void trace(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) override;
  Node* some_node() override;
  bool may_be_lost(domain::PlatformId) const override { return false; }
  bool is_destroyed(domain::KeyId) const override { return false; }
  void check_record(Site& site, const eventstore::Record& record,
                    std::optional<domain::LogId> lived_in) override;
  [[nodiscard]] domain::PlatformId platform() const override { return platform_; }

 private:
  /// One run of `meent migrate`.
  struct Mover {
    std::unique_ptr<Aside> aside;
    bool has_arrived = false;
  };
  [[nodiscard]] Site& from() { return *sites_[from_]; }
  [[nodiscard]] Site& to() { return *sites_[1 - from_]; }
  void start_mover();
  void move(Aside& aside, Mover& mover);
  void go_on(const std::weak_ptr<Mover>& mover);
  void next_trouble();
  void trouble();
  void count(const char* kind);
  void calm_down();
  void check_end();
  void run_for(Millis time);

  RunOptions options_;
  Random random_;
  Random key_random_;
  Schedule schedule_;
  domain::PlatformId platform_;
  Story story_;
  RunReport report_;
  std::vector<std::unique_ptr<Site>> sites_;
  std::size_t from_ = 0;          ///< the log that the platform is to leave next
  bool is_registered_ = false;    ///< in the first directory
  bool is_under_way_ = false;     ///< from a move's first run to the end of its last
  std::uint64_t move_count_ = 0;  ///< that came to their end
  std::shared_ptr<Mover> mover_;  ///< null: none runs
  bool is_calm_ = false;
  Population population_;
};

}  // namespace meent::simulation
