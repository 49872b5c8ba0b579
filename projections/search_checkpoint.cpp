#include "projections/search_checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "domain/packing.h"
#include "eventstore/files.h"

namespace meent::projections {

using eventstore::StorageError;
namespace fs = std::filesystem;

namespace {

const char* const file_name = "checkpoint";

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return in ? std::move(out).str() : std::string();
}

/// Beyond this many folders one sync of the whole file system is quicker.
constexpr std::size_t most_synced_folders = 16;

template <class F>
void with_open(const fs::path& path, const F& sync) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = file >= 0 && sync(file) == 0;
  if (file >= 0) ::close(file);
  if (!done) throw StorageError("search: cannot sync " + path.string(), false);
}

}  // namespace

std::string this_boot() {
  return contents("/proc/sys/kernel/random/boot_id");
}

std::optional<SearchCheckpoint> read_search_checkpoint(const fs::path& directory) {
  auto checkpoint = domain::unpack<SearchCheckpoint>(contents(directory / file_name));
  if (!checkpoint) return std::nullopt;
  const bool same_boot = !checkpoint->boot.empty() && checkpoint->boot == this_boot();
  return checkpoint->is_closed || same_boot ? checkpoint : std::nullopt;
}

void write_search_checkpoint(const fs::path& directory, const SearchCheckpoint& checkpoint) {
  const auto path = directory / file_name;
  auto fresh = path;
  fresh += ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << domain::pack(checkpoint);
  out.close();
  if (out && checkpoint.is_closed) with_open(fresh, ::fsync);
  std::error_code failed;
  if (out) fs::rename(fresh, path, failed);
  if (!out || failed) throw StorageError("search: cannot write " + path.string(), false);
  if (checkpoint.is_closed) with_open(directory, ::fsync);
}

void sync_folders(const std::vector<fs::path>& folders) {
  if (folders.size() > most_synced_folders) return with_open(folders.front(), ::syncfs);
  for (const auto& folder : folders) {
    for (const auto& entry : fs::directory_iterator(folder)) with_open(entry.path(), ::fsync);
    with_open(folder, ::fsync);
  }
}

}  // namespace meent::projections
