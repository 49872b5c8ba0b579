#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "eventstore/kafka_check.h"

/// When the log is compared, and whether what it gives may be used. Private to KafkaLog.
namespace meent::eventstore {

/// Compares on a thread of its own: when told to distrust, and every 10 s.
/// Threads: `wake` from any; all else from the log thread.
class KafkaWatch {
 public:
  /// `check` has compared once.
  explicit KafkaWatch(std::unique_ptr<KafkaCheck> check, std::uint32_t partitions);
  KafkaWatch(const KafkaWatch&) = delete;
  KafkaWatch& operator=(const KafkaWatch&) = delete;
  ~KafkaWatch();

  /// The reader goes on from here.
  void set_place(std::uint32_t partition, KafkaPlace place);
  /// This was given out.
  void set_last(std::uint32_t partition, std::uint64_t offset, std::string_view bytes);
  [[nodiscard]] std::uint64_t next_offset(std::uint32_t partition) const;

  /// Nothing may be given out until a comparison that begins from now on finds nothing.
  void distrust();
  /// Throws LogChanged once a difference was found; for ever.
  void require_unchanged() const;
  /// Waits until the log can be trusted. False: not yet, or `wake`. Throws LogChanged, and
  /// StorageError when the latest comparison could not be made.
  bool wait_for_trust(std::chrono::milliseconds wait);
  /// Nothing is to be compared first.
  [[nodiscard]] bool is_trusted() const;
  void wake();

 private:
  void run(const std::stop_token& stop);
  std::optional<std::string> compare(const std::vector<KafkaPlace>& places,
                                     const std::stop_token& stop);
  void throw_if_changed() const;

  const std::unique_ptr<KafkaCheck> check_;
  mutable std::mutex mutex_;
  std::condition_variable_any moved_;
  std::vector<KafkaPlace> places_;
  std::uint64_t asked_ = 1;   ///< rises with each distrust
  std::uint64_t proven_ = 0;  ///< the `asked_` of the last comparison that found nothing
  std::string failure_;       ///< why the latest comparison could not be made; empty: it could
  std::string difference_;    ///< empty: none was found
  bool is_woken_ = false;
  std::jthread thread_;
};

}  // namespace meent::eventstore
