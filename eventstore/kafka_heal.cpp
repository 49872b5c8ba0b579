#include "eventstore/kafka_heal.h"

#include <algorithm>
#include <array>
#include <utility>

#include "eventstore/bytes.h"
#include "eventstore/envelope.h"
#include "eventstore/kafka_admin.h"
#include "eventstore/kafka_producer.h"
#include "eventstore/kafka_reader.h"
#include "eventstore/kafka_topic.h"
#include "eventstore/kafka_topics.h"
#include "eventstore/keys.h"
#include "eventstore/lost_keys.h"
#include "eventstore/ownership.h"
#include "eventstore/replicated.h"
#include "eventstore/store.h"

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto longest_question = 10s;
constexpr auto longest_silence = 30s;
constexpr auto listening_for_beats = 1500ms;
constexpr std::uint64_t block_offsets = 1000;
constexpr std::size_t most_a_write = 500;
constexpr std::size_t most_bytes_a_write = 16U << 20;

/// What lies at some offsets of each partition, in a hash for each block of them. Messages without
/// bytes are left out: they count nowhere, and healing may have put some where offsets were empty.
class Digests {
 public:
  explicit Digests(std::size_t partitions) : blocks_(partitions) {}

  void add(std::uint32_t partition, std::uint64_t offset, std::string_view bytes) {
    if (bytes.empty()) return;
    auto& blocks = blocks_.at(partition);
    const auto block = static_cast<std::size_t>(offset / block_offsets);
    if (blocks.size() <= block) blocks.resize(block + 1);
    std::string row;
    row.reserve(sizeof(Hash) + sizeof offset + bytes.size());
    put_bytes(row, blocks[block]);
    put_number(row, offset);
    row += bytes;
    blocks[block] = hash_of(row);
  }

  /// Number of the first block that differs.
  [[nodiscard]] std::optional<std::uint64_t> difference(const Digests& other,
                                                        std::uint32_t partition) const {
    const auto& mine = blocks_.at(partition);
    const auto& others = other.blocks_.at(partition);
    for (std::size_t i = 0; i < std::max(mine.size(), others.size()); ++i) {
      const auto left = i < mine.size() ? mine[i] : Hash{};
      const auto right = i < others.size() ? others[i] : Hash{};
      if (left != right) return i;
    }
    return std::nullopt;
  }

 private:
  std::vector<std::vector<Hash>> blocks_;
};

/// Offsets of one partition: from the first to before the last.
struct Range {
  std::uint64_t from = 0;
  std::uint64_t until = 0;
  [[nodiscard]] bool has(std::uint64_t offset) const { return offset >= from && offset < until; }
};

std::unique_ptr<Store> open_store(const std::filesystem::path& folder, Files& files) {
  if (!is_replicated_folder(folder, files)) {
    throw StartRefused(folder.string() +
                       " is not the data folder of a cluster's node. Give the folder that the node "
                       "has as --data.");
  }
  return Store::open({.folder = folder}, files);
}

}  // namespace

struct KafkaHeal::Parts {
  Parts(const std::filesystem::path& folder, KafkaOptions from, const KeyBytes& secret_bytes,
        Files& files)
      : options(std::move(from)),
        topic(options.log_topic()),
        secret(secret_bytes),
        store(open_store(folder, files)),
        keys(Keys::open(folder / "keys", files)) {
    const auto found = store->partition(0).genesis;
    if (!found) {
      throw StartRefused(folder.string() +
                         " holds nothing of partition 0 yet. Heal from a node "
                         "that has more.");
    }
    genesis = *found;
    client = make_looking_client(options);
  }

  void require_topics();
  void require_no_node_runs();
  void require_this_log(const std::vector<std::uint64_t>& ends);
  [[nodiscard]] std::uint64_t end_of(std::uint32_t partition) const {
    return end_of_partition(*client, topic, partition, longest_question);
  }
  void digest_topic(const std::vector<Range>& ranges, Digests& out,
                    const HealProgress& progress) const;
  void visit_lost(const std::function<void(const StoredEnvelope&)>& visit) const;
  void give_keys();
  void write_lost(const HealProgress& progress);
  void read_back() const;

  const KafkaOptions options;
  const std::string topic;
  const KeyBytes secret;
  const std::unique_ptr<Store> store;
  const std::unique_ptr<Keys> keys;
  Genesis genesis;
  std::unique_ptr<KafkaClient> client;
  std::vector<HealPlace> places;
  std::uint64_t first_lost = 0;  ///< in the store
  std::size_t key_count = 0;
};

void KafkaHeal::Parts::require_topics() {
  for (const auto kind : {TopicKind::log, TopicKind::keys, TopicKind::beats}) {
    const auto name = name_of(options, kind);
    const auto shape = shape_of_topic(*client, name, longest_question);
    if (!shape) {
      throw StartRefused("The brokers have no topic " + name +
                         ". If it is lost with all it held, make it again as docs/kafka.md says, "
                         "with kafka-topics and with as many partitions (the log has " +
                         std::to_string(genesis.partitions) +
                         "). Not with `meent kafka init`: that begins another log.");
    }
    if (kind == TopicKind::beats) continue;
    if (kind == TopicKind::log && shape->partitions != genesis.partitions) {
      throw StartRefused(name + " has " + std::to_string(shape->partitions) +
                         " partitions, and this node's log has " +
                         std::to_string(genesis.partitions) + ". Nothing was written.");
    }
    const auto wrong = wrong_settings(kind, least_insync(shape->copies),
                                      settings_of_topic(*client, name, longest_question));
    if (!wrong.empty() || shape->copies < options.replication) {
      throw StartRefused("Of " + name + " " +
                         (wrong.empty() ? "a partition has only " + std::to_string(shape->copies) +
                                              " copies (--replication says what you accept)"
                                        : in_one_line(wrong)) +
                         ". Set it right first. Nothing was written.");
    }
  }
}

/// Nodes beat five times a second, whatever else they can do.
void KafkaHeal::Parts::require_no_node_runs() {
  KafkaTopic beats(options, options.beats_topic());
  const auto longest = Clock::now() + longest_silence;
  std::optional<Clock::time_point> end;
  while (!end || Clock::now() < *end) {
    const auto entry = beats.next(100ms);
    const bool is_new = end.has_value();
    if (!end && beats.is_caught_up()) end = Clock::now() + listening_for_beats;
    if (!end && Clock::now() > longest) {
      throw StorageError("the topic of beats could not be read to its end", false);
    }
    const auto beat = is_new && entry && entry->value ? decode_beat(*entry->value) : std::nullopt;
    if (!beat) continue;
    throw StartRefused(
        "A node is running at " + beat->url +
        ". Stop all nodes first: what one of them writes now would part the log from "
        "what was lost. Nothing was written.");
  }
}

void KafkaHeal::Parts::require_this_log(const std::vector<std::uint64_t>& ends) {
  std::vector<KafkaStart> starts;
  for (std::uint32_t i = 0; i < ends.size(); ++i) {
    if (ends[i] > 0) starts.push_back({.partition = i, .offset = 0});
  }
  const auto found = read_first(*client, topic, starts, longest_question);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto where = partition_text(starts[i].partition) + " of " + topic;
    if (!found[i] || found[i]->offset != 0) {
      throw StartRefused("The beginning of " + where +
                         " was deleted. Only an end can be appended: make the topic again, empty, "
                         "as docs/kafka.md says, and heal that. Nothing was written.");
    }
    const auto envelope = decode_envelope(found[i]->bytes);
    const auto* first = envelope ? std::get_if<Genesis>(&envelope->body) : nullptr;
    if (first == nullptr || first->log_id != genesis.log_id ||
        first->partition != starts[i].partition || first->partitions != genesis.partitions) {
      throw StartRefused(where +
                         (first == nullptr ? std::string(" does not begin with genesis")
                                           : " is of log " + first->log_id.text()) +
                         ", and this node's history is of log " + genesis.log_id.text() +
                         ". Look at --kafka and --topic-prefix. Nothing was written.");
    }
  }
}

void KafkaHeal::Parts::digest_topic(const std::vector<Range>& ranges, Digests& out,
                                    const HealProgress& progress) const {
  std::vector<KafkaStart> starts;
  std::uint64_t all = 0;
  for (std::uint32_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].from >= ranges[i].until) continue;
    starts.push_back({.partition = i, .offset = static_cast<std::int64_t>(ranges[i].from)});
    all += ranges[i].until - ranges[i].from;
  }
  KafkaClient reading(options, RD_KAFKA_CONSUMER,
                      {{"auto.offset.reset", "error"},
                       {"enable.partition.eof", "true"},
                       {"fetch.error.backoff.ms", "50"},
                       {"queued.max.messages.kbytes", "65536"}});
  shape_of_topic(reading, topic, longest_question);
  KafkaReader reader(reading, topic, starts);
  std::vector<bool> is_read(ranges.size());
  auto left = starts.size();
  std::uint64_t done = 0;
  auto heard_at = Clock::now();
  while (left > 0) {
    const auto message = reader.poll(100ms);
    if (!message) {
      if (Clock::now() - heard_at < longest_silence) continue;
      throw StorageError(topic + " could not be read: " + reading.last_error(), false);
    }
    const auto partition = static_cast<std::uint32_t>(message->partition);
    const auto offset = static_cast<std::uint64_t>(message->offset);
    const bool is_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (!is_end && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw StorageError(topic + " could not be read: " + kafka_error(message->err), false);
    }
    heard_at = Clock::now();
    const auto& range = ranges.at(partition);
    if (!is_end && !is_read[partition] && range.has(offset)) {
      out.add(partition, offset, {static_cast<const char*>(message->payload), message->len});
      if (progress) progress(std::min(++done, all), all);
    }
    // An end that a new leader does not know yet (KIP-207) comes again, further on.
    const auto reached = is_end ? offset : offset + 1;
    if (!is_read[partition] && reached >= range.until) {
      is_read[partition] = true;
      --left;
    }
  }
}

void KafkaHeal::Parts::visit_lost(const std::function<void(const StoredEnvelope&)>& visit) const {
  store->read(first_lost, [&](const StoredEnvelope& stored) {
    if (stored.entry.offset >= places.at(stored.entry.partition).topic_end) visit(stored);
    return true;
  });
}

void KafkaHeal::Parts::give_keys() {
  KeyIds named;
  visit_lost([&](const StoredEnvelope& stored) {
    const auto envelope = decode_envelope(stored.bytes);
    const auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
    if (group != nullptr) add_named_keys(group->record, named);
  });
  KafkaTopic topic_of_keys(options, options.keys_topic());
  key_count = give_missing_keys(*keys, topic_of_keys, secret, std::move(named), longest_silence);
}

/// One message first, then more: a topic that does not end where it should is seen early.
void KafkaHeal::Parts::write_lost(const HealProgress& progress) {
  KafkaProducer producer(options, topic, KafkaProducer::never_gives_up);
  std::vector<std::uint64_t> next;
  std::uint64_t all = 0;
  for (const auto& place : places) {
    next.push_back(place.topic_end);
    all += place.lost_count;
  }
  std::uint64_t done = 0;
  std::size_t bytes = 0;
  std::size_t count = 0;
  std::size_t limit = 1;
  const auto settle = [&] {
    if (!producer.flush(longest_silence) || producer.failed_count() > 0) {
      throw StorageError("the brokers did not take what was lost; run this again", true);
    }
    for (std::uint32_t i = 0; i < next.size(); ++i) {
      if (next[i] == places[i].topic_end || end_of(i) == next[i]) continue;
      throw StorageError(partition_text(i) + " of " + topic + " does not end before offset " +
                             std::to_string(next[i]) +
                             " as it should: somebody else writes into it. Stop them, and run this "
                             "again: it says what became of it",
                         true);
    }
    bytes = count = 0;
    limit = std::min(limit * 4, most_a_write);
  };
  const auto send = [&](std::uint32_t partition, std::string_view value) {
    producer.send({.partition = partition, .key = {}, .value = value, .headers = {}});
    ++next[partition];
    ++count;
    bytes += value.size();
    if (count >= limit || bytes >= most_bytes_a_write) settle();
  };
  visit_lost([&](const StoredEnvelope& stored) {
    const auto partition = stored.entry.partition;
    while (next[partition] < stored.entry.offset) send(partition, {});
    send(partition, stored.bytes);
    if (progress) progress(++done, all);
  });
  settle();
}

void KafkaHeal::Parts::read_back() const {
  std::vector<Range> ranges;
  for (const auto& place : places) ranges.push_back({place.topic_end, place.node_end});
  Digests theirs(places.size());
  Digests ours(places.size());
  digest_topic(ranges, theirs, {});
  visit_lost([&](const StoredEnvelope& stored) {
    ours.add(stored.entry.partition, stored.entry.offset, stored.bytes);
  });
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    if (!theirs.difference(ours, i)) continue;
    throw StorageError("what came back from " + partition_text(i) + " of " + topic +
                           " is not what was written. Start no node; run this again: it says what "
                           "differs",
                       true);
  }
}

KafkaHeal::KafkaHeal(const std::filesystem::path& folder, KafkaOptions options,
                     const KeyBytes& secret, Files& files) {
  check_kafka_options(options);
  parts_ = std::make_unique<Parts>(folder, std::move(options), secret, files);
  parts_->require_topics();
  parts_->require_no_node_runs();
}

KafkaHeal::~KafkaHeal() = default;

domain::LogId KafkaHeal::log_id() const {
  return parts_->genesis.log_id;
}

const std::vector<HealPlace>& KafkaHeal::compare(const HealProgress& progress) {
  auto& parts = *parts_;
  const auto count = parts.genesis.partitions;
  std::vector<std::uint64_t> ends;
  for (std::uint32_t i = 0; i < count; ++i) ends.push_back(parts.end_of(i));
  parts.require_this_log(ends);
  parts.places.assign(count, {});
  std::vector<Range> ranges;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& place = parts.places[i];
    place.node_end = parts.store->log_place(i).next_offset;
    place.topic_end = ends[i];
    ranges.push_back({0, std::min(place.node_end, place.topic_end)});
  }
  Digests theirs(count);
  Digests ours(count);
  parts.digest_topic(ranges, theirs, progress);
  std::optional<std::uint64_t> first_lost;
  parts.store->read(0, [&](const StoredEnvelope& stored) {
    const auto& entry = stored.entry;
    auto& place = parts.places.at(entry.partition);
    if (ranges[entry.partition].has(entry.offset)) {
      ours.add(entry.partition, entry.offset, stored.bytes);
    } else {
      ++place.lost_count;
      if (!first_lost) first_lost = stored.offset;
    }
    return true;
  });
  parts.first_lost = first_lost.value_or(parts.store->next_offset());
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto block = theirs.difference(ours, i);
    if (!block) continue;
    const auto from = *block * block_offsets;
    parts.places[i].parted = {from, std::min(from + block_offsets, ranges[i].until) - 1};
  }
  return parts.places;
}

std::size_t KafkaHeal::append(const HealProgress& progress) {
  auto& parts = *parts_;
  for (std::uint32_t i = 0; i < parts.places.size(); ++i) {
    if (!parts.places[i].parted) continue;
    throw StartRefused(partition_text(i) + " of " + parts.topic +
                       " has parted from what this node has: somebody wrote since the end was "
                       "lost. Nothing was written. See docs/runbook.md, Lost suffix.");
  }
  const bool is_whole = std::ranges::all_of(
      parts.places, [](const HealPlace& place) { return place.lost_count == 0; });
  if (is_whole) return 0;
  parts.give_keys();
  parts.write_lost(progress);
  parts.read_back();
  return parts.key_count;
}

}  // namespace meent::eventstore
