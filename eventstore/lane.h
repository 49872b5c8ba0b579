#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "eventstore/sequencer.h"
#include "eventstore/speculation.h"

/// One platform's way through the sequencer: its speculative state, its groups that wait for the
/// log, and the answers that wait with them. Private to the sequencer.
namespace meent::eventstore {

/// A command that was taken and not yet answered.
struct Pending {
  Submission submission;
  std::function<void(Outcome)> done;
};

/// An answer that is ready but for what it rests on.
struct Answer {
  std::function<void(Outcome)> done;
  Outcome outcome;
};

/// Consecutive commits of one platform, to become one record. Without commits it only holds
/// answers back until what they rest on is applied.
struct OpenGroup {
  domain::PlatformId platform;
  std::uint64_t number = 0;  ///< of this platform's groups, rising
  std::uint64_t epoch = 0;   ///< of the claim it was decided under
  std::uint64_t base_position = 0;
  std::uint32_t event_count = 0;
  std::uint32_t commit_count = 0;
  std::string commits;  ///< encoded
  domain::Timestamp recorded_at;
  std::vector<domain::CommandId> command_ids;
  std::vector<Answer> answers;
  Hash prev_hash{};  ///< set when it is handed over; a follower's when it is written
  Hash hash{};       ///< set when it is written
};

/// How a command is recognised when it comes again.
struct CommandMark {
  domain::CommandId id;
  Hash request_mac{};
};

/// Threads: the deciding thread only.
class Lane {
 public:
  Lane(const Store& store, const Keys& keys, domain::PlatformId id, domain::LogId log);

  /// One command in this state at this time. `immediate` gets the answers that rest on nothing but
  /// what is applied; all others wait in a group. Throws StorageError: `pending` is as it was.
  void decide(Pending& pending, domain::Timestamp now, std::vector<Answer>& immediate);

  /// The next group for the log, or for its answers only.
  std::unique_ptr<OpenGroup> take_group();
  [[nodiscard]] bool has_group() const { return !is_in_flight_ && !waiting_.empty(); }
  /// Another group that may go into the same write, behind the one just taken.
  [[nodiscard]] bool has_follower() const {
    return is_in_flight_ && !waiting_.empty() && waiting_.front()->commit_count > 0;
  }
  /// The first group in flight is applied. Returns commands that waited for it, to be decided
  /// again.
  std::vector<Pending> settle(const OpenGroup& group);
  /// Forgets all speculation, and gives every answer that rested on it as this one instead.
  void discard(const Unavailable& instead, std::vector<Answer>& immediate);
  /// From now on every command is refused with this reason.
  void stop(std::string why) { stopped_ = std::move(why); }

  [[nodiscard]] bool is_idle() const { return !is_in_flight_ && waiting_.empty(); }
  [[nodiscard]] bool is_unknown() const { return applied_.position == 0; }
  [[nodiscard]] std::size_t entry_count() const { return state_.entry_count(); }
  std::size_t drop_settled() { return state_.drop_settled(); }

  [[nodiscard]] domain::PlatformId id() const { return id_; }
  bool is_ready = false;  ///< stands in the queue of lanes with a group to hand over

 private:
  struct Undurable {
    Hash request_mac{};
    std::uint64_t group = 0;
    std::size_t answer = 0;  ///< index in the group
  };

  void reload();
  void see_home();
  std::optional<CommandMark> mark_of(const Submission& submission);
  std::optional<domain::KeyId> key_of(const Submission& submission);
  /// True when the command was answered, or will be, as a repeat.
  bool answer_repeat(Pending& pending, const CommandMark& mark, domain::Timestamp now,
                     std::vector<Answer>& immediate);
  Accepted accepted_before(const RememberedCommand& command) const;
  void accept(Pending& pending, const CommandMark& mark, const domain::Context& context,
              const std::vector<domain::Event>& decided, std::vector<Answer>& immediate);
  void evolve(const OpenGroup& group, const Commit& commit, const std::vector<domain::Event>&);
  /// The group the next commit of this size goes into.
  OpenGroup& room_for(std::size_t commit_bytes);
  OpenGroup& last_group();
  /// After everything decided so far is applied.
  void answer(std::function<void(Outcome)> done, Outcome outcome, std::vector<Answer>& immediate);

  const Store& store_;
  const Keys& keys_;
  domain::PlatformId id_;
  domain::LogId log_;
  Speculation state_;
  PlatformTip applied_;
  std::uint64_t next_position_ = 1;
  domain::Timestamp recorded_at_;  ///< the last decided commit's
  std::uint64_t last_number_ = 0;
  std::deque<std::unique_ptr<OpenGroup>> waiting_;
  bool is_in_flight_ = false;
  std::uint64_t last_in_flight_ = 0;   ///< number of a group
  std::uint64_t handed_position_ = 0;  ///< the last one in flight or applied
  std::unordered_map<domain::CommandId, Undurable> undurable_;
  std::vector<Pending> parked_;  ///< repeats of commands in flight
  std::unordered_map<domain::PersonId, domain::KeyId> content_keys_;
  std::string commit_bytes_;  ///< scratch
  std::optional<std::string> stopped_;
  std::optional<std::string> moved_;  ///< as the state says: into which other log
};

}  // namespace meent::eventstore
