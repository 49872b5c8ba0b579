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

#include "eventstore/log_writer.h"

namespace meent::eventstore {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_bytes_a_write = 16 << 20;
constexpr int most_groups_a_lane = 4;  ///< in one write, where more commands wait than one holds
constexpr std::size_t most_remembered_entries = 200'000;
constexpr std::size_t decisions_between_counts = 10'000;
constexpr milliseconds poll_interval{20};
constexpr milliseconds space_interval{100};
constexpr int exit_code_on_fail_stop = 70;

domain::Timestamp system_time() {
  return {
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

void end_process(const std::string& why) {
  spdlog::critical("{} The process ends; what was acknowledged is in the log.", why);
  spdlog::shutdown();
  std::_Exit(exit_code_on_fail_stop);
}

Unavailable unavailable(Unavailable::Why why, std::string detail) {
  return {.why = why, .detail = std::move(detail)};
}

const Unavailable& outcome_unknown() {
  static const auto answer =
      unavailable(Unavailable::Why::outcome_unknown,
                  "The log has not confirmed what was written last. Repeat with the same key.");
  return answer;
}
const Unavailable& fenced() {
  static const auto answer =
      unavailable(Unavailable::Why::outcome_unknown,
                  "Another writer has taken the partition over; nothing was written here. Repeat "
                  "with the same key.");
  return answer;
}

/// One thread decides, one writes and applies; a mutex around what they hand each other.
class TwoThreads final : public Sequencer {
 public:
  TwoThreads(Log& log, Store& store, Keys& keys, SequencerOptions options)
      : options_(std::move(options)),
        store_(store),
        keys_(keys),
        writer_(log, store, keys, options_) {
    if (!options_.clock) options_.clock = system_time;
    if (!options_.fail_stop) options_.fail_stop = end_process;
    writer_.take_over();
    log_id_ = writer_.log_id();
    decide_thread_ = std::thread([this] {
      guarded([this] { decide_loop(); });
      // Whoever still waits after a failure is not answered.
      lanes_.clear();
      immediate_.clear();
    });
    log_thread_ = std::thread([this] {
      guarded([this] { log_loop(); });
      writer_.forget();
    });
  }
  ~TwoThreads() override { TwoThreads::stop(); }

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

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      decide_wake_.notify_one();
      log_wake_.notify_one();
    }
    const std::lock_guard joining(join_mutex_);
    if (decide_thread_.joinable()) decide_thread_.join();
    if (log_thread_.joinable()) log_thread_.join();
  }

  SequencerCounts counts() const override {
    return {.accepted = accepted_count_,
            .refused = refused_count_,
            .repeated = repeated_count_,
            .groups = group_count_,
            .writes = write_count_,
            .waiting = waiting_count_};
  }
  std::vector<StoppedPlatform> stopped() const override { return writer_.stopped(); }

 private:
  /// A thread's whole life. A disk or broker that failed ends the process here.
  void guarded(const std::function<void()>& loop) {
    try {
      loop();
    } catch (const std::exception& error) {
      {
        const std::lock_guard lock(mutex_);
        if (std::exchange(has_failed_, true)) return;
        inbox_.clear();
        answers_.clear();
        for_log_.clear();
        ended_.clear();
        decide_wake_.notify_one();
        log_wake_.notify_one();
      }
      options_.fail_stop(error.what());
    }
  }

  // The deciding thread ------------------------------------------------------------------------

  void decide_loop() {
    ::pthread_setname_np(::pthread_self(), "meent-decide");
    std::deque<Pending> taken;
    std::vector<GroupEnd> ended;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        decide_wake_.wait(lock, [this] {
          return has_failed_ || !inbox_.empty() || !ended_.empty() || (is_stopping_ && is_done()) ||
                 (log_is_idle_ && !ready_.empty());
        });
        if (has_failed_) break;
        taken.swap(inbox_);
        ended.swap(ended_);
      }
      finish(ended);
      const auto free_space = has_space();
      for (auto& pending : taken) {
        decide(pending, free_space);
        if (log_is_idle_) hand_over();
      }
      taken.clear();
      hand_over();
      if (decided_count_ >= decisions_between_counts) forget_some();
      const std::lock_guard lock(mutex_);
      if (is_stopping_ && inbox_.empty() && ended_.empty() && is_done()) {
        decide_is_done_ = true;
        log_wake_.notify_one();
        return;
      }
    }
  }

  bool is_done() {
    if (is_settling_) return true;
    return std::ranges::all_of(lanes_, [](const auto& one) { return one.second->is_idle(); });
  }

  bool has_space() {
    const auto now = std::chrono::steady_clock::now();
    if (now - space_seen_at_ >= space_interval) {
      space_seen_at_ = now;
      has_space_ = store_.free_bytes() >= options_.least_free_bytes;
    }
    return has_space_;
  }

  Lane& lane_of(domain::PlatformId id) {
    auto& lane = lanes_[id];
    if (!lane) {
      lane = std::make_unique<Lane>(store_, keys_, id, log_id_);
      for (const auto& one : writer_.stopped()) {
        if (one.platform == id) lane->stop(one.why);
      }
    }
    return *lane;
  }

  void decide(Pending& pending, bool has_space) {
    ++decided_count_;
    if (is_fenced_ || is_settling_) {
      immediate_.push_back({std::move(pending.done), is_fenced_ ? fenced() : outcome_unknown()});
      return;
    }
    if (!has_space) {
      immediate_.push_back(
          {std::move(pending.done),
           unavailable(Unavailable::Why::no_space, "The disk is almost full; reading goes on.")});
      return;
    }
    const auto id = pending.submission.platform;
    auto& lane = lane_of(id);
    try {
      lane.decide(pending, options_.clock(), immediate_);
    } catch (const StorageError& error) {
      if (error.outcome_is_unknown()) throw;
      immediate_.push_back(
          {std::move(pending.done), unavailable(Unavailable::Why::platform_stopped, error.what())});
    }
    if (lane.is_unknown() && lane.is_idle()) {
      lanes_.erase(id);
    } else {
      queue(lane);
    }
  }

  void queue(Lane& lane) {
    if (lane.is_ready || !lane.has_group()) return;
    lane.is_ready = true;
    ready_.push_back(&lane);
  }

  /// Gives the log thread what it can do now: some groups of each lane when it is idle, and
  /// answers.
  void hand_over() {
    std::vector<GroupEnd> ended;
    {
      const std::lock_guard lock(mutex_);
      ended.swap(ended_);
    }
    finish(ended);
    std::vector<std::unique_ptr<OpenGroup>> groups;
    std::size_t bytes = 0;
    while (log_is_idle_ && !ready_.empty() && bytes < most_bytes_a_write) {
      auto* lane = ready_.front();
      ready_.pop_front();
      lane->is_ready = false;
      if (!lane->has_group()) continue;
      auto group = lane->take_group();
      if (group->commit_count == 0) {
        for (auto& answer : group->answers) immediate_.push_back(std::move(answer));
        queue(*lane);
        continue;
      }
      bytes += group->commits.size();
      groups.push_back(std::move(group));
      for (int i = 1; i < most_groups_a_lane && lane->has_follower(); ++i) {
        groups.push_back(lane->take_group());
        bytes += groups.back()->commits.size();
      }
    }
    if (groups.empty() && immediate_.empty()) return;
    const std::lock_guard lock(mutex_);
    if (has_failed_) return;
    if (!groups.empty()) log_is_idle_ = false;
    for (auto& group : groups) for_log_.push_back(std::move(group));
    for (auto& answer : immediate_) answers_.push_back(std::move(answer));
    immediate_.clear();
    log_wake_.notify_one();
  }

  void finish(std::vector<GroupEnd>& ended) {
    for (auto& end : ended) finish(end);
    ended.clear();
  }

  void finish(GroupEnd& end) {
    auto& lane = lane_of(end.group->platform);
    switch (end.fate) {
      case Fate::applied:
        if (is_settling_) break;
        for (auto& pending : lane.settle(*end.group)) decide(pending, true);
        queue(lane);
        break;
      case Fate::uncertain:
        is_settling_ = true;
        discard_all(outcome_unknown());
        break;
      case Fate::lost: discard_all(is_fenced_ ? fenced() : outcome_unknown()); break;
      case Fate::stuck:
        start_over(lane,
                   unavailable(Unavailable::Why::platform_stopped, "The platform is stopped."));
        break;
      case Fate::foreign: start_over(lane, outcome_unknown()); break;
    }
    if (end.is_last && is_settling_) {
      // After uncertainty every lane starts from what is applied.
      discard_all(outcome_unknown());
      is_settling_ = false;
    }
  }

  void start_over(Lane& lane, const Unavailable& instead) {
    lane.discard(instead, immediate_);
    for (const auto& one : writer_.stopped()) {
      if (one.platform == lane.id()) lane.stop(one.why);
    }
  }

  void discard_all(const Unavailable& instead) {
    for (auto& [id, lane] : lanes_) lane->discard(instead, immediate_);
  }

  void forget_some() {
    decided_count_ = 0;
    std::size_t count = 0;
    for (const auto& [id, lane] : lanes_) count += lane->entry_count();
    if (count <= most_remembered_entries) return;
    for (const auto& [id, lane] : lanes_) lane->drop_settled();
  }

  // The log thread -----------------------------------------------------------------------------

  void log_loop() {
    ::pthread_setname_np(::pthread_self(), "meent-log");
    std::vector<std::unique_ptr<OpenGroup>> groups;
    std::vector<Answer> answers;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        if (!writer_.has_in_flight() && for_log_.empty()) {
          if (!log_is_idle_.exchange(true)) decide_wake_.notify_one();
        }
        const auto has_work = [this] {
          return has_failed_ || decide_is_done_ || !for_log_.empty() || !answers_.empty();
        };
        if (!writer_.has_in_flight()) {
          if (writer_.must_poll()) {
            log_wake_.wait_for(lock, poll_interval, has_work);
          } else {
            log_wake_.wait(lock, has_work);
          }
        }
        if (has_failed_) break;
        if (decide_is_done_ && for_log_.empty() && answers_.empty()) return;
        groups.swap(for_log_);
        answers.swap(answers_);
      }
      send(answers);
      if (!groups.empty()) {
        group_count_ += groups.size();
        writer_.append(std::exchange(groups, {}));
      }
      if (writer_.has_in_flight() || writer_.must_poll()) follow();
    }
  }

  void follow() {
    auto ends = writer_.follow(writer_.has_in_flight() ? poll_interval : milliseconds(0));
    write_count_ = writer_.write_count;
    is_fenced_ = writer_.is_fenced();
    if (ends.empty()) return;
    std::vector<Answer> answers;
    for (auto& end : ends) {
      for (auto& answer : end.group->answers) {
        give_outcome(answer, end);
        answers.push_back(std::move(answer));
      }
      end.group->answers.clear();
    }
    {
      const std::lock_guard lock(mutex_);
      for (auto& end : ends) ended_.push_back(std::move(end));
      if (!writer_.has_in_flight()) log_is_idle_ = true;
      decide_wake_.notify_one();
    }
    send(answers);
  }

  void give_outcome(Answer& answer, const GroupEnd& end) const {
    switch (end.fate) {
      case Fate::applied:
        if (auto* accepted = std::get_if<Accepted>(&answer.outcome)) {
          accepted->record_hash = end.group->hash;
        }
        return;
      case Fate::uncertain: answer.outcome = outcome_unknown(); return;
      case Fate::lost: answer.outcome = is_fenced_ ? fenced() : outcome_unknown(); return;
      case Fate::foreign: return;
      case Fate::stuck:
        answer.outcome = unavailable(Unavailable::Why::platform_stopped,
                                     "What was written cannot be read here; the platform stopped.");
    }
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
  Store& store_;
  Keys& keys_;
  LogWriter writer_;  ///< but for `stopped`: the log thread's
  domain::LogId log_id_;

  // The deciding thread's.
  std::unordered_map<domain::PlatformId, std::unique_ptr<Lane>> lanes_;
  std::deque<Lane*> ready_;  ///< lanes with a group to hand over
  std::vector<Answer> immediate_;
  std::chrono::steady_clock::time_point space_seen_at_{};
  bool has_space_ = true;
  std::size_t decided_count_ = 0;  ///< since forget_some
  bool is_settling_ = false;       ///< from a group's uncertain end until the log has settled all

  // What the threads hand each other.
  mutable std::mutex mutex_;
  std::condition_variable decide_wake_, log_wake_;
  std::deque<Pending> inbox_;
  std::vector<GroupEnd> ended_;
  std::vector<std::unique_ptr<OpenGroup>> for_log_;
  std::vector<Answer> answers_;
  bool is_stopping_ = false;
  bool has_failed_ = false;
  bool decide_is_done_ = false;
  std::atomic<bool> log_is_idle_ = false;
  std::atomic<bool> is_fenced_ = false;

  std::atomic<std::uint64_t> accepted_count_ = 0, refused_count_ = 0, repeated_count_ = 0;
  std::atomic<std::uint64_t> group_count_ = 0, write_count_ = 0, waiting_count_ = 0;
  std::mutex join_mutex_;
  std::thread decide_thread_, log_thread_;
};

}  // namespace

std::unique_ptr<Sequencer> Sequencer::start(Log& log, Store& store, Keys& keys,
                                            SequencerOptions options) {
  return std::make_unique<TwoThreads>(log, store, keys, std::move(options));
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
