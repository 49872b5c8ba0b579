#pragma once
#include <cstdint>
#include <filesystem>

#include "eventstore/store.h"

/// What durable commands are measured against: RocksDB alone in a loop, one write and one sync a
/// group, on the machine by itself.
namespace meent::bench {

struct RawLoop {
  std::size_t envelope_count = 0;
  double envelope_bytes = 0;
  double envelope_seconds = 0;  ///< writing the log's own bytes: one row a group
  /// Writing, with the same syncs, every row that the store keeps for these supports: the envelope
  /// and its place in the index, and for each support a state record and a command id.
  double row_seconds = 0;
};

/// For the store's envelopes from offset `from` on, which hold supports. Writes below `folder`.
RawLoop run_raw_loop(const eventstore::Store& store, std::uint64_t from,
                     const std::filesystem::path& folder);

}  // namespace meent::bench
