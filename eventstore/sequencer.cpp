#include "eventstore/sequencer.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <mutex>
#include <thread>

#include "eventstore/desk.h"

namespace meent::eventstore {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_remembered_entries = 200'000;
constexpr std::size_t decisions_between_counts = 10'000;
constexpr std::size_t most_marks_waiting = 10'000;
constexpr int most_claims = 16;
constexpr milliseconds poll_interval{20};
constexpr milliseconds space_interval{100};
constexpr int exit_code_on_fail_stop = 70;

domain::Timestamp system_time() {
  return {
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

struct Partition {
  Partition(Log& log, Store& store, Keys& keys, const SequencerOptions& options,
            std::uint32_t partition_number, Desk::Stopped stopped)
      : number(partition_number),
        writer(log, store, keys, options, number),
        desk(store, keys, number, std::move(stopped)) {}
  const std::uint32_t number;

  PartitionWriter writer;  ///< the log thread's alone

  // The deciding thread's alone.
  Desk desk;
  PartitionRole known_role = PartitionRole::following;

  // What the two hand each other; under the mutex.
  PartitionRole role = PartitionRole::following;
  std::uint64_t epoch = 0;  ///< of our own claim
  std::string stopped_why;
  std::optional<std::string> claim_asked;  ///< the url to claim with
  std::vector<std::unique_ptr<OpenGroup>> for_log;
  std::vector<GroupEnd> ended;

  std::atomic<bool> is_log_idle = true;  ///< nothing is in flight or handed over
};

/// Two halves, each driven by a thread or, in a simulation, by `step`; a mutex around what they
/// hand each other.
class TwoHalves final : public SteppedSequencer {
 public:
  TwoHalves(Log& log, Store& store, Keys& keys, SequencerOptions options)
      : options_(std::move(options)),
        log_(log),
        store_(store),
        follower_(log, store, options_.level) {
    if (!options_.clock) options_.clock = system_time;
    if (!options_.fail_stop) options_.fail_stop = end_process;
    if (!options_.steady) options_.steady = [] { return std::chrono::steady_clock::now(); };
    for (std::uint32_t number = 0; number < log.partitions(); ++number) {
      partitions_.push_back(std::make_unique<Partition>(log, store, keys, options_, number,
                                                        [this] { return follower_.stopped(); }));
    }
  }
  ~TwoHalves() override { TwoHalves::stop(); }

  /// Reads the log to its end, begins it where it is empty, and claims every partition.
  void take_over() {
    while (log_turn(milliseconds(0), true) > 0) {
    }
    for (auto& one : partitions_) {
      one->writer.begin_log(options_.steady());
      await([&] { return store_.partition(one->number).genesis.has_value(); },
            "The log's first envelope did not appear.");
      for (int i = 0; i < most_claims && one->writer.role() != PartitionRole::owning; ++i) {
        one->writer.claim("", options_.steady());
        await([&] { return one->writer.role() != PartitionRole::claiming; },
              "The partition could not be claimed: the log does not give the claim back.");
      }
      if (one->writer.role() == PartitionRole::owning) continue;
      throw StorageError("The partition could not be claimed: other writers keep claiming it.",
                         true);
    }
  }

  void start_threads() {
    decide_thread_ = std::thread([this] {
      guarded([this] { decide_loop(); });
      // Whoever still waits after a failure is not answered.
      for (auto& one : partitions_) one->desk.abandon();
      immediate_.clear();
    });
    log_thread_ = std::thread([this] {
      guarded([this] { log_loop(); });
      for (auto& one : partitions_) one->writer.forget();
    });
  }

  void submit(Submission submission, std::function<void(Outcome)> done) override {
    bool is_stopping = false;
    {
      const std::lock_guard lock(mutex_);
      if (has_failed_) return;
      if (!is_stopping_ && waiting_count_ < options_.most_waiting) {
        ++waiting_count_;
        inbox_.push_back({std::move(submission), std::move(done)});
        if (inbox_.size() == 1) decide_wake_.notify_one();
        return;
      }
      is_stopping = is_stopping_;
    }
    done(is_stopping ? unavailable(Unavailable::Why::shutting_down, "The server is stopping.")
                     : unavailable(Unavailable::Why::queue_full, "Too many commands are waiting."));
  }

  void claim(std::uint32_t partition, std::string url) override {
    const std::lock_guard lock(mutex_);
    partitions_.at(partition)->claim_asked = std::move(url);
    wake_log();
  }

  void checkpoint(CheckpointMark mark) override {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || marks_.size() >= most_marks_waiting) return;
    marks_.push_back(std::move(mark));
    wake_log();
  }

  bool bring(domain::PlatformId platform, std::vector<std::string> records) override {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || brought_) return false;
    brought_.emplace(platform, std::move(records));
    wake_log();
    return true;
  }

  std::vector<PartitionStatus> partitions() const override {
    std::vector<PartitionStatus> out;
    for (const auto& one : partitions_) {
      const auto state = store_.partition(one->number);
      PartitionStatus status{.number = one->number,
                             .role = PartitionRole::following,
                             .epoch = state.epoch,
                             .claimant = state.claimant,
                             .owner_url = state.url,
                             .next_offset = store_.log_offset(one->number),
                             .stopped_why = {}};
      const std::lock_guard lock(mutex_);
      status.role = one->role;
      status.stopped_why = one->stopped_why;
      out.push_back(std::move(status));
    }
    return out;
  }

  PartitionRole role(std::uint32_t partition) const override {
    const std::lock_guard lock(mutex_);
    return partitions_.at(partition)->role;
  }

  std::optional<milliseconds> behind() const override {
    const std::lock_guard lock(mutex_);
    if (caught_up_at_ == SteadyTime()) return std::nullopt;
    return std::chrono::duration_cast<milliseconds>(options_.steady() - caught_up_at_);
  }

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      decide_wake_.notify_one();
      wake_log();
    }
    const std::lock_guard joining(join_mutex_);
    if (decide_thread_.joinable()) decide_thread_.join();
    if (log_thread_.joinable()) log_thread_.join();
  }

  SequencerCounts counts() const override {
    SequencerCounts out{.accepted = accepted_count_,
                        .refused = refused_count_,
                        .repeated = repeated_count_,
                        .groups = group_count_,
                        .writes = write_count_,
                        .waiting = waiting_count_};
    std::ranges::copy(void_counts_, out.voids.begin());
    return out;
  }
  std::uint32_t level() const override { return options_.level; }
  std::vector<StoppedPlatform> stopped() const override { return follower_.stopped(); }

  void step() override {
    log_turn(milliseconds(0), true);
    decide_turn();
    log_turn(milliseconds(0), true);
  }

 private:
  /// A thread's whole life. A disk or broker that failed ends the process here.
  void guarded(const std::function<void()>& loop) {
    try {
      loop();
    } catch (const std::exception& error) {
      {
        const std::lock_guard lock(mutex_);
        if (has_failed_.exchange(true)) return;
        inbox_.clear();
        answers_.clear();
        for (auto& one : partitions_) {
          one->for_log.clear();
          one->ended.clear();
        }
        decide_wake_.notify_one();
        wake_log();
      }
      options_.fail_stop(error.what());
    }
  }

  void await(const std::function<bool()>& is_reached, const char* otherwise) {
    const auto end = options_.steady() + options_.longest_read_back;
    while (!is_reached()) {
      log_turn(poll_interval, true);
      for (const auto& one : partitions_) {
        if (one->writer.role() == PartitionRole::stopped) {
          throw StorageError(one->writer.stopped_why(), false);
        }
      }
      if (!is_reached() && options_.steady() > end) throw StorageError(otherwise, true);
    }
  }

  // The deciding half --------------------------------------------------------------------------

  void decide_loop() {
    ::pthread_setname_np(::pthread_self(), "meent-decide");
    while (true) {
      {
        std::unique_lock lock(mutex_);
        decide_wake_.wait(lock, [this] {
          return has_failed_ || !inbox_.empty() || has_ended() || can_hand_over() ||
                 (is_stopping_ && is_done());
        });
        if (has_failed_) return;
      }
      decide_turn();
      const std::lock_guard lock(mutex_);
      if (is_stopping_ && inbox_.empty() && !has_ended() && is_done()) {
        decide_is_done_ = true;
        wake_log();
        return;
      }
    }
  }

  // Under the mutex.
  bool has_ended() const {
    return std::ranges::any_of(partitions_, [](const auto& one) { return !one->ended.empty(); });
  }
  bool can_hand_over() const {
    return std::ranges::any_of(
        partitions_, [](const auto& one) { return one->is_log_idle && one->desk.has_groups(); });
  }
  bool is_done() const {
    return std::ranges::all_of(partitions_, [](const auto& one) { return one->desk.is_idle(); });
  }

  void decide_turn() {
    std::deque<Pending> taken;
    {
      const std::lock_guard lock(mutex_);
      taken.swap(inbox_);
      is_fresh_ =
          !follower_.must_poll() || options_.steady() - caught_up_at_ < options_.longest_unread;
    }
    for (auto& one : partitions_) finish(*one);
    const auto free_space = has_space();
    for (auto& pending : taken) {
      auto& partition = partition_of_platform(pending.submission.platform);
      decide(partition, pending, free_space);
      if (partition.is_log_idle) {
        finish(partition);
        hand_over(partition);
      }
    }
    for (auto& one : partitions_) hand_over(*one);
    give_answers();
    if (decided_count_ >= decisions_between_counts) forget_some();
  }

  Partition& partition_of_platform(domain::PlatformId id) {
    return *partitions_[partition_of(id, static_cast<std::uint32_t>(partitions_.size()))];
  }

  bool has_space() {
    const auto now = options_.steady();
    if (now - space_seen_at_ >= space_interval) {
      space_seen_at_ = now;
      has_space_ = store_.free_bytes() >= options_.least_free_bytes;
    }
    return has_space_;
  }

  void decide(Partition& partition, Pending& pending, bool has_space) {
    ++decided_count_;
    const auto refuse = [&](Unavailable why) {
      immediate_.push_back({std::move(pending.done), std::move(why)});
    };
    if (partition.known_role == PartitionRole::stopped) {
      return refuse(unavailable(Unavailable::Why::platform_stopped,
                                "This part of the log cannot be followed any further here."));
    }
    if (partition.known_role != PartitionRole::owning || !is_fresh_) return refuse(moved());
    if (partition.desk.is_settling()) return refuse(outcome_unknown());
    if (!has_space) {
      return refuse(
          unavailable(Unavailable::Why::no_space, "The disk is almost full; reading goes on."));
    }
    partition.desk.decide(pending, options_.clock(), immediate_);
  }

  /// Takes what the log thread tells of a partition: its role, and groups' fates.
  void finish(Partition& partition) {
    std::vector<GroupEnd> ended;
    std::uint64_t epoch = 0;
    {
      const std::lock_guard lock(mutex_);
      ended.swap(partition.ended);
      partition.known_role = partition.role;
      epoch = partition.epoch;
    }
    auto& desk = partition.desk;
    desk.begin(epoch, immediate_);
    const bool is_owner = partition.known_role == PartitionRole::owning;
    for (auto& end : ended) {
      for (auto& pending : desk.finish(end, is_owner, immediate_)) decide(partition, pending, true);
    }
  }

  /// Gives the log thread some groups of each lane, where the log is idle.
  void hand_over(Partition& partition) {
    if (!partition.is_log_idle) return;
    auto groups = partition.desk.take_groups(immediate_);
    if (groups.empty()) return;
    const std::lock_guard lock(mutex_);
    if (has_failed_) return;
    partition.is_log_idle = false;
    partition.for_log = std::move(groups);
    wake_log();
  }

  void give_answers() {
    if (immediate_.empty()) return;
    const std::lock_guard lock(mutex_);
    if (has_failed_) return;
    for (auto& answer : immediate_) answers_.push_back(std::move(answer));
    immediate_.clear();
    wake_log();
  }

  void forget_some() {
    decided_count_ = 0;
    std::size_t count = 0;
    for (const auto& one : partitions_) count += one->desk.entry_count();
    if (count <= most_remembered_entries) return;
    for (const auto& one : partitions_) one->desk.drop_settled();
  }

  // The log half -------------------------------------------------------------------------------

  void log_loop() {
    ::pthread_setname_np(::pthread_self(), "meent-log");
    while (true) {
      if (!follower_.must_poll()) {
        std::unique_lock lock(mutex_);
        log_wake_.wait(lock, [this] {
          return has_failed_ || decide_is_done_ || has_work_for_log() || has_in_flight();
        });
      }
      {
        const std::lock_guard lock(mutex_);
        if (has_failed_) return;
        if (decide_is_done_ && !has_work_for_log()) return;
      }
      log_turn(poll_interval, follower_.must_poll());
    }
  }

  /// Under the mutex.
  bool has_work_for_log() const {
    return !answers_.empty() || !marks_.empty() || brought_ ||
           std::ranges::any_of(partitions_, [](const auto& one) {
             return one->claim_asked || !one->for_log.empty();
           });
  }
  bool has_in_flight() const {
    return std::ranges::any_of(partitions_,
                               [](const auto& one) { return one->writer.has_in_flight(); });
  }
  /// Under the mutex.
  void wake_log() {
    log_wake_.notify_one();
    log_.wake();
  }

  /// Appends what was handed over, and reads and applies what came, waiting up to `wait` for it.
  /// Does not look when nothing of ours can have come, unless `always`. Returns how many entries
  /// that were.
  std::size_t log_turn(milliseconds wait, bool always) {
    const bool has_appended = append_all();
    std::vector<AppliedEntry> applied;
    if (always || has_appended || has_in_flight()) {
      applied = follower_.follow(wait, options_.steady());
    }
    std::vector<std::vector<GroupEnd>> ends(partitions_.size());
    for (const auto& entry : applied) {
      const auto number = entry.entry.partition;
      if (const auto* reason = std::get_if<Void>(&entry.verdict)) {
        ++void_counts_[static_cast<std::size_t>(reason->reason)];
      }
      partitions_[number]->writer.settle(entry, ends[number]);
    }
    std::vector<Answer> answers;
    const auto now = options_.steady();
    std::uint64_t write_count = 0;
    for (auto& one : partitions_) {
      auto& of_this = ends[one->number];
      one->writer.follow_up(now, of_this);
      for (auto& end : of_this) take_answers(end, one->writer, answers);
      write_count += one->writer.write_count;
    }
    write_count_ = write_count;
    publish(ends);
    send(answers);
    return applied.size();
  }

  bool append_all() {
    std::vector<Answer> answers;
    std::vector<CheckpointMark> marks;
    std::optional<Brought> brought;
    std::vector<std::pair<Partition*, std::vector<std::unique_ptr<OpenGroup>>>> groups;
    std::vector<std::pair<Partition*, std::string>> claims;
    {
      const std::lock_guard lock(mutex_);
      answers.swap(answers_);
      marks.swap(marks_);
      brought.swap(brought_);
      for (auto& one : partitions_) {
        if (!one->for_log.empty()) groups.emplace_back(one.get(), std::exchange(one->for_log, {}));
        if (one->claim_asked) claims.emplace_back(one.get(), std::move(*one->claim_asked));
        one->claim_asked.reset();
      }
    }
    send(answers);
    for (auto& [partition, of_this] : groups) {
      group_count_ += of_this.size();
      partition->writer.append(std::move(of_this), options_.steady());
    }
    for (auto& [partition, url] : claims) {
      partition->writer.claim(std::move(url), options_.steady());
    }
    for (const auto& mark : marks) {
      partition_of_platform(mark.platform).writer.append_checkpoint(mark);
    }
    if (brought) partition_of_platform(brought->first).writer.append_records(brought->second);
    return !groups.empty() || !claims.empty() || !marks.empty() || brought;
  }

  /// Tells the deciding thread.
  void publish(std::vector<std::vector<GroupEnd>>& ends) {
    const std::lock_guard lock(mutex_);
    caught_up_at_ = follower_.caught_up_at();
    bool has_news = false;
    for (auto& one : partitions_) {
      auto& of_this = ends[one->number];
      const auto role = one->writer.role();
      has_news = has_news || !of_this.empty() || role != one->role;
      for (auto& end : of_this) one->ended.push_back(std::move(end));
      one->role = role;
      one->stopped_why = one->writer.stopped_why();
      if (role == PartitionRole::owning) one->epoch = one->writer.epoch();
      if (!one->writer.has_in_flight() && one->for_log.empty() &&
          !one->is_log_idle.exchange(true)) {
        has_news = true;
      }
    }
    if (has_news) decide_wake_.notify_one();
  }

  static void take_answers(GroupEnd& end, const PartitionWriter& writer,
                           std::vector<Answer>& answers) {
    for (auto& answer : end.group->answers) {
      give_outcome(answer, end, writer);
      answers.push_back(std::move(answer));
    }
    end.group->answers.clear();
  }

  void send(std::vector<Answer>& answers) {
    for (auto& answer : answers) {
      if (const auto* accepted = std::get_if<Accepted>(&answer.outcome)) {
        ++(accepted->is_repeat ? repeated_count_ : accepted_count_);
      } else if (!std::holds_alternative<Unavailable>(answer.outcome)) {
        ++refused_count_;
      }
      --waiting_count_;
      answer.done(std::move(answer.outcome));
    }
    answers.clear();
  }

  SequencerOptions options_;
  Log& log_;
  Store& store_;
  LogFollower follower_;  ///< but for `stopped`: the log thread's
  std::vector<std::unique_ptr<Partition>> partitions_;

  // The deciding thread's.
  std::vector<Answer> immediate_;
  SteadyTime space_seen_at_{};
  bool has_space_ = true;
  bool is_fresh_ = false;          ///< the log's end was seen a moment ago
  std::size_t decided_count_ = 0;  ///< since forget_some

  // What the threads hand each other.
  mutable std::mutex mutex_;
  std::condition_variable decide_wake_, log_wake_;
  std::deque<Pending> inbox_;
  std::vector<Answer> answers_;
  std::vector<CheckpointMark> marks_;
  using Brought = std::pair<domain::PlatformId, std::vector<std::string>>;
  std::optional<Brought> brought_;  ///< records from another log
  SteadyTime caught_up_at_{};
  bool is_stopping_ = false;
  bool decide_is_done_ = false;
  std::atomic<bool> has_failed_ = false;

  std::atomic<std::uint64_t> accepted_count_ = 0, refused_count_ = 0, repeated_count_ = 0;
  std::array<std::atomic<std::uint64_t>, void_reason_count> void_counts_{};
  std::atomic<std::uint64_t> group_count_ = 0, write_count_ = 0, waiting_count_ = 0;
  std::mutex join_mutex_;
  std::thread decide_thread_, log_thread_;
};

}  // namespace

void end_process(const std::string& why) {
  spdlog::critical("{} The process ends; what was acknowledged is in the log.", why);
  spdlog::shutdown();
  std::_Exit(exit_code_on_fail_stop);
}

std::unique_ptr<Sequencer> Sequencer::start(Log& log, Store& store, Keys& keys,
                                            SequencerOptions options) {
  const bool claims = options.claims_at_start;
  auto sequencer = std::make_unique<TwoHalves>(log, store, keys, std::move(options));
  if (claims) sequencer->take_over();
  sequencer->start_threads();
  return sequencer;
}

std::unique_ptr<SteppedSequencer> Sequencer::stepped(Log& log, Store& store, Keys& keys,
                                                     SequencerOptions options) {
  return std::make_unique<TwoHalves>(log, store, keys, std::move(options));
}

Outcome Sequencer::run(Submission submission) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  submit(std::move(submission), [promise = std::move(promise)](Outcome outcome) {
    promise->set_value(std::move(outcome));
  });
  try {
    return future.get();
  } catch (const std::future_error&) {
    throw StorageError("The sequencer has failed; the outcome is unknown.", true);
  }
}

}  // namespace meent::eventstore
