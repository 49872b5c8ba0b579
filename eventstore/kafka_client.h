#pragma once
#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "eventstore/kafka_options.h"

/// librdkafka's handles and errors. Private to eventstore's kafka_* files.
namespace meent::eventstore {

template <auto destroy>
struct KafkaFree {
  template <class T>
  void operator()(T* pointer) const {
    destroy(pointer);
  }
};
using KafkaTopicHandle = std::unique_ptr<rd_kafka_topic_t, KafkaFree<rd_kafka_topic_destroy>>;
using KafkaQueueHandle = std::unique_ptr<rd_kafka_queue_t, KafkaFree<rd_kafka_queue_destroy>>;
using KafkaMessageHandle = std::unique_ptr<rd_kafka_message_t, KafkaFree<rd_kafka_message_destroy>>;
using KafkaEventHandle = std::unique_ptr<rd_kafka_event_t, KafkaFree<rd_kafka_event_destroy>>;

/// Largest message that Meent writes, and that the log's topic must take.
inline constexpr int largest_message_bytes = 1 << 20;

using KafkaSettings = std::initializer_list<std::pair<const char*, const char*>>;

/// One instance of the client library, with its connections and threads.
/// Threads: any; what it reports is reported by whoever polls it.
class KafkaClient {
 public:
  using Delivered = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

  /// `delivered` is for producers. Throws StartRefused when a setting of the operator's is refused
  /// (a certificate that cannot be read, say).
  KafkaClient(const KafkaOptions& options, rd_kafka_type_t type, KafkaSettings settings,
              Delivered delivered = nullptr);
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;
  /// Returns at once. The library takes a second to end an instance, and sometimes for ever (2.0.2,
  /// when a topic was deleted under it), so that happens aside; the process waits for it a little
  /// when it exits. Everything made from the handle must have been destroyed before.
  ~KafkaClient();

  [[nodiscard]] rd_kafka_t* handle() const { return handle_; }
  /// Kept as long as the client: a topic's handle knows who leads its partitions, and a new one
  /// would learn that a second later. Throws StorageError.
  rd_kafka_topic_t* topic(const std::string& name);
  /// A connection was lost or an error reported since this was last asked.
  [[nodiscard]] bool take_disturbance() { return is_disturbed_.exchange(false); }
  /// The last such, in words; empty when there was none.
  [[nodiscard]] std::string last_error() const;

 private:
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* self);
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

  rd_kafka_t* handle_ = nullptr;
  std::atomic<bool> is_disturbed_ = false;
  mutable std::mutex mutex_;
  std::string last_error_;
  std::map<std::string, KafkaTopicHandle> topics_;
};

/// "Local: Broker transport failure" and the like.
std::string kafka_error(rd_kafka_resp_err_t error);

/// A limit of the C API: never negative, never without end.
int timeout_ms(std::chrono::milliseconds wait);

}  // namespace meent::eventstore
