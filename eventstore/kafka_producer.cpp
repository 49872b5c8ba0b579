#include "eventstore/kafka_producer.h"

#include <spdlog/spdlog.h>

#include <array>
#include <future>

#include "eventstore/kafka_client.h"

namespace meent::eventstore {

/// What a message carries until its fate is known.
struct KafkaProducer::Delivery {
  KafkaProducer* producer;
  Done done;

  static void on_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    const std::unique_ptr<Delivery> delivery(static_cast<Delivery*>(message->_private));
    auto& producer = *delivery->producer;
    const bool is_stored = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    ++(is_stored ? producer.stored_count_ : producer.failed_count_);
    if (!is_stored && !delivery->done) {
      spdlog::warn("kafka: a message to {} is not known to be stored: {}", producer.topic_,
                   kafka_error(message->err));
    }
    if (delivery->done) delivery->done(is_stored ? std::string() : kafka_error(message->err));
    --producer.outstanding_count_;
  }
};

struct KafkaProducer::Instance {
  Instance(const KafkaOptions& options, const std::string& name, const std::string& timeout_ms)
      : client(options, RD_KAFKA_PRODUCER,
               {
                   {"enable.idempotence", "true"},
                   {"acks", "all"},
                   {"enable.gapless.guarantee", "false"},
                   {"linger.ms", "0"},
                   {"message.max.bytes", "1048576"},
                   {"request.timeout.ms", "3000"},
                   {"message.timeout.ms", timeout_ms.c_str()},
                   {"retry.backoff.ms", "50"},
                   {"queue.buffering.max.messages", "20000"},
                   {"queue.buffering.max.kbytes", "65536"},
                   {"partitioner", "murmur2_random"},
               },
               &Delivery::on_delivered),
        topic(client.topic(name)) {}

  KafkaClient client;
  rd_kafka_topic_t* topic;
};
static_assert(largest_message_bytes == 1'048'576);

KafkaProducer::KafkaProducer(KafkaOptions options, std::string topic,
                             std::chrono::milliseconds patience)
    : options_(std::move(options)),
      topic_(std::move(topic)),
      patience_(patience),
      instance_(make_instance()),
      thread_([this](const std::stop_token& stop) { serve(stop); }) {}

KafkaProducer::~KafkaProducer() {
  thread_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    const KafkaQueueHandle queue(rd_kafka_queue_get_main(instance_->client.handle()));
    rd_kafka_queue_yield(queue.get());
  }
  thread_.join();
  for (const auto& old : retired_) retire(*old);
  retire(*instance_);
}

std::shared_ptr<KafkaProducer::Instance> KafkaProducer::make_instance() {
  return std::make_shared<Instance>(options_, topic_, std::to_string(patience_.count()));
}

void KafkaProducer::retire(Instance& instance) {
  auto* handle = instance.client.handle();
  rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  // Reports what was purged; nothing is left to wait for.
  constexpr int longest_report_ms = 5000;
  rd_kafka_flush(handle, longest_report_ms);
}

void KafkaProducer::replace_instance() {
  auto next = make_instance();
  retired_.push_back(std::exchange(instance_, std::move(next)));
}

void KafkaProducer::send(const KafkaMessage& message, Done done) {
  constexpr std::size_t most_headers = 8;
  if (message.headers.size() > most_headers) std::abort();
  std::array<rd_kafka_vu_t, 6 + most_headers> parts{};
  std::size_t count = 0;
  const auto part = [&](rd_kafka_vtype_t type) -> auto& {
    parts[count].vtype = type;
    return parts[count++].u;
  };
  const auto bytes = [&](rd_kafka_vtype_t type, std::string_view text) {
    auto& memory = part(type).mem;
    // Copied by the library, never written. Without an address it would be a tombstone.
    memory.ptr = const_cast<char*>(text.data() == nullptr ? "" : text.data());
    memory.size = text.size();
  };
  if (message.partition) {
    part(RD_KAFKA_VTYPE_PARTITION).i32 = static_cast<std::int32_t>(*message.partition);
  }
  if (!message.key.empty()) bytes(RD_KAFKA_VTYPE_KEY, message.key);
  if (message.value) bytes(RD_KAFKA_VTYPE_VALUE, *message.value);
  part(RD_KAFKA_VTYPE_MSGFLAGS).i = RD_KAFKA_MSG_F_COPY;
  std::vector<std::string> names;  // zero-terminated
  names.reserve(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    auto& header = part(RD_KAFKA_VTYPE_HEADER).header;
    header.name = names.emplace_back(name).c_str();
    header.val = value.data();
    header.size = static_cast<ssize_t>(value.size());
  }
  auto delivery = std::make_unique<Delivery>(this, std::move(done));
  part(RD_KAFKA_VTYPE_OPAQUE).ptr = delivery.get();
  auto& topic = part(RD_KAFKA_VTYPE_RKT).rkt;

  const std::lock_guard lock(mutex_);
  std::array<char, 256> why{};
  if (rd_kafka_fatal_error(instance_->client.handle(), why.data(), why.size()) != 0) {
    if (patience_ == never_gives_up) {
      throw StorageError("the producer of " + topic_ + " has ended: " + why.data(), false);
    }
    spdlog::warn("kafka: the producer of {} has ended, a new one begins: {}", topic_, why.data());
    replace_instance();
  }
  topic = instance_->topic;
  using Error = std::unique_ptr<rd_kafka_error_t, KafkaFree<rd_kafka_error_destroy>>;
  const Error error(rd_kafka_produceva(instance_->client.handle(), parts.data(), count));
  if (error) {
    throw StorageError(std::string("the brokers' queue did not take a message: ") +
                           rd_kafka_error_string(error.get()),
                       false);
  }
  ++outstanding_count_;
  [[maybe_unused]] const auto* handed_on = delivery.release();  // on_delivered's now
}

void KafkaProducer::store(const KafkaMessage& message, std::chrono::milliseconds longest) {
  const auto told = std::make_shared<std::promise<std::string>>();
  send(message, [told](const std::string& error) { told->set_value(error); });
  auto answer = told->get_future();
  if (answer.wait_for(longest) != std::future_status::ready) {
    throw StorageError("the brokers did not answer in time", true);
  }
  const auto error = answer.get();
  if (!error.empty()) throw StorageError("the brokers did not take a message: " + error, true);
}

bool KafkaProducer::flush(std::chrono::milliseconds longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (outstanding_count_ > 0) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::string KafkaProducer::last_error() const {
  const std::lock_guard lock(mutex_);
  return instance_->client.last_error();
}

void KafkaProducer::serve(const std::stop_token& stop) {
  constexpr int longest_poll_ms = 100;
  while (!stop.stop_requested()) {
    std::shared_ptr<Instance> instance;
    std::vector<std::shared_ptr<Instance>> retired;
    {
      const std::lock_guard lock(mutex_);
      instance = instance_;
      retired.swap(retired_);
    }
    for (const auto& old : retired) retire(*old);
    rd_kafka_poll(instance->client.handle(), longest_poll_ms);
  }
}

}  // namespace meent::eventstore
