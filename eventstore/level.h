#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "domain/action.h"
#include "eventstore/store.h"

/// Levels of a log (LOG.md §5): an event or record version that older software does not know is
/// written only after the directory says so, by `level-raised`. A log without it is at level 1.
namespace meent::eventstore {

/// What this software can read and write. Level 1: all that 0.1.0 writes. A new event type, event
/// version or record version takes the next level, in its row of codec/.
inline constexpr std::uint32_t newest_level = 1;

/// Of the log that the store follows, as far as it has been read.
std::uint32_t level_of(const Store& store);

/// From which level on the version of this event that is written today may be written.
std::uint32_t level_needed(const domain::Event& event);

/// The level that these events need, when neither the log is at it nor they raise it that far.
/// `needed`: another than the codec's is for tests.
std::optional<std::uint32_t> level_missing(
    std::span<const domain::Event> events, const Store& store,
    std::uint32_t (*needed)(const domain::Event&) = level_needed);

/// Throws StorageError, with what to do, when the log is at a level above `known`.
void require_level(const Store& store, std::uint32_t known);

}  // namespace meent::eventstore
