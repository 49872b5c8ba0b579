#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/kafka_options.h"

namespace meent::eventstore {

class KafkaClient;

/// What is to be written into a topic.
struct KafkaMessage {
  std::optional<std::uint32_t> partition;  ///< nothing: by the key's hash
  std::string_view key;                    ///< empty: none
  std::optional<std::string_view> value;   ///< nothing: a tombstone
  std::span<const std::pair<std::string_view, std::string_view>> headers;
};

/// Writes into one topic: idempotent (a retry is stored once and in order), acknowledged by every
/// broker that is in sync, from a bounded queue. An error that ends an instance of the client
/// library is answered with a new instance; what was in the old one is reported as failed. One that
/// never gives up takes nothing more after such an error: it would overtake what failed.
/// Threads: any.
class KafkaProducer {
 public:
  /// What became of one message. Empty: stored. Otherwise why it is not known to be stored: it may
  /// be, or may yet be. Called once, on the producer's own thread; must not wait or throw.
  using Done = std::function<void(const std::string& error)>;

  /// How long a message is tried before it is reported as failed. `never_gives_up`: for messages
  /// whose order must hold however long the brokers are away.
  static constexpr std::chrono::milliseconds usual_patience{20'000};
  static constexpr std::chrono::milliseconds never_gives_up{0};

  /// Does not connect yet. Throws StartRefused (KafkaClient).
  KafkaProducer(KafkaOptions options, std::string topic,
                std::chrono::milliseconds patience = usual_patience);
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;
  /// What is outstanding is given up, and reported as failed.
  ~KafkaProducer();

  /// Hands over; messages to one partition are stored in order. Never waits for a broker.
  /// Throws StorageError, of known outcome: it was not taken, because the queue is full, the
  /// message too large, or a producer that never gives up has ended.
  void send(const KafkaMessage& message, Done done = {});
  /// Hands over and waits until it is stored. Throws StorageError: with `outcome_is_unknown` it may
  /// be stored, or may yet be.
  void store(const KafkaMessage& message, std::chrono::milliseconds longest);
  /// Waits until nothing is outstanding. False when something still is after `longest`.
  bool flush(std::chrono::milliseconds longest);

  /// Taken and of unknown fate.
  [[nodiscard]] std::uint64_t outstanding_count() const { return outstanding_count_; }
  [[nodiscard]] std::uint64_t stored_count() const { return stored_count_; }
  [[nodiscard]] std::uint64_t failed_count() const { return failed_count_; }
  /// The last the brokers or the way to them gave trouble, in words; empty: never.
  [[nodiscard]] std::string last_error() const;

 private:
  struct Instance;
  struct Delivery;

  std::shared_ptr<Instance> make_instance();
  static void retire(Instance& instance);
  void replace_instance();
  void serve(const std::stop_token& stop);

  const KafkaOptions options_;
  const std::string topic_;
  const std::chrono::milliseconds patience_;
  std::atomic<std::uint64_t> outstanding_count_ = 0;
  std::atomic<std::uint64_t> stored_count_ = 0;
  std::atomic<std::uint64_t> failed_count_ = 0;
  mutable std::mutex mutex_;
  std::shared_ptr<Instance> instance_;
  std::vector<std::shared_ptr<Instance>> retired_;
  std::jthread thread_;
};

}  // namespace meent::eventstore
