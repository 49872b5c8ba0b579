#include "eventstore/kafka_reader.h"

#include <algorithm>

namespace meent::eventstore {

KafkaReader::KafkaReader(KafkaClient& client, const std::string& topic,
                         const std::vector<KafkaStart>& starts)
    : client_(client),
      topic_(client.topic(topic)),
      queue_(rd_kafka_queue_new(client.handle())),
      main_(rd_kafka_queue_get_main(client.handle())) {
  // Errors and messages come through one queue, in the order in which they happened.
  rd_kafka_queue_forward(main_.get(), queue_.get());
  for (const auto& start : starts) {
    const auto partition = static_cast<std::int32_t>(start.partition);
    if (rd_kafka_consume_start_queue(topic_, partition, start.offset, queue_.get()) != 0) {
      const auto why = kafka_error(rd_kafka_last_error());
      stop();
      throw StorageError(topic + " cannot be read: " + why, false);
    }
    started_.push_back(partition);
  }
}

void KafkaReader::stop() {
  for (const auto partition : started_) rd_kafka_consume_stop(topic_, partition);
  rd_kafka_queue_forward(main_.get(), nullptr);
}

KafkaMessageHandle KafkaReader::poll(std::chrono::milliseconds wait) {
  return KafkaMessageHandle(rd_kafka_consume_queue(queue_.get(), timeout_ms(wait)));
}

std::optional<std::uint64_t> KafkaReader::known_end(std::uint32_t partition) const {
  std::int64_t first = 0;
  std::int64_t end = RD_KAFKA_OFFSET_INVALID;
  const auto error =
      rd_kafka_get_watermark_offsets(client_.handle(), rd_kafka_topic_name(topic_),
                                     static_cast<std::int32_t>(partition), &first, &end);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || end < 0) return std::nullopt;
  return static_cast<std::uint64_t>(end);
}

std::optional<KafkaShape> shape_of_topic(KafkaClient& client, const std::string& topic,
                                         std::chrono::milliseconds longest) {
  auto* handle = client.topic(topic);
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client.handle(), 0, handle, &raw, timeout_ms(longest));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StorageError("no broker answers: " + kafka_error(error), false);
  }
  using Metadata = std::unique_ptr<const rd_kafka_metadata_t, KafkaFree<rd_kafka_metadata_destroy>>;
  const Metadata metadata(raw);
  if (metadata->topic_cnt != 1) return std::nullopt;
  const auto& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
      found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
    throw StorageError(topic + " cannot be looked up: " + kafka_error(found.err), false);
  }
  KafkaShape out{.partitions = static_cast<std::uint32_t>(found.partition_cnt), .copies = ~0U};
  for (int i = 0; i < found.partition_cnt; ++i) {
    const auto copies = static_cast<std::uint32_t>(found.partitions[i].replica_cnt);
    out.copies = std::min(out.copies, copies);
  }
  return out;
}

/// A client that only looks at single messages, so that little is fetched ahead. (With less than
/// some messages, a partition waits a second for its turn while another's is not taken yet.)
std::unique_ptr<KafkaClient> make_looking_client(const KafkaOptions& options) {
  return std::make_unique<KafkaClient>(options, RD_KAFKA_CONSUMER,
                                       KafkaSettings{
                                           {"auto.offset.reset", "error"},
                                           {"enable.partition.eof", "true"},
                                           {"queued.min.messages", "2000"},
                                           {"fetch.message.max.bytes", "1024"},
                                           {"fetch.wait.max.ms", "10"},
                                           {"fetch.error.backoff.ms", "50"},
                                       });
}

/// The topic's own end, past which nobody has read. A reader that finds nothing more may only have
/// a leader that does not know yet how far all copies reach; such a leader refuses to say where
/// the end is (KIP-207), and this throws.
std::uint64_t end_of_partition(const KafkaClient& client, const std::string& topic,
                               std::uint32_t partition, std::chrono::milliseconds longest) {
  std::int64_t first = 0;
  std::int64_t end = 0;
  const auto error = rd_kafka_query_watermark_offsets(client.handle(), topic.c_str(),
                                                      static_cast<std::int32_t>(partition), &first,
                                                      &end, timeout_ms(longest));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StorageError("the end of " + topic + " is not known: " + kafka_error(error), false);
  }
  return static_cast<std::uint64_t>(end);
}

std::vector<std::optional<KafkaFirst>> read_first(KafkaClient& client, const std::string& topic,
                                                  const std::vector<KafkaStart>& starts,
                                                  std::chrono::milliseconds longest) {
  std::vector<std::optional<KafkaFirst>> out(starts.size());
  if (starts.empty()) return out;
  KafkaReader reader(client, topic, starts);
  std::vector<bool> is_answered(starts.size());
  auto missing = starts.size();
  const auto end = std::chrono::steady_clock::now() + longest;
  while (missing > 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      const auto why = client.last_error();
      throw StorageError(topic + " could not be read" + (why.empty() ? "" : ": " + why), false);
    }
    const auto message = reader.poll(left);
    if (!message) continue;
    const auto at = std::ranges::find(starts, static_cast<std::uint32_t>(message->partition),
                                      &KafkaStart::partition);
    const auto index = static_cast<std::size_t>(at - starts.begin());
    if (at == starts.end() || is_answered[index]) continue;
    switch (message->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        out[index] = {
            .offset = static_cast<std::uint64_t>(message->offset),
            .bytes = std::string(static_cast<const char*>(message->payload), message->len)};
        break;
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: break;
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (end_of_partition(client, topic, at->partition, longest) >
            static_cast<std::uint64_t>(at->offset)) {
          continue;
        }
        break;
      default:
        throw StorageError(topic + " could not be read: " + kafka_error(message->err), false);
    }
    is_answered[index] = true;
    --missing;
  }
  return out;
}

}  // namespace meent::eventstore
