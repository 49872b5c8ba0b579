#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "projections/log_reader.h"
#include "projections/runner.h"
#include "projections/view_home.h"

namespace meent::projections {

/// One view under way in a lane.
struct Member {
  std::size_t entry = 0;  ///< which of the runner's views
  std::shared_ptr<OpenView> open;
  Checkpoint at;               ///< what has been applied, committed or not
  bool serves = false;         ///< else it is being built
  bool is_fresh = false;       ///< began at offset 0 in this run
  std::uint64_t ready_at = 0;  ///< offset at which a built one may serve
  LogReader::Wants wants;
  bool passes_over_repeats = false;
};

/// What a lane tells its runner, from the lane's thread.
class LaneEvents {
 public:
  virtual ~LaneEvents() = default;
  virtual void applied(const Member& member, std::uint64_t events) = 0;
  /// The member is not the lane's any more.
  virtual void failed(Member member, const std::string& why) = 0;
  virtual void off_chain(Member member, const std::string& why) = 0;
  /// Live lanes: a built member is not behind the others any more and serves from now on.
  virtual void serves_now(const Member& member) = 0;
  /// Building lanes: the member is near the tip and goes to its live lane.
  virtual void near_tip(Member member) = 0;
  virtual void turned(const std::map<domain::PlatformId, ChainMark>& moved) = 0;
  virtual void tick() = 0;  ///< every now and then
  [[nodiscard]] virtual bool has_waiters() const = 0;
};

/// A thread that goes through the log with some views. The one that is furthest behind goes first;
/// those at the same place go together.
class Lane {
 public:
  enum class Purpose : std::uint8_t { live, building };
  Lane(const eventstore::Store& store, const RunnerOptions& options, Purpose purpose,
       StoppedPlatforms& stopped, LaneEvents& events);
  ~Lane() { stop(); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Threads: any. The lane begins to run with `run`.
  void adopt(Member member);
  void run();
  /// Somebody waits: the next turn comes soon. Threads: any.
  void hurry();
  /// Ends the thread. A building lane ends by itself when it has no members left.
  void stop();
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  [[nodiscard]] bool is_short_of_space() const { return is_short_of_space_; }
  [[nodiscard]] std::chrono::milliseconds silent() const;

 private:
  using Clock = std::chrono::steady_clock;

  void loop(std::stop_token stopping);
  void take_adopted();
  /// Reads and applies one batch. False when there was nothing to do.
  bool turn();
  /// The next batch for those furthest behind; nothing when all are at the tip.
  std::optional<ReadBatch> next_batch();
  /// While views are built, the next batch is decoded as this one is applied.
  ReadBatch read(std::uint64_t from, std::uint64_t until, LogReader::Wants wants);
  void apply_to_members(const ReadBatch& batch);
  /// One text a member: empty, or why it failed.
  std::vector<std::string> apply(const std::vector<Member*>& members, const EventBatch& batch);
  void promote();
  void hand_over();
  void fail_all(const std::string& why);
  [[nodiscard]] bool has_space();
  void wait_for_work();
  void rest(Clock::time_point began, const std::stop_token& stopping);

  const eventstore::Store& store_;
  const RunnerOptions& options_;
  const Purpose purpose_;
  LaneEvents& events_;
  LogReader reader_;
  std::vector<Member> members_;

  std::mutex mutex_;
  std::condition_variable_any adopted_;
  std::vector<Member> inbox_;
  bool is_hurried_ = false;  ///< since the last rest; guarded too

  std::atomic<std::int64_t> last_sign_ = 0;
  std::atomic<bool> has_ended_ = false;
  std::atomic<bool> is_short_of_space_ = false;
  Clock::time_point space_looked_at_, ticked_at_;
  bool batch_was_full_ = false;
  struct ReadAhead {
    std::uint64_t from = 0, until = 0;
    std::size_t wanting = 0;  ///< members it was read for
    std::future<ReadBatch> batch;
  };
  std::optional<ReadAhead> ahead_;
  std::jthread thread_;
};

}  // namespace meent::projections
