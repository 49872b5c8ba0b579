#include "tests/simulation/broker.h"

#include <algorithm>

#include "eventstore/bytes.h"
#include "eventstore/envelope.h"

namespace meent::simulation {

using namespace eventstore;

namespace {

constexpr std::uint64_t offsets_between_gaps = 5;
constexpr std::size_t version_at = 4;  ///< in an envelope
constexpr Millis longest_late{8000};

/// As newer software would write it: the version of the envelope, or of the record in it.
std::string as_newer(const std::string& bytes, bool in_record) {
  auto envelope = decode_envelope(bytes);
  if (in_record && envelope && std::holds_alternative<Group>(envelope->body)) {
    auto& record = std::get<Group>(envelope->body).record;
    std::string version;
    put_number(version, static_cast<std::uint16_t>(record_version + 1));
    record.replace(0, version.size(), version);
    return encode_envelope(*envelope);
  }
  auto out = bytes;
  std::string version;
  put_number(version, std::uint16_t{2});
  out.replace(version_at, version.size(), version);
  return out;
}

/// What an append may meet.
enum class Fate : std::uint8_t {
  is_lost,
  lands_twice,
  lands_late,
  throws_and_lands,
  throws_and_lands_late,
  throws_and_is_lost,
  lands_in_part,
};
constexpr std::size_t fates = 7;

}  // namespace

// The log ----------------------------------------------------------------------------------------

class BrokerLog final : public Log {
 public:
  BrokerLog(Broker& broker, std::size_t node)
      : broker_(broker), node_(node), places_(broker.partitions()) {}

  std::uint32_t partitions() const override { return broker_.partitions(); }
  Durability durability() const override { return Durability::when_read; }
  void wake() override {}
  void append(std::uint32_t partition, std::span<const std::string> envelopes) override {
    if (cuts_seen_ == broker_.cut_count_) return broker_.append(node_, partition, envelopes);
    throw StorageError("the log has yet to be compared", true);
  }
  void seek(std::uint32_t partition, const LogPlace& place) override {
    const auto& entries = broker_.entries(partition);
    const auto at = std::ranges::lower_bound(entries, place.next_offset, {}, &LogEntry::offset);
    places_[partition] = {.index = static_cast<std::size_t>(at - entries.begin()),
                          .last = place.last};
    is_trusted_ = false;
  }

  std::optional<LogEntry> next(std::chrono::milliseconds) override {
    if (broker_.links_[node_].is_cut) {
      is_trusted_ = false;
      throw StorageError("the brokers cannot be reached", false);
    }
    if (!is_trusted_ || cuts_seen_ != broker_.cut_count_) compare();
    for (std::uint32_t i = 0; i < partitions(); ++i) {
      const auto number = (first_ + i) % partitions();
      if (auto entry = take(number)) {
        first_ = (number + 1) % partitions();
        return entry;
      }
    }
    return std::nullopt;
  }

 private:
  struct Place {
    std::size_t index = 0;
    std::optional<SeenEntry> last;
  };

  void compare() {
    for (std::uint32_t number = 0; number < partitions(); ++number) {
      const auto& place = places_[number];
      if (!place.last) continue;
      const auto& entries = broker_.entries(number);
      const auto at = std::ranges::lower_bound(entries, place.last->offset, {}, &LogEntry::offset);
      const auto index = static_cast<std::size_t>(at - entries.begin());
      const bool is_there = at != entries.end() && at->offset == place.last->offset;
      if (!is_there || hash_of(seen_as(number, index)) != place.last->envelope_hash) {
        throw LogChanged("the log no longer holds what was read at offset " +
                         std::to_string(place.last->offset));
      }
    }
    is_trusted_ = true;
    cuts_seen_ = broker_.cut_count_;
  }

  std::string seen_as(std::uint32_t number, std::size_t index) const {
    const auto& partition = broker_.partitions_[number];
    const auto& bytes = partition.entries[index].envelope;
    const bool is_beyond = partition.is_new[index] && !broker_.links_[node_].knows_new;
    return is_beyond ? as_newer(bytes, partition.entries[index].offset % 2 == 0) : bytes;
  }

  std::optional<LogEntry> take(std::uint32_t number) {
    auto& place = places_[number];
    const auto& partition = broker_.partitions_[number];
    if (place.index >= partition.entries.size()) return std::nullopt;
    const auto delay = broker_.links_[node_].read_delay;
    if (partition.landed_at[place.index] + delay > broker_.schedule_.now()) return std::nullopt;
    auto entry = partition.entries[place.index];
    entry.envelope = seen_as(number, place.index);
    place.last = SeenEntry{.offset = entry.offset, .envelope_hash = hash_of(entry.envelope)};
    ++place.index;
    return entry;
  }

  Broker& broker_;
  std::size_t node_;
  std::vector<Place> places_;
  std::uint32_t first_ = 0;
  bool is_trusted_ = false;
  std::uint64_t cuts_seen_ = 0;
};

std::unique_ptr<Log> Broker::open_log(std::size_t node) {
  return std::make_unique<BrokerLog>(*this, node);
}

void Broker::put(std::uint32_t number, std::string bytes, bool is_new) {
  auto& partition = partitions_[number];
  if (partition.next_offset % offsets_between_gaps == offsets_between_gaps - 1) {
    ++partition.next_offset;
  }
  while (partition.gone.contains(partition.next_offset) &&
         partition.gone.at(partition.next_offset) == bytes) {
    ++partition.next_offset;
  }
  partition.entries.push_back({.partition = number,
                               .offset = partition.next_offset++,
                               .envelope = std::move(bytes),
                               .appended_at = schedule_.wall()});
  partition.landed_at.push_back(schedule_.now());
  partition.is_new.push_back(is_new || partition.is_raised);
  if (landed) landed(partition.entries.back());
}

void Broker::cut(std::uint32_t number, std::size_t count) {
  auto& partition = partitions_[number];
  const auto kept = partition.entries.size() - std::min(count, partition.entries.size() - 1);
  if (kept < partition.entries.size()) partition.next_offset = partition.entries[kept].offset;
  for (auto i = kept; i < partition.entries.size(); ++i) {
    partition.gone[partition.entries[i].offset] = std::move(partition.entries[i].envelope);
  }
  partition.entries.resize(kept);
  partition.landed_at.resize(kept);
  partition.is_new.resize(kept);
  ++cut_count_;
}

void Broker::land_in(std::uint32_t partition, Millis delay, const std::string& bytes) {
  schedule_.after(delay, [this, partition, bytes] { put(partition, bytes); });
}

/// One producer's envelopes keep their order.
Millis Broker::usual_delay(std::size_t node, std::uint32_t partition) {
  auto& last = last_landing_[{node, partition}];
  last = std::max(last, schedule_.now() + Millis(random_.between(1, 12)));
  return std::chrono::duration_cast<Millis>(last - schedule_.now());
}

void Broker::append(std::size_t node, std::uint32_t partition,
                    std::span<const std::string> envelopes) {
  const auto& link = links_[node];
  const auto late = [&] { return Millis(random_.between(50, longest_late.count())); };
  if (link.is_cut) {
    // It may have left before the cut, or be sent again after it, whoever lives by then.
    if (random_.happens(400)) {
      for (const auto& bytes : envelopes) land_in(partition, late(), bytes);
    }
    if (random_.happens(500)) throw StorageError("the brokers cannot be reached", true);
    return;
  }
  if (is_calm || !random_.happens(link.trouble)) {
    const auto delay = usual_delay(node, partition);
    for (const auto& bytes : envelopes) land_in(partition, delay, bytes);
    return;
  }
  ++fault_count;
  const auto fate = static_cast<Fate>(random_.below(fates));
  const auto delay = usual_delay(node, partition);
  const auto is_late = fate == Fate::lands_late || fate == Fate::throws_and_lands_late;
  for (const auto& bytes : envelopes) {
    if (fate == Fate::is_lost || fate == Fate::throws_and_is_lost) break;
    if (fate == Fate::lands_in_part && random_.happens(500)) continue;
    land_in(partition, is_late ? late() : delay, bytes);
    if (fate == Fate::lands_twice) land_in(partition, random_.happens(500) ? delay : late(), bytes);
  }
  const bool throws = fate == Fate::throws_and_lands || fate == Fate::throws_and_lands_late ||
                      fate == Fate::throws_and_is_lost;
  if (throws) throw StorageError("the brokers did not confirm", true);
}

// The topics -------------------------------------------------------------------------------------

class BrokerTopic final : public Topic {
 public:
  BrokerTopic(Broker& broker, Broker::TopicName name, std::size_t node)
      : broker_(broker), name_(name), node_(node), end_at_opening_(broker.topics_[name].size()) {}

  void publish(std::string_view key, std::optional<std::string_view> value) override {
    const bool is_away = name_ == Broker::TopicName::keys && broker_.is_keys_away;
    const bool fails = broker_.links_[node_].is_cut || is_away;
    if (fails) has_given_up_ = true;
    // What is not confirmed may be there all the same.
    if (fails && (is_away || !broker_.random_.happens(200))) return;
    broker_.topics_[name_].push_back(
        {.entry = {.key = std::string(key),
                   .value = value ? std::optional(std::string(*value)) : std::nullopt,
                   .appended_at = broker_.schedule_.wall()},
         .landed_at = broker_.schedule_.now()});
  }
  bool confirm(std::chrono::milliseconds) override { return !std::exchange(has_given_up_, false); }
  std::optional<TopicEntry> next(std::chrono::milliseconds) override {
    const auto& entries = broker_.topics_[name_];
    const auto& link = broker_.links_[node_];
    if (link.is_cut || place_ >= entries.size()) return std::nullopt;
    const auto delay = name_ == Broker::TopicName::keys ? link.keys_delay : link.read_delay;
    if (entries[place_].landed_at + delay > broker_.schedule_.now()) return std::nullopt;
    return entries[place_++].entry;
  }
  bool is_caught_up() const override { return place_ >= end_at_opening_; }

 private:
  Broker& broker_;
  Broker::TopicName name_;
  std::size_t node_;
  std::size_t place_ = 0;
  std::size_t end_at_opening_ = 0;
  bool has_given_up_ = false;
};

std::unique_ptr<Topic> Broker::open_topic(TopicName name, std::size_t node) {
  return std::make_unique<BrokerTopic>(*this, name, node);
}

}  // namespace meent::simulation
