#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/home.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/truth.h"

/// One of two logs between which a platform moves: its brokers and nodes. Threads: one.
namespace meent::simulation {

class Site;

/// What both logs are in.
class Region {
 public:
  virtual ~Region() = default;
  virtual Schedule& schedule() = 0;
  virtual Random& random() = 0;
  virtual void fail(const std::string& what) = 0;
  virtual void trace(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) = 0;
  /// A record of the platform that counts. `lived_in`: which log it lived in before that, by this
  /// one.
  virtual void check_record(Site& site, const eventstore::Record& record,
                            std::optional<domain::LogId> lived_in) = 0;
  [[nodiscard]] virtual domain::PlatformId platform() const = 0;
};

class Site final : public Surroundings {
 public:
  /// With this many partitions and nodes, which begin to run. `number`: 0 or 1.
  Site(Region& region, std::size_t number, std::uint32_t partitions, std::size_t nodes);

  // Surroundings -------------------------------------------------------------------------------
  Schedule& schedule() override { return region_.schedule(); }
  Random& random() override { return region_.random(); }
  Broker& broker() override { return broker_; }
  Node* node_at(const std::string& url) override { return fleet_.at(url); }
  bool is_cut(std::size_t from, std::size_t to) const override {
    return fleet_.is_cut(from, to, region_.schedule().now());
  }
  void check(Node& node, const Ask& ask, const Judged& judged,
             const eventstore::Outcome& outcome) override;
  void fail(const std::string& what) override;
  void trace(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) override {
    region_.trace(what, a, b, c);
  }

  [[nodiscard]] domain::LogId log() const { return log_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const PlatformTruth& history() const { return truth_.platform(region_.platform()); }
  /// Which log the platform lives in, by this one's records.
  [[nodiscard]] std::optional<domain::LogId> residence() const;
  [[nodiscard]] std::vector<std::unique_ptr<Node>>& nodes() { return fleet_.nodes; }
  [[nodiscard]] std::uint32_t partition() const;
  [[nodiscard]] const Truth& truth() const { return truth_; }
  Node& some() { return *random().pick(fleet_.nodes); }
  /// Any that is up; null: none.
  Node* some_up() { return fleet_.some_up(random()); }
  /// The node that owns it, is up and awake; null: none.
  Node* owner(std::uint32_t partition);
  void cut_nodes(std::size_t one, std::size_t other, Millis time) {
    fleet_.cut(one, other, schedule().now() + time);
  }
  /// Makes the log's directory, unless somebody has.
  void make_directory();
  void calm_down();
  void revive();
  void check_end();

 private:
  void turn(Node& node);
  void land(const eventstore::LogEntry& entry);
  void check_keys(Node& node);

  Region& region_;
  std::size_t number_;
  std::string name_;
  domain::LogId log_;
  Broker broker_;
  Truth truth_;
  Fleet fleet_;
};

/// A site as the mover sees it: production's `NodeHome` on one of its nodes, over a link that loses
/// requests and answers. Called aside.
class SiteHome final : public eventstore::Home {
 public:
  SiteHome(Site& site, std::function<void(Millis)> sleep) : site_(site), sleep_(std::move(sleep)) {}

  [[nodiscard]] std::string name() const override { return site_.name(); }
  domain::LogId log() override;
  std::optional<eventstore::Resident> find(std::string_view id_or_slug) override;
  void enter(const eventstore::Resident& resident) override;
  void place(domain::PlatformId platform, domain::LogId log) override;
  std::vector<std::string> records(domain::PlatformId platform, std::uint64_t after) override;
  std::vector<eventstore::MovedKey> keys(const std::vector<domain::KeyId>& ids) override;
  void take_keys(domain::PlatformId platform,
                 const std::vector<eventstore::MovedKey>& keys) override;
  void take(domain::PlatformId platform, const std::vector<std::string>& records) override;

 private:
  /// By the owner of this partition; nothing: by any node.
  template <class Call>
  std::invoke_result_t<Call, eventstore::NodeHome&> ask(std::optional<std::uint32_t> partition,
                                                        Call call);
  void travel();

  Site& site_;
  std::function<void(Millis)> sleep_;
};

}  // namespace meent::simulation
