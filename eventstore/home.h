#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "domain/platform.h"
#include "eventstore/keys.h"
#include "eventstore/sequencer.h"
#include "eventstore/store.h"

/// A log as a place where platforms live: what moving one needs of either side (LOG.md §6).
namespace meent::eventstore {

/// The move cannot be made, however often it is tried. The text says why and what to do.
class MoveRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A platform as one log knows it.
struct Resident {
  domain::PlatformId id;
  /// Which log it lives in, by what has come to this one so far; nothing: no event of it is here.
  std::optional<domain::LogId> lives_in;
  std::string slug, name;  ///< of the directory; empty: not registered there
  std::vector<std::string> hosts;
  std::uint64_t position = 0;  ///< last one here
  Hash hash{};                 ///< of the record that ends there
};

struct MovedKey {
  domain::KeyId id;
  std::optional<KeyBytes> secret;  ///< nothing: destroyed, and to stay so
};

/// How a move waits for logs and other nodes: in real time, or in a simulation's.
struct Waiting {
  using Time = std::chrono::steady_clock::time_point;
  static Waiting in_real_time();
  std::function<Time()> now;
  std::function<void(std::chrono::milliseconds)> sleep;
  /// Until the command is answered.
  std::function<Outcome(Sequencer&, Submission)> run;
};

/// Every call may be repeated. All throw MoveRefused, or StorageError: try again. Threads: one.
class Home {
 public:
  virtual ~Home() = default;
  /// In words, for messages.
  [[nodiscard]] virtual std::string name() const = 0;
  virtual domain::LogId log() = 0;
  /// By id or slug.
  virtual std::optional<Resident> find(std::string_view id_or_slug) = 0;
  /// Registers slug, name and hosts in this log's directory.
  virtual void enter(const Resident& resident) = 0;
  /// Writes, where the platform lives here, that it lives in `log` from now on: this log's last
  /// event of it.
  virtual void place(domain::PlatformId platform, domain::LogId log) = 0;
  /// Some records after this position, in order; none: that was all.
  virtual std::vector<std::string> records(domain::PlatformId platform, std::uint64_t after) = 0;
  /// A StorageError when one is missing without having been destroyed: it may be on its way.
  virtual std::vector<MovedKey> keys(const std::vector<domain::KeyId>& ids) = 0;
  /// Durable, on every node that must have them, when it returns. `platform`: whose they are.
  virtual void take_keys(domain::PlatformId platform, const std::vector<MovedKey>& keys) = 0;
  /// Appends the records that are not here yet, and returns once they are applied. Refuses what
  /// does not continue, or differs from, the history that is here.
  virtual void take(domain::PlatformId platform, const std::vector<std::string>& records) = 0;
};

/// The log that this process writes, with everything of it that is applied here.
class NodeHome final : public Home {
 public:
  /// All outlive it.
  NodeHome(const Store& store, Keys& keys, Sequencer& sequencer, std::string name,
           Waiting waiting = Waiting::in_real_time())
      : store_(store),
        keys_(keys),
        sequencer_(sequencer),
        name_(std::move(name)),
        waiting_(std::move(waiting)) {}

  [[nodiscard]] std::string name() const override { return name_; }
  domain::LogId log() override;
  std::optional<Resident> find(std::string_view id_or_slug) override;
  void enter(const Resident& resident) override;
  void place(domain::PlatformId platform, domain::LogId log) override;
  std::vector<std::string> records(domain::PlatformId platform, std::uint64_t after) override;
  std::vector<MovedKey> keys(const std::vector<domain::KeyId>& ids) override;
  void take_keys(domain::PlatformId platform, const std::vector<MovedKey>& keys) override;
  void take(domain::PlatformId platform, const std::vector<std::string>& records) override;

 private:
  void run(domain::PlatformId platform, domain::PlatformCommand command, std::string key,
           std::optional<domain::PlatformRejection> as_good);
  [[nodiscard]] std::optional<Resident> nobody() const;
  [[nodiscard]] std::optional<domain::LogId> residence(domain::PlatformId platform) const;
  [[nodiscard]] std::vector<std::string> new_among(domain::PlatformId platform,
                                                   const std::vector<std::string>& records) const;

  const Store& store_;
  Keys& keys_;
  Sequencer& sequencer_;
  std::string name_;
  Waiting waiting_;
};

}  // namespace meent::eventstore
