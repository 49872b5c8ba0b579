#pragma once
#include <functional>
#include <memory>
#include <string>

#include "eventstore/membership.h"
#include "eventstore/shared_keys.h"
#include "tests/simulation/ask.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/disk.h"

/// One whole node, stepped: keys, store, sequencer, membership, a view, and forwarding over
/// simulated links. Threads: one.
namespace meent::simulation {

class Node;

/// What nodes see of the world around them.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual Schedule& schedule() = 0;
  virtual Random& random() = 0;
  virtual Broker& broker() = 0;
  /// The node that answers at this address; null: nobody does.
  virtual Node* node_at(const std::string& url) = 0;
  [[nodiscard]] virtual bool is_cut(std::size_t from, std::size_t to) const = 0;
  /// An outcome as it leaves a sequencer.
  virtual void check(Node& node, const Ask& ask, const Judged& judged,
                     const eventstore::Outcome& outcome) = 0;
  virtual void fail(const std::string& what) = 0;
  virtual void trace(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) = 0;
};

class Node {
 public:
  using Reply = std::function<void(const eventstore::Outcome&)>;

  Node(Surroundings& around, std::size_t number, std::unique_ptr<Disk> disk);

  void start();
  /// kill -9: what was written stays.
  void kill();
  void lose_power();
  void lose_disk();
  /// Starts with `keys/` as they were at the last `keep_keys`.
  void keep_keys() { old_keys_ = disk_->key_bytes(); }
  void put_back_keys();
  /// Takes one turn, if it is up and awake.
  void step();
  void sleep_for(Millis time) { asleep_until_ = around_.schedule().now() + time; }
  void wake() { asleep_until_ = {}; }
  void jump_clock(Millis by) { clock_skew_ += by; }
  void set_clock_right() { clock_skew_ = Millis(0); }
  void claim(std::uint32_t partition);

  /// A command from a client: answered here, by the owner, or `moved` when there is none in time.
  /// Nothing is replied when the node dies meanwhile.
  void handle(const AskPtr& ask, Reply reply);

  [[nodiscard]] bool is_up() const { return sequencer_ != nullptr; }
  [[nodiscard]] bool is_awake() const { return around_.schedule().now() >= asleep_until_; }
  /// Has read the log to its end, lately.
  [[nodiscard]] bool is_serving() const;
  /// It ended because the log is another one than it has applied; it does not start again by
  /// itself.
  [[nodiscard]] bool has_seen_change() const { return has_seen_change_; }
  [[nodiscard]] std::size_t number() const { return number_; }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] DiskStore& store() const { return *disk_->store; }
  [[nodiscard]] DiskView& view() const { return disk_->view; }
  [[nodiscard]] const eventstore::SharedKeys& keys() const { return *keys_; }
  [[nodiscard]] eventstore::SharedKeys& keys() { return *keys_; }
  [[nodiscard]] const eventstore::SteppedSequencer& sequencer() const { return *sequencer_; }
  [[nodiscard]] eventstore::SteppedSequencer& sequencer() { return *sequencer_; }
  /// Another number after every start and end.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  [[nodiscard]] std::unique_ptr<Disk> copy_disk() const { return disk_->copy(); }

 private:
  struct Try;
  [[nodiscard]] domain::Timestamp wall() const;
  void join();
  void submit(const AskPtr& ask, std::uint64_t after, const Reply& reply);
  void end(const char* why);

  Surroundings& around_;
  const std::size_t number_;
  const std::string url_;
  std::unique_ptr<Disk> disk_;
  std::string old_keys_;
  Millis clock_skew_{0};
  SteadyTime asleep_until_{};
  bool has_seen_change_ = false;
  std::uint64_t life_ = 0;  ///< counts starts
  std::uint64_t turn_ = 0;
  std::unique_ptr<eventstore::Log> log_;
  std::unique_ptr<eventstore::SharedKeys> keys_;
  std::unique_ptr<eventstore::SteppedSequencer> sequencer_;
  std::unique_ptr<eventstore::Membership> membership_;
};

}  // namespace meent::simulation
