#include "eventstore/kafka_check.h"

#include <algorithm>

#include "eventstore/envelope.h"
#include "eventstore/kafka_admin.h"
#include "eventstore/kafka_topics.h"

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_question = 3s;

Hash hash_of_place(const KafkaPlace& place) {
  if (const auto* bytes = std::get_if<std::string>(&place.last)) return hash_of(*bytes);
  return std::get<Hash>(place.last);
}

std::string bytes_text(std::string_view bytes) {
  return std::to_string(bytes.size()) + " bytes";
}

}  // namespace

KafkaCheck::KafkaCheck(KafkaOptions options)
    : options_(std::move(options)), topic_(options_.log_topic()) {}

KafkaCheck::~KafkaCheck() = default;

std::optional<std::string> KafkaCheck::compare(const std::vector<KafkaPlace>& places) {
  if (!client_) {
    client_ = make_looking_client(options_);
  }
  try {
    if (auto difference = compare_topic()) return difference;
    if (auto difference = compare_genesis()) return difference;
    return compare_last(places);
  } catch (const StorageError&) {
    client_ = nullptr;  // the next try begins with fresh connections
    throw;
  }
}

std::optional<std::string> KafkaCheck::compare_topic() {
  const auto shape = shape_of_topic(*client_, topic_, longest_question);
  if (!shape) {
    if (partitions_ > 0) throw StorageError("the brokers do not know " + topic_ + " now", false);
    return "the brokers have no topic " + topic_ + ". Make it with: meent kafka init";
  }
  if (partitions_ > 0 && shape->partitions != partitions_) {
    return topic_ + " has " + std::to_string(shape->partitions) + " partitions and had " +
           std::to_string(partitions_) +
           ". Which platform lies in which partition would no longer hold; bring the topic back as "
           "it was";
  }
  if (shape->copies < options_.replication) {
    return topic_ + " has a partition with " + std::to_string(shape->copies) +
           " copies and must have " + std::to_string(options_.replication) +
           ". Reassign it (kafka-reassign-partitions), or say what you accept with "
           "--replication";
  }
  const auto wrong = wrong_settings(TopicKind::log, least_insync(shape->copies),
                                    settings_of_topic(*client_, topic_, longest_question));
  if (!wrong.empty()) {
    return "of " + topic_ + " " + in_one_line(wrong) +
           ". Set it so with kafka-configs --alter, find out who changed it, and start again";
  }
  partitions_ = shape->partitions;
  return std::nullopt;
}

std::optional<std::string> KafkaCheck::compare_genesis() {
  std::vector<KafkaStart> starts;
  for (std::uint32_t partition = 0; partition < partitions_; ++partition) {
    starts.push_back({.partition = partition, .offset = 0});
  }
  auto log_id = log_id_;
  const auto found = read_first(*client_, topic_, starts, longest_question);
  for (std::uint32_t partition = 0; partition < partitions_; ++partition) {
    const auto where = partition_text(partition) + " of " + topic_;
    const auto& first = found[partition];
    if (!first || first->offset != 0) {
      return "the beginning of " + where +
             " is not there (any more): records were deleted, or `meent kafka init` was not "
             "finished. If this log was in use, stop all nodes and see docs/runbook.md, Lost "
             "suffix";
    }
    const auto envelope = decode_envelope(first->bytes);
    const auto* genesis = envelope ? std::get_if<Genesis>(&envelope->body) : nullptr;
    if (genesis == nullptr) {
      return where + " does not begin with genesis but with " + bytes_text(first->bytes) +
             " of somebody else: this topic was not made by `meent kafka init`";
    }
    if (genesis->partition != partition || genesis->partitions != partitions_) {
      return "the genesis of " + where + " is that of " + partition_text(genesis->partition) +
             " of " + std::to_string(genesis->partitions);
    }
    if (!log_id) log_id = genesis->log_id;
    if (genesis->log_id != *log_id) {
      return where + " is of log " + genesis->log_id.text() + " and not of " + log_id->text() +
             ": the topic was made anew or restored from elsewhere";
    }
  }
  log_id_ = log_id;
  return std::nullopt;
}

std::optional<std::string> KafkaCheck::compare_last(const std::vector<KafkaPlace>& places) {
  std::vector<KafkaStart> starts;
  for (std::uint32_t partition = 0; partition < places.size(); ++partition) {
    const auto& place = places[partition];
    if (std::holds_alternative<std::monostate>(place.last)) continue;
    if (partition >= partitions_) return topic_ + " has no " + partition_text(partition);
    starts.push_back(
        {.partition = partition, .offset = static_cast<std::int64_t>(place.last_offset)});
  }
  const auto found = read_first(*client_, topic_, starts, longest_question);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto& place = places[starts[i].partition];
    const auto where = partition_text(starts[i].partition) + " of " + topic_ + " at offset " +
                       std::to_string(place.last_offset);
    if (!found[i] || found[i]->offset != place.last_offset) {
      return where +
             " no longer holds the entry that this node has read: the log was cut, or made anew. "
             "Stop all nodes; `meent kafka heal` says what is lost and puts it back "
             "(docs/runbook.md, Lost suffix)";
    }
    if (hash_of(found[i]->bytes) != hash_of_place(place)) {
      return where +
             " holds another entry than the one that this node has read: the log was cut and "
             "written again. Stop all nodes and see docs/runbook.md, Lost suffix";
    }
  }
  return std::nullopt;
}

}  // namespace meent::eventstore
