#include "eventstore/membership.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace meent::eventstore {

namespace {

constexpr std::chrono::milliseconds longest_behind{1000};
constexpr std::chrono::milliseconds at_once{0};
constexpr int most_beats_a_step = 1000;

}  // namespace

Membership::Membership(std::unique_ptr<Topic> beats, Sequencer& sequencer,
                       MembershipOptions options)
    : beats_(std::move(beats)),
      sequencer_(sequencer),
      options_(std::move(options)),
      ownership_(options_.node, options_.ownership) {}

void Membership::step(SteadyTime now, domain::Timestamp wall, std::chrono::milliseconds wait) {
  const auto partitions = sequencer_.partitions();
  if (now - beaten_at_ >= options_.beat_every) beat(now, wall, partitions);
  try {
    for (int i = 0; i < most_beats_a_step; ++i) {
      const auto entry = beats_->next(i == 0 ? wait : at_once);
      if (!entry) break;
      const auto heard = entry->value ? decode_beat(*entry->value) : std::nullopt;
      // What was said before this node began to listen says nothing about now.
      if (!heard || !beats_->is_caught_up()) continue;
      const std::lock_guard lock(mutex_);
      ownership_.hear(*heard, entry->appended_at, now);
    }
    is_deaf_ = false;
  } catch (const StorageError& error) {
    // The brokers are away: nobody is heard, so nothing is claimed.
    if (!std::exchange(is_deaf_, true)) {
      spdlog::warn("the other nodes cannot be heard: {}", error.what());
    }
  }
  std::vector<std::uint32_t> wanted;
  {
    const std::lock_guard lock(mutex_);
    ownership_.see_clock(wall, now);
    count_ownerless(now, partitions);
    if (!is_leaving_) wanted = ownership_.wanted(partitions, now);
  }
  for (const auto number : wanted) sequencer_.claim(number, options_.url);
}

void Membership::beat(SteadyTime now, domain::Timestamp wall,
                      const std::vector<PartitionStatus>& partitions) {
  beaten_at_ = now;
  const auto behind = sequencer_.behind();
  Beat beat{.node = options_.node,
            .url = options_.url,
            .next_offsets = {},
            .is_ready = behind && *behind < longest_behind,
            .is_leaving = false,
            .at = wall,
            .level = options_.level};
  for (const auto& partition : partitions) beat.next_offsets.push_back(partition.next_offset);
  {
    const std::lock_guard lock(mutex_);
    beat.is_leaving = is_leaving_;
  }
  try {
    beats_->publish(options_.node, encode_beat(beat));
  } catch (const StorageError&) {
    return;  // the brokers are away; the next beat may come through
  }
  const std::lock_guard lock(mutex_);
  has_told_ = beat.is_leaving;
}

/// Under the mutex.
void Membership::count_ownerless(SteadyTime now, const std::vector<PartitionStatus>& partitions) {
  ownerless_.resize(partitions.size());
  for (const auto& partition : partitions) {
    auto& one = ownerless_[partition.number];
    if (const auto since = ownership_.ownerless_since(partition, now)) {
      one.time += now - std::max(*since, one.counted_until);
      one.counted_until = now;
    }
  }
}

std::vector<std::chrono::milliseconds> Membership::without_owner() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::chrono::milliseconds> out;
  for (const auto& one : ownerless_) {
    out.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(one.time));
  }
  return out;
}

void Membership::leave() {
  const std::lock_guard lock(mutex_);
  is_leaving_ = true;
}

bool Membership::has_left(SteadyTime now) const {
  const auto partitions = sequencer_.partitions();
  const bool has_none = std::ranges::none_of(partitions, [](const PartitionStatus& partition) {
    return partition.role == PartitionRole::owning || partition.role == PartitionRole::claiming;
  });
  const std::lock_guard lock(mutex_);
  if (has_none && has_told_) return true;
  const auto peers = ownership_.peers(now);
  return std::ranges::none_of(peers, [this](const Ownership::Peer& peer) {
    return peer.is_live && peer.beat.node != options_.node && peer.beat.is_ready &&
           !peer.beat.is_leaving;
  });
}

std::vector<Ownership::Peer> Membership::peers(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  return ownership_.peers(now);
}

bool Membership::is_clock_right(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  return ownership_.is_clock_right(now);
}

}  // namespace meent::eventstore
