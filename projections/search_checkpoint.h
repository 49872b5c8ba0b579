#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "projections/view.h"

namespace meent::projections {

/// The file `checkpoint` beside the platforms' databases. It is written after their commits, so
/// each of them is at `committed` or further.
struct SearchCheckpoint {
  struct Platform {
    domain::PlatformId platform;
    ChainMark mark;
    std::uint64_t committed = 0;  ///< position of its database; below the mark's without documents
    template <class A>
    void fields(A& a) {
      a(platform, mark, committed);
    }
  };
  std::string boot;        ///< start of this machine that wrote it
  bool is_closed = false;  ///< everything was synced before
  std::uint64_t next_offset = 0;
  std::vector<Platform> platforms;
  template <class A>
  void fields(A& a) {
    a(boot, is_closed, next_offset, platforms);
  }
};

/// Differs after each start of the machine; empty when the system does not tell.
std::string this_boot();

/// Nothing when there is none, it is not readable, or what it stands for may have been torn by a
/// power loss: the databases are not synced while they are written.
std::optional<SearchCheckpoint> read_search_checkpoint(const std::filesystem::path& directory);
/// Replaces the file at once; durable when it says `is_closed`. Throws StorageError.
void write_search_checkpoint(const std::filesystem::path& directory,
                             const SearchCheckpoint& checkpoint);
/// The files in these folders are durable when it returns. Throws StorageError.
void sync_folders(const std::vector<std::filesystem::path>& folders);

}  // namespace meent::projections
