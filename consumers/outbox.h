#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "eventstore/envelope.h"

/// Messages on their way to a topic, kept until they are stored.
namespace meent::consumers {

/// Takes messages for a topic. Messages of one key are stored in the order they were handed over,
/// or not at all.
class MessageSink {
 public:
  /// What became of one message: empty when it is stored, else why that is not known. Called once,
  /// from any thread; must not wait.
  using Done = std::function<void(const std::string& error)>;

  virtual ~MessageSink() = default;  ///< gives up what is outstanding, and says so
  /// Never waits. Throws StorageError: not taken.
  virtual void send(std::string_view key, std::string_view value, Done done) = 0;
  /// What stood in its way last, for people; empty: nothing is known to. Never waits.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

/// Sends in order, and all that is not known to be stored again after a failure, through a new
/// sink: so every key's messages are stored in order once repeats are dropped. Bounded: `add` asks
/// for room first. Threads: one, but for `last_error` and `stored_count`.
class Outbox {
 public:
  using Connect = std::function<std::unique_ptr<MessageSink>()>;
  struct Options {
    std::size_t most_messages = 10'000;
    std::size_t most_bytes = 8U << 20;
    std::chrono::milliseconds shortest_pause{100};  ///< after a failure; doubled with each more
    std::chrono::milliseconds longest_pause{10'000};
  };

  Outbox(Connect connect, Options options);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  [[nodiscard]] bool has_room() const;
  void add(std::string key, std::string value);
  /// Settled once everything added before is stored.
  void mark(eventstore::CheckpointMark mark);
  /// Sends what can be sent, and waits at most `wait` for something to be stored.
  void work(std::chrono::milliseconds wait);
  /// The next settled mark, oldest first; nothing: none.
  std::optional<eventstore::CheckpointMark> take_settled();
  [[nodiscard]] bool is_empty() const { return messages_.empty() && marks_.empty(); }

  /// Why nothing is stored just now; empty when something was stored since.
  [[nodiscard]] std::string last_error() const;
  [[nodiscard]] std::uint64_t stored_count() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Message {
    std::string key, value;
    bool is_stored = false;
  };
  /// What the sink's thread says; it outlives this object if it must.
  struct Reports {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::uint64_t> stored;  ///< numbers
    std::string failure;               ///< of the sink of now
    std::uint64_t generation = 0;      ///< which sink that is
    std::string last_error;
    std::uint64_t stored_count = 0;
  };

  void send_unsent();
  void take_reports();
  void note_error(const std::string& why);
  void give_up_sink(const std::string& why);

  Connect connect_;
  Options options_;
  std::deque<Message> messages_;    ///< those not stored, and what waits behind them
  std::uint64_t first_number_ = 0;  ///< of messages_.front()
  std::size_t unsent_ = 0;          ///< index of the first that the sink was not given
  std::size_t bytes_ = 0;
  std::deque<std::pair<std::uint64_t, eventstore::CheckpointMark>> marks_;  ///< by number before
  std::chrono::milliseconds pause_{0};
  Clock::time_point paused_until_{};
  std::shared_ptr<Reports> reports_ = std::make_shared<Reports>();
  std::unique_ptr<MessageSink> sink_;
};

}  // namespace meent::consumers
