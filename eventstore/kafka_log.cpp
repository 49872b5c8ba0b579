#include "eventstore/kafka_log.h"

#include "eventstore/kafka_producer.h"
#include "eventstore/kafka_watch.h"

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto longest_question = 3s;
constexpr auto before_a_retry = 200ms;

std::chrono::milliseconds left_until(Clock::time_point end) {
  return std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()));
}

/// A client and its reading; replaced as one when a partition can be read no further.
struct Reading {
  Reading(const KafkaOptions& options, const std::vector<KafkaStart>& starts)
      : client(options, RD_KAFKA_CONSUMER,
               {
                   {"auto.offset.reset", "error"},
                   {"fetch.error.backoff.ms", "20"},
                   {"queued.max.messages.kbytes", "16384"},
               }),
        shape(shape_of_topic(client, options.log_topic(), longest_question)),
        reader(client, options.log_topic(), starts) {}

  KafkaClient client;
  std::optional<KafkaShape> shape;  ///< asked for first, so that reading begins at once
  KafkaReader reader;
};

}  // namespace

struct KafkaLog::Parts {
  Parts(const KafkaOptions& from, std::unique_ptr<KafkaCheck> check)
      : options(from),
        partitions(check->partitions()),
        producer(options, options.log_topic()),
        watch(std::move(check), partitions) {}

  const KafkaOptions options;
  const std::uint32_t partitions;
  KafkaProducer producer;
  KafkaWatch watch;
  std::optional<LogEntry> held;  ///< read, but to be compared before it is given out
  std::atomic<bool> is_woken = false;
  std::mutex reading_mutex;  ///< for `wake`, while `reading` is replaced
  std::unique_ptr<Reading> reading;
};

KafkaLog::KafkaLog(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
KafkaLog::~KafkaLog() = default;

std::unique_ptr<KafkaLog> KafkaLog::open(const KafkaOptions& options,
                                         std::chrono::milliseconds longest) {
  check_kafka_options(options);
  auto check = std::make_unique<KafkaCheck>(options);
  const auto end = Clock::now() + longest;
  while (true) {
    try {
      const auto difference = check->compare({});
      if (difference) throw StartRefused("The log cannot be used: " + *difference + ".");
      break;
    } catch (const StorageError& error) {
      if (Clock::now() + before_a_retry >= end) {
        throw StorageError(
            "The brokers at " + options.bootstrap + " cannot be used: " + error.what(), false);
      }
    }
    std::this_thread::sleep_for(before_a_retry);
  }
  return std::unique_ptr<KafkaLog>(
      new KafkaLog(std::make_unique<Parts>(options, std::move(check))));
}

std::uint32_t KafkaLog::partitions() const {
  return parts_->partitions;
}

void KafkaLog::append(std::uint32_t partition, std::span<const std::string> envelopes) {
  if (partition >= parts_->partitions) std::abort();
  parts_->watch.require_unchanged();
  try {
    for (const auto& envelope : envelopes) {
      parts_->producer.send({.partition = partition, .key = {}, .value = envelope, .headers = {}});
    }
  } catch (const StorageError& error) {
    throw StorageError(error.what(), true);  // others of this write may have been taken
  }
}

std::optional<LogEntry> KafkaLog::next(std::chrono::milliseconds wait) {
  const auto end = Clock::now() + wait;
  auto& parts = *parts_;
  do {
    if (parts.is_woken.exchange(false)) return std::nullopt;
    if (!parts.watch.wait_for_trust(left_until(end))) {
      if (parts.is_woken.exchange(false) || left_until(end) == 0ms) return std::nullopt;
      continue;
    }
    if (!parts.held) parts.held = take(left_until(end));
    // Whatever is known by now was known before the entry is used.
    if (parts.reading && parts.reading->client.take_disturbance()) {
      parts.watch.distrust();
      continue;
    }
    if (parts.held) {
      auto entry = *std::exchange(parts.held, std::nullopt);
      parts.watch.set_last(entry.partition, entry.offset, entry.envelope);
      return entry;
    }
  } while (left_until(end) > 0ms);
  return std::nullopt;
}

bool KafkaLog::is_at_end() const {
  const auto& parts = *parts_;
  if (!parts.reading || parts.held || !parts.watch.is_trusted()) return false;
  for (std::uint32_t partition = 0; partition < parts.partitions; ++partition) {
    const auto end = parts.reading->reader.known_end(partition);
    if (!end || parts.watch.next_offset(partition) < *end) return false;
  }
  return true;
}

/// One message from the brokers, not yet trusted; nothing when none came, or reading was broken
/// off, which the watch then knows.
std::optional<LogEntry> KafkaLog::take(std::chrono::milliseconds wait) {
  auto& parts = *parts_;
  if (!parts.reading) start_reading();
  auto message = parts.reading->reader.poll(wait);
  if (!message) return std::nullopt;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    message = nullptr;  // it belongs to what ends now
    const std::lock_guard lock(parts.reading_mutex);
    parts.reading = nullptr;
    parts.watch.distrust();
    return std::nullopt;
  }
  rd_kafka_timestamp_type_t type{};
  const auto appended_at = rd_kafka_message_timestamp(message.get(), &type);
  return LogEntry{.partition = static_cast<std::uint32_t>(message->partition),
                  .offset = static_cast<std::uint64_t>(message->offset),
                  .envelope = std::string(static_cast<const char*>(message->payload), message->len),
                  .appended_at = {type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? appended_at : 0}};
}

void KafkaLog::start_reading() {
  auto& parts = *parts_;
  std::vector<KafkaStart> starts;
  for (std::uint32_t partition = 0; partition < parts.partitions; ++partition) {
    const auto offset = static_cast<std::int64_t>(parts.watch.next_offset(partition));
    starts.push_back({.partition = partition, .offset = offset});
  }
  auto reading = std::make_unique<Reading>(parts.options, starts);
  const std::lock_guard lock(parts.reading_mutex);
  parts.reading = std::move(reading);
}

void KafkaLog::wake() {
  auto& parts = *parts_;
  parts.is_woken = true;
  parts.watch.wake();
  const std::lock_guard lock(parts.reading_mutex);
  if (parts.reading) parts.reading->reader.wake();
}

void KafkaLog::seek(std::uint32_t partition, const LogPlace& place) {
  auto& parts = *parts_;
  if (partition >= parts.partitions) std::abort();
  KafkaPlace to{.next_offset = place.next_offset, .last_offset = 0, .last = {}};
  if (place.last) {
    to.last_offset = place.last->offset;
    to.last = place.last->envelope_hash;
  }
  {
    const std::lock_guard lock(parts.reading_mutex);
    parts.reading = nullptr;
  }
  parts.held = std::nullopt;
  parts.watch.set_place(partition, std::move(to));
  parts.watch.distrust();
}

}  // namespace meent::eventstore
