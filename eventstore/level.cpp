#include "eventstore/level.h"

#include <algorithm>
#include <string>

#include "eventstore/codec.h"

namespace meent::eventstore {

std::uint32_t level_of(const Store& store) {
  return domain::level_in(*store.state(domain::directory_id()));
}

std::uint32_t level_needed(const domain::Event& event) {
  return type_of(event).level;
}

std::optional<std::uint32_t> level_missing(std::span<const domain::Event> events,
                                           const Store& store,
                                           std::uint32_t (*needed)(const domain::Event&)) {
  std::uint32_t least = 1;
  std::uint32_t level = 1;
  for (const auto& event : events) {
    least = std::max(least, needed(event));
    const auto* of_platform = std::get_if<domain::PlatformEvent>(&event);
    if (of_platform == nullptr) continue;
    if (const auto* raised = std::get_if<domain::LevelRaised>(of_platform)) {
      level = std::max(level, raised->level);
    }
  }
  // Looked up only where it matters: nearly all events are of level 1.
  if (least <= level || least <= level_of(store)) return std::nullopt;
  return least;
}

void require_level(const Store& store, std::uint32_t known) {
  const auto level = level_of(store);
  if (level <= known) return;
  throw StorageError("The log is at level " + std::to_string(level) +
                         ", and this software knows no level above " + std::to_string(known) +
                         ". Install the newer software that the level was raised with, and start "
                         "again; nothing is lost. (docs/runbook.md, Rolling upgrade)",
                     false);
}

}  // namespace meent::eventstore
