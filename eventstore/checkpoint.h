#pragma once
#include <cstdint>
#include <filesystem>

#include "eventstore/files.h"

/// A copy of a node's `log/` and kept tip, for a new node or a backup: never keys, never views.
namespace meent::eventstore {

struct CheckpointReport {
  std::uint64_t next_offset = 0;   ///< envelopes up to here are in it
  std::uint64_t linked_bytes = 0;  ///< in files that both folders share while both have them
  std::uint64_t copied_bytes = 0;
  bool is_replicated = false;  ///< of a node of a cluster
};

/// Makes `to` a folder that a node can be started on. Works beside the running node that has
/// `folder`, and changes nothing of it; what it wrote before the call is in the copy. Reads the
/// copy back, as a start would, before it returns. Throws StartRefused (no log there, or `to` holds
/// something) or StorageError; `to` is then of no use.
CheckpointReport make_checkpoint(const std::filesystem::path& folder,
                                 const std::filesystem::path& to, Files& files);

}  // namespace meent::eventstore
