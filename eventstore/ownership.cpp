#include "eventstore/ownership.h"

#include <algorithm>
#include <cstdlib>

#include "eventstore/bytes.h"

// beat := version (2), node (4 + n), url (4 + n), partitions (4), next offset (8) each, flags (1),
//         at (8), level (4)
namespace meent::eventstore {

namespace {

constexpr std::uint16_t beat_version = 1;
constexpr std::uint8_t ready_flag = 1, leaving_flag = 2;
constexpr std::size_t most_partitions = 1024;
constexpr std::chrono::seconds remembered{60};

void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}
std::string read_text(ByteReader& in) {
  return std::string(in.bytes(in.number<std::uint32_t>()));
}

}  // namespace

std::string encode_beat(const Beat& beat) {
  std::string out;
  put_number(out, beat_version);
  put_text(out, beat.node);
  put_text(out, beat.url);
  put_number(out, static_cast<std::uint32_t>(beat.next_offsets.size()));
  for (const auto offset : beat.next_offsets) put_number(out, offset);
  put_number(out, static_cast<std::uint8_t>((beat.is_ready ? ready_flag : 0) |
                                            (beat.is_leaving ? leaving_flag : 0)));
  put_number(out, static_cast<std::uint64_t>(beat.at.ms));
  put_number(out, beat.level);
  return out;
}

std::optional<Beat> decode_beat(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.number<std::uint16_t>() != beat_version) return std::nullopt;
  Beat beat;
  beat.node = read_text(in);
  beat.url = read_text(in);
  const auto count = in.number<std::uint32_t>();
  if (!in.good() || count > most_partitions) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) beat.next_offsets.push_back(in.number<std::uint64_t>());
  const auto flags = in.number<std::uint8_t>();
  beat.is_ready = (flags & ready_flag) != 0;
  beat.is_leaving = (flags & leaving_flag) != 0;
  beat.at.ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
  beat.level = in.number<std::uint32_t>();
  if (!in.complete()) return std::nullopt;
  return beat;
}

Ownership::Ownership(std::string node, OwnershipOptions options)
    : node_(std::move(node)), options_(options) {}

void Ownership::hear(const Beat& beat, domain::Timestamp appended_at, SteadyTime now) {
  if (!first_at_) first_at_ = now;
  if (beat.node == node_ && appended_at.ms > 0) {
    clock_difference_ms_ = beat.at.ms - appended_at.ms;
  }
  auto& heard = heard_[beat.node];
  // After a silence of the topic itself everyone is given time to be heard again.
  if (beat.node == node_ && !is_live(heard, now)) first_at_ = now;
  heard.moved_at.resize(beat.next_offsets.size(), now);
  for (std::size_t i = 0; i < beat.next_offsets.size(); ++i) {
    const bool has_moved =
        i >= heard.beat.next_offsets.size() || heard.beat.next_offsets[i] != beat.next_offsets[i];
    if (has_moved) heard.moved_at[i] = now;
  }
  heard.beat = beat;
  heard.at = now;
  std::erase_if(heard_, [&](const auto& one) { return now - one.second.at > remembered; });
}

void Ownership::see_clock(domain::Timestamp wall, SteadyTime now) {
  if (clock_seen_) {
    const auto passed =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - clock_seen_->second).count();
    const auto jump = std::abs(wall.ms - clock_seen_->first.ms - passed);
    if (jump > options_.largest_clock_jump.count()) jumped_at_ = now;
  }
  clock_seen_ = {wall, now};
}

bool Ownership::is_clock_right(SteadyTime now) const {
  if (jumped_at_ && now - *jumped_at_ < remembered) return false;
  return !clock_difference_ms_ ||
         std::abs(*clock_difference_ms_) <= options_.largest_clock_difference.count();
}

bool Ownership::is_live(const Heard& heard, SteadyTime now) const {
  return now - heard.at <= options_.dead_after;
}

bool Ownership::can_own(const Heard& heard, SteadyTime now) const {
  if (!is_live(heard, now) || !heard.beat.is_ready || heard.beat.is_leaving) return false;
  return heard.beat.node != node_ || is_clock_right(now);
}

bool Ownership::is_stuck(const Heard& heard, const PartitionStatus& partition,
                         SteadyTime now) const {
  if (heard.beat.node == node_) return false;
  const auto number = partition.number;
  if (number >= heard.beat.next_offsets.size()) return false;
  return heard.beat.next_offsets[number] < partition.next_offset &&
         now - heard.moved_at[number] > options_.stuck_after;
}

/// By the address that was claimed with, as everyone sees it; of several lives there, the one heard
/// last. So a node that began anew answers for what its earlier life had.
const Ownership::Heard* Ownership::owner_of(const PartitionStatus& partition) const {
  if (partition.role == PartitionRole::owning) {
    const auto self = heard_.find(node_);
    return self == heard_.end() ? nullptr : &self->second;
  }
  const Heard* last = nullptr;
  for (const auto& [node, heard] : heard_) {
    if (heard.beat.url != partition.owner_url) continue;
    if (last == nullptr || heard.at >= last->at) last = &heard;
  }
  return last;
}

std::optional<SteadyTime> Ownership::ownerless_since(const PartitionStatus& partition,
                                                     SteadyTime now) const {
  if (partition.role == PartitionRole::stopped) return std::nullopt;
  if (!first_at_ || now - *first_at_ < options_.dead_after) return std::nullopt;
  const auto* owner = owner_of(partition);
  if (owner == nullptr) return first_at_;
  if (!is_live(*owner, now)) return owner->at;
  // What this node had in an earlier life it must claim anew.
  const bool is_claimed = owner->beat.node != node_ || partition.role == PartitionRole::owning;
  return is_claimed ? std::nullopt : first_at_;
}

std::vector<std::uint32_t> Ownership::wanted(const std::vector<PartitionStatus>& partitions,
                                             SteadyTime now) {
  const auto self = heard_.find(node_);
  // Whose own beats do not come back knows nothing of the others either.
  if (self == heard_.end() || !can_own(self->second, now)) return {};
  if (now - *first_at_ < options_.dead_after) return {};

  using Name = std::pair<std::string, std::string>;  ///< url and node
  std::map<Name, std::size_t> counts;
  const auto name_of = [](const Heard& heard) { return Name(heard.beat.url, heard.beat.node); };
  for (const auto& [node, heard] : heard_) {
    if (can_own(heard, now)) counts[name_of(heard)] = 0;
  }
  const auto fair = (partitions.size() + counts.size() - 1) / counts.size();
  struct Free {
    const PartitionStatus* partition;
    std::optional<Name> stuck;  ///< not given to it again
  };
  std::vector<Free> free;
  std::vector<const PartitionStatus*> own;  ///< by the others' reckoning too
  for (const auto& partition : partitions) {
    if (partition.role == PartitionRole::stopped) continue;
    const auto* owner = owner_of(partition);
    const bool is_alive = owner != nullptr && can_own(*owner, now);
    if (is_alive && is_stuck(*owner, partition, now)) {
      free.push_back({.partition = &partition, .stuck = name_of(*owner)});
    } else if (is_alive && counts[name_of(*owner)] < fair) {
      ++counts[name_of(*owner)];
      if (owner == &self->second) own.push_back(&partition);
    } else {
      free.push_back({.partition = &partition, .stuck = std::nullopt});
    }
  }
  for (const auto& [partition, stuck] : free) {
    auto least = counts.end();
    for (auto at = counts.begin(); at != counts.end(); ++at) {
      if (at->first == stuck) continue;
      if (least == counts.end() || at->second < least->second) least = at;
    }
    if (least == counts.end()) continue;
    ++least->second;
    if (least->first == name_of(self->second)) own.push_back(partition);
  }
  std::vector<std::uint32_t> out;
  for (const auto* partition : own) {
    if (partition->role != PartitionRole::following) continue;
    const auto asked = asked_at_.find(partition->number);
    if (asked != asked_at_.end() && now - asked->second < options_.claim_again_after) continue;
    asked_at_[partition->number] = now;
    out.push_back(partition->number);
  }
  return out;
}

std::vector<Ownership::Peer> Ownership::peers(SteadyTime now) const {
  std::vector<Peer> out;
  for (const auto& [node, heard] : heard_) {
    out.push_back({.beat = heard.beat, .is_live = is_live(heard, now)});
  }
  std::ranges::sort(out, {}, [](const Peer& peer) { return peer.beat.url; });
  return out;
}

}  // namespace meent::eventstore
