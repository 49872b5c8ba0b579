#include "eventstore/kafka_init.h"

#include <sodium.h>

#include <array>
#include <thread>

#include "eventstore/envelope.h"
#include "eventstore/kafka_admin.h"
#include "eventstore/kafka_producer.h"
#include "eventstore/kafka_reader.h"
#include "eventstore/kafka_topics.h"

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_question = 10s;
constexpr auto longest_settling = 20s;
constexpr std::uint32_t most_partitions = 1024;
constexpr std::array topics = {TopicKind::log, TopicKind::keys, TopicKind::beats,
                               TopicKind::events};

class Initializing {
 public:
  explicit Initializing(const KafkaInit& init)
      : init_(init),
        min_insync_(init.min_insync.value_or(least_insync(init.options.replication))),
        client_(make_looking_client(init.options)) {}

  KafkaInitReport run() {
    refuse_impossible();
    std::vector<TopicKind> missing;
    for (const auto topic : topics) {
      const auto shape = shape_of_topic(*client_, name(topic), longest_question);
      if (shape) {
        require_fit(topic, *shape);
      } else {
        missing.push_back(topic);
      }
    }
    const auto found = missing.empty() || missing.front() != TopicKind::log
                           ? genesis_found()
                           : std::vector<std::optional<Genesis>>(init_.partitions);
    for (const auto topic : missing) make(topic);
    // One that never heard of a missing topic finds it sooner.
    if (!missing.empty()) client_ = make_looking_client(init_.options);
    wait_until_known();
    write_genesis(found);
    give_rights();
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::string name(TopicKind topic) const { return name_of(init_.options, topic); }

  [[nodiscard]] std::uint32_t partitions_of(TopicKind topic) const {
    return topic == TopicKind::log || topic == TopicKind::events ? init_.partitions : 1;
  }

  void refuse_impossible() const {
    const auto replication = init_.options.replication;
    if (init_.partitions == 0 || init_.partitions > most_partitions) {
      throw StartRefused("A log has 1 to " + std::to_string(most_partitions) + " partitions.");
    }
    if (min_insync_ < least_insync(replication) || min_insync_ > replication) {
      throw StartRefused("With " + std::to_string(replication) + " copies, --min-insync is " +
                         std::to_string(least_insync(replication)) + " to " +
                         std::to_string(replication) + ", not " + std::to_string(min_insync_) +
                         ": an answered command must survive the loss of one broker.");
    }
  }

  void require_fit(TopicKind topic, const KafkaShape& shape) const {
    auto wrong = wrong_settings(topic, min_insync_,
                                settings_of_topic(*client_, name(topic), longest_question));
    if (shape.partitions != partitions_of(topic)) {
      wrong.push_back("the number of partitions is " + std::to_string(shape.partitions) +
                      " and must be " + std::to_string(partitions_of(topic)));
    }
    if (shape.copies < init_.options.replication) {
      wrong.push_back("the number of copies is " + std::to_string(shape.copies) + " and must be " +
                      std::to_string(init_.options.replication));
    }
    if (wrong.empty()) return;
    throw StartRefused("There is a topic " + name(topic) + ", but of it " + in_one_line(wrong) +
                       ". Set it so with kafka-configs, or choose another --topic-prefix. Nothing "
                       "was made or changed.");
  }

  /// Of each partition; nothing where it is empty. Throws StartRefused when one begins otherwise.
  [[nodiscard]] std::vector<std::optional<Genesis>> genesis_found() const {
    std::vector<KafkaStart> starts;
    for (std::uint32_t i = 0; i < init_.partitions; ++i) starts.push_back({i, 0});
    std::vector<std::optional<Genesis>> out(init_.partitions);
    const auto first = read_first(*client_, name(TopicKind::log), starts, longest_settling);
    std::optional<domain::LogId> log_id;
    for (std::uint32_t i = 0; i < init_.partitions; ++i) {
      if (!first[i]) {
        require_unused(i);
        continue;
      }
      const auto envelope = decode_envelope(first[i]->bytes);
      const auto* genesis = envelope ? std::get_if<Genesis>(&envelope->body) : nullptr;
      const bool is_ours = genesis != nullptr && first[i]->offset == 0 && genesis->partition == i &&
                           genesis->partitions == init_.partitions &&
                           (!log_id || genesis->log_id == *log_id);
      if (!is_ours) refuse_strange(i);
      log_id = genesis->log_id;
      out[i] = *genesis;
    }
    return out;
  }

  [[noreturn]] void refuse_strange(std::uint32_t partition) const {
    throw StartRefused("Partition " + std::to_string(partition) + " of " + name(TopicKind::log) +
                       " does not begin with this log's genesis: somebody else writes there, or "
                       "records were deleted. Choose another --topic-prefix. Nothing was made or "
                       "changed.");
  }

  /// An empty partition whose offsets do not begin at 0 once held something.
  void require_unused(std::uint32_t partition) const {
    if (end_of_partition(*client_, name(TopicKind::log), partition, longest_question) != 0) {
      refuse_strange(partition);
    }
  }

  void make(TopicKind topic) {
    NewTopic made{.name = name(topic),
                  .partitions = partitions_of(topic),
                  .replication = init_.options.replication,
                  .settings = settings_for(topic, min_insync_)};
    const bool holds_truth = topic == TopicKind::log || topic == TopicKind::keys;
    if (init_.fsync && holds_truth) made.settings["flush.messages"] = "1";
    if (create_topic(*client_, made, longest_settling)) {
      report_.made.push_back(made.name);
    } else {  // made by another meanwhile
      const auto shape = shape_of_topic(*client_, made.name, longest_question);
      if (shape) require_fit(topic, *shape);
    }
  }

  /// A topic that was just made is not known to every broker at once.
  void wait_until_known() {
    const auto end = std::chrono::steady_clock::now() + longest_settling;
    while (!shape_of_topic(*client_, name(TopicKind::log), longest_question)) {
      if (std::chrono::steady_clock::now() > end) {
        throw StorageError("the brokers made " + name(TopicKind::log) + " and do not know it",
                           true);
      }
      std::this_thread::sleep_for(50ms);
    }
  }

  /// Offset 0 of partition 0 settles the log's id; whoever comes later takes it over.
  void write_genesis(const std::vector<std::optional<Genesis>>& found) {
    std::optional<domain::LogId> log_id;
    for (const auto& genesis : found) {
      if (genesis) log_id = genesis->log_id;
    }
    KafkaProducer producer(init_.options, name(TopicKind::log));
    for (std::uint32_t i = 0; i < init_.partitions; ++i) {
      if (found[i]) continue;
      if (!log_id) {
        domain::IdBytes bytes{};
        randombytes_buf(bytes.data(), bytes.size());
        log_id = domain::LogId(bytes);
      }
      log_id = write_one(producer, i, *log_id);
    }
    report_.log_id = *log_id;
  }

  /// The id that partition 0 has afterwards, or the one given.
  domain::LogId write_one(KafkaProducer& producer, std::uint32_t partition, domain::LogId log_id) {
    const auto bytes = encode_envelope(
        {.epoch = 0,
         .writer = {},
         .body =
             Genesis{.log_id = log_id, .partition = partition, .partitions = init_.partitions}});
    producer.store({.partition = partition, .key = {}, .value = bytes, .headers = {}},
                   longest_settling);
    const auto first =
        read_first(*client_, name(TopicKind::log), {{partition, 0}}, longest_settling).front();
    if (!first) throw StorageError("genesis was written and did not come back", true);
    const auto envelope = decode_envelope(first->bytes);
    const auto* genesis = envelope ? std::get_if<Genesis>(&envelope->body) : nullptr;
    if (genesis == nullptr || (partition != 0 && genesis->log_id != log_id)) {
      refuse_strange(partition);
    }
    ++report_.genesis_count;
    return genesis->log_id;
  }

  void give_rights() {
    std::vector<TopicRight> rights;
    const auto all_topics = init_.options.topic_prefix + ".";
    for (const auto& node : init_.nodes) {
      for (const auto& [operation, what] :
           {std::pair{RD_KAFKA_ACL_OPERATION_READ, "read"},
            std::pair{RD_KAFKA_ACL_OPERATION_WRITE, "write"},
            std::pair{RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS, "see the settings of"}}) {
        rights.push_back({node, operation, all_topics, RD_KAFKA_RESOURCE_PATTERN_PREFIXED});
        report_.rights.push_back(node + " may " + what + " all topics whose names start with " +
                                 all_topics);
      }
    }
    for (const auto& reader : init_.readers) {
      rights.push_back({.principal = reader,
                        .operation = RD_KAFKA_ACL_OPERATION_READ,
                        .topic = name(TopicKind::events)});
      report_.rights.push_back(reader + " may read " + name(TopicKind::events));
    }
    if (!rights.empty()) report_.has_authorizer = grant(*client_, rights, longest_question);
  }

  const KafkaInit& init_;
  const std::uint32_t min_insync_;
  std::unique_ptr<KafkaClient> client_;
  KafkaInitReport report_;
};

}  // namespace

KafkaInitReport init_kafka(const KafkaInit& init) {
  check_kafka_options(init.options);
  return Initializing(init).run();
}

}  // namespace meent::eventstore
