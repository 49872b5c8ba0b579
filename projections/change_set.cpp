#include "projections/change_set.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <span>

namespace meent::projections {
namespace {

constexpr std::size_t fewest_slots = 256;
constexpr std::size_t most_slots_kept = 1U << 16;
constexpr std::uint64_t index_bits = 0xFFFFFFFF;
constexpr std::size_t few = 12;

/// A key's eight bytes after what it shares with its neighbours, as a number.
struct Sorting {
  std::uint64_t head = 0;
  const ChangeSet::Change* change = nullptr;
};

std::uint64_t head_of(std::string_view key, std::size_t from) {
  std::uint64_t head = 0;
  for (std::size_t i = from; i < from + sizeof head; ++i) {
    head = head << 8 | (i < key.size() ? static_cast<std::uint8_t>(key[i]) : 0);
  }
  return head;
}

/// The keys are equal in their first `from` bytes. Numbers are compared instead of keys, which lie
/// scattered; what is equal in eight bytes is sorted again by the next ones.
void sort_from(std::span<Sorting> all, std::size_t from) {
  const auto key = [](const Sorting& one) { return one.change->key; };
  const bool some_end =
      std::ranges::any_of(all, [&](const auto& one) { return key(one).size() <= from; });
  if (all.size() <= few || some_end) {
    std::ranges::sort(all, {}, key);
    return;
  }
  const auto first = key(all.front()).substr(from);
  auto shared = first.size();
  for (const auto& one : all) {
    const auto other = key(one).substr(from, shared);
    const auto [mine, its] = std::ranges::mismatch(first.substr(0, other.size()), other);
    shared = static_cast<std::size_t>(mine - first.begin());
  }
  from += shared;
  for (auto& one : all) one.head = head_of(key(one), from);
  std::ranges::sort(all, {}, &Sorting::head);
  for (auto begin = all.begin(); begin != all.end();) {
    const auto end =
        std::find_if(begin, all.end(), [&](const auto& one) { return one.head != begin->head; });
    if (end - begin > 1) sort_from({begin, end}, from + sizeof begin->head);
    begin = end;
  }
}

}  // namespace

std::size_t ChangeSet::slot_of(std::string_view key, std::size_t hash) const {
  const auto mask = slots_.size() - 1;
  for (auto at = hash & mask;; at = (at + 1) & mask) {
    const auto slot = slots_[at];
    if (slot == 0) return at;
    const bool may_be = (slot ^ hash) >> 32 == 0;
    if (may_be && held_[(slot & index_bits) - 1].change.key == key) return at;
  }
}

const ChangeSet::Change* ChangeSet::find(std::string_view key) const {
  if (held_.empty()) return nullptr;
  const auto slot = slots_[slot_of(key, std::hash<std::string_view>()(key))];
  return slot == 0 ? nullptr : &held_[(slot & index_bits) - 1].change;
}

void ChangeSet::set(std::string_view key, std::optional<std::string_view> value) {
  if (2 * (held_.size() + 1) > slots_.size()) grow();
  const auto hash = std::hash<std::string_view>()(key);
  auto& slot = slots_[slot_of(key, hash)];
  if (slot != 0) return assign(held_[(slot & index_bits) - 1], value);
  char* place = take(key.size());
  std::memcpy(place, key.data(), key.size());
  held_.push_back({.change = {.key = {place, key.size()}, .value = {}}});
  slot = (hash & ~index_bits) | held_.size();
  bytes_ += sizeof(Held) + 2 * sizeof slot;
  assign(held_.back(), value);
}

void ChangeSet::assign(Held& held, std::optional<std::string_view> value) {
  held.change.value.reset();
  if (!value) return;
  if (held.value_place == nullptr || held.value_room < value->size()) {
    held.value_place = take(value->size());
    held.value_room = value->size();
  }
  if (!value->empty()) std::memmove(held.value_place, value->data(), value->size());
  held.change.value.emplace(held.value_place, value->size());
}

char* ChangeSet::take(std::size_t size) {
  bytes_ += size;
  return static_cast<char*>(arena_.allocate(size, 1));
}

void ChangeSet::grow() {
  const auto count = std::max(fewest_slots, 2 * slots_.size());
  slots_.assign(count, 0);
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const auto key = held_[i].change.key;
    const auto hash = std::hash<std::string_view>()(key);
    auto at = hash & (count - 1);
    while (slots_[at] != 0) at = (at + 1) & (count - 1);
    slots_[at] = (hash & ~index_bits) | (i + 1);
  }
}

std::vector<const ChangeSet::Change*> ChangeSet::sorted() const {
  std::vector<Sorting> sorting;
  sorting.reserve(held_.size());
  for (const auto& held : held_) sorting.push_back({.change = &held.change});
  sort_from(sorting, 0);
  std::vector<const Change*> out;
  out.reserve(sorting.size());
  for (const auto& one : sorting) out.push_back(one.change);
  return out;
}

void ChangeSet::clear() {
  if (slots_.size() > most_slots_kept) {
    held_ = {};
    slots_ = {};
  } else {
    held_.clear();
    std::ranges::fill(slots_, 0);
  }
  arena_.release();
  bytes_ = 0;
}

}  // namespace meent::projections
