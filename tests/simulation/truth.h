#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "eventstore/admit.h"
#include "eventstore/log.h"
#include "eventstore/sequencer.h"
#include "tests/simulation/ask.h"

/// What the log says, read by a second, independent hand: the table of LOG.md §2 written out once
/// more, so that a mistake in `admit` does not hide itself. It keeps every earlier state, so that a
/// rejection can be judged again where it was made. Threads: one.
namespace meent::simulation {

struct TruthRecord {
  std::uint64_t base_position = 0;
  std::uint64_t last_position = 0;
  eventstore::Hash hash{};
  SteadyTime landed_at;
};

/// One platform's history and all its states.
class PlatformTruth final : public domain::MutableState {
 public:
  std::uint64_t position = 0;
  eventstore::Hash hash{};
  domain::Timestamp recorded_at;
  std::vector<TruthRecord> records;
  std::vector<std::uint64_t> commit_ends;                      ///< positions
  std::map<domain::CommandId, std::uint64_t> first_positions;  ///< of every command
  std::optional<std::uint64_t> undecodable_at;                 ///< the platform stops there

  [[nodiscard]] std::optional<std::string> get(std::string_view key) const override {
    return get_at(key, ~0ULL);
  }
  void put(std::string key, std::string value) override {
    changes_[std::move(key)].emplace_back(writing_at, std::move(value));
  }
  void erase(std::string key) override {
    changes_[std::move(key)].emplace_back(writing_at, std::nullopt);
  }

  [[nodiscard]] std::optional<std::string> get_at(std::string_view key, std::uint64_t at) const;
  /// All records that stand now, by key.
  [[nodiscard]] std::map<std::string, std::string> standing() const;
  /// The last position that had landed by then.
  [[nodiscard]] std::uint64_t position_at(SteadyTime time) const;
  [[nodiscard]] const TruthRecord* record_of(std::uint64_t position) const;
  std::uint64_t writing_at = 0;

 private:
  using Versions = std::vector<std::pair<std::uint64_t, std::optional<std::string>>>;
  std::map<std::string, Versions, std::less<>> changes_;
};

/// What became of an entry; a void one says why.
struct TruthVerdict {
  enum class Is : std::uint8_t { applied, void_, stopped } is = Is::applied;
  std::optional<eventstore::VoidReason> why;
};

class Truth {
 public:
  using Fail = std::function<void(const std::string&)>;
  Truth(std::uint32_t partitions, Fail fail) : partitions_(partitions), fail_(std::move(fail)) {}

  void land(const eventstore::LogEntry& entry, SteadyTime at);

  [[nodiscard]] const PlatformTruth& platform(domain::PlatformId id) const;
  [[nodiscard]] const std::map<domain::PlatformId, PlatformTruth>& platforms() const {
    return platforms_;
  }
  [[nodiscard]] const TruthVerdict* verdict(std::uint32_t partition, std::uint64_t offset) const;
  [[nodiscard]] bool is_stopped(std::uint32_t partition) const {
    return partitions_[partition].is_stopped;
  }
  [[nodiscard]] std::uint64_t epoch(std::uint32_t partition) const {
    return partitions_[partition].epoch;
  }
  [[nodiscard]] eventstore::WriterId claimant(std::uint32_t partition) const {
    return partitions_[partition].claimant;
  }
  /// When the claim that counts now landed.
  [[nodiscard]] SteadyTime claimed_at(std::uint32_t partition) const {
    return partitions_[partition].claimed_at;
  }
  [[nodiscard]] std::size_t count_of(TruthVerdict::Is is) const;
  /// An acknowledged command is in the log where it was said to be: fails, and returns false,
  /// otherwise.
  bool check_acknowledged(domain::PlatformId platform, const eventstore::Accepted& accepted) const;
  /// A rejection was true in a state that its node may have judged by, and that covers what the
  /// asker knew: fails otherwise. `applied_to`: the node's position when it answers. Returns the
  /// earliest position that it may rest on.
  std::uint64_t check_refused(const Judged& judged, const domain::Rejection& rejection,
                              std::uint64_t applied_to) const;

 private:
  /// Whether the command would be refused so in the state at some position of these; the lowest is
  /// looked at in any case.
  [[nodiscard]] bool is_true(const eventstore::Submission& submission,
                             const domain::Rejection& rejection, std::uint64_t low,
                             std::uint64_t high) const;
  struct Partition {
    std::optional<eventstore::Genesis> genesis;
    std::uint64_t epoch = 0;
    eventstore::WriterId claimant;
    SteadyTime claimed_at;
    bool is_stopped = false;
    std::map<std::uint64_t, TruthVerdict> verdicts;  ///< by offset
  };
  TruthVerdict judge(Partition& partition, const eventstore::LogEntry& entry, SteadyTime at);
  TruthVerdict judge_record(const Partition& partition, const std::string& bytes, SteadyTime at);
  void apply(PlatformTruth& platform, const eventstore::Record& record, SteadyTime at);

  std::vector<Partition> partitions_;
  std::map<domain::PlatformId, PlatformTruth> platforms_;
  Fail fail_;
};

}  // namespace meent::simulation
