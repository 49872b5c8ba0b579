#include "eventstore/checkpoint.h"

#include <rocksdb/env.h>

#include <chrono>
#include <thread>

#include "eventstore/database.h"
#include "eventstore/replicated.h"
#include "eventstore/store.h"

namespace meent::eventstore {

namespace {

// A flush may come between two looks; then all is looked at again.
constexpr int most_looks = 20;
constexpr std::chrono::milliseconds pause{50};

class Copy {
 public:
  Copy(const std::filesystem::path& folder, const std::filesystem::path& to, Files& files)
      : folder_(folder), to_(to), files_(files), env_(*files.rocksdb_env()) {}

  CheckpointReport run() {
    files_.make_folder(to_ / "log");
    for (int looks = 1; !try_once(); ++looks) {
      if (looks == most_looks) {
        throw StorageError(
            "The log's files change faster than they can be copied; try again when "
            "less is written.",
            false);
      }
      clear();
      std::this_thread::sleep_for(pause);
    }
    report_.is_replicated = is_replicated_folder(folder_, files_);
    if (report_.is_replicated) write(to_ / "replicated", read(folder_ / "replicated"));
    sync_folder(to_ / "log");
    sync_folder(to_);
    report_.next_offset = Store::open({.folder = to_, .read_only = true}, files_)->next_offset();
    return report_;
  }

 private:
  /// False: the files changed meanwhile. The list of files (MANIFEST) is the same before and after
  /// all of them were taken, so they belong together; the WAL only grows, and what is cut off at
  /// its end was written after the call.
  bool try_once() {
    report_ = {};
    try {
      // The tip first: what it says is in the database already.
      const auto tip = read(folder_ / "tip");
      const auto current = read(folder_ / "log" / "CURRENT");
      const auto manifest = current.substr(0, current.find('\n'));
      const auto listed = read(folder_ / "log" / manifest);
      std::vector<std::string> names;
      check(env_.GetChildren((folder_ / "log").string(), &names), "list " + folder_.string());
      for (const auto& name : names) {
        if (name.ends_with(".sst")) take(name);
      }
      for (const auto& name : names) {
        if (name.ends_with(".log")) copy(name);
      }
      if (read(folder_ / "log" / "CURRENT") != current ||
          read(folder_ / "log" / manifest) != listed) {
        return false;
      }
      write(to_ / "log" / manifest, listed);
      write(to_ / "tip", tip);
      write(to_ / "log" / "CURRENT", current);
      return true;
    } catch (const Vanished&) {
      return false;
    }
  }

  struct Vanished {};

  std::string read(const std::filesystem::path& path) {
    std::string bytes;
    const auto status = rocksdb::ReadFileToString(&env_, path.string(), &bytes);
    if (status.IsNotFound() || status.IsPathNotFound()) throw Vanished();
    check(status, "read " + path.string());
    return bytes;
  }

  void write(const std::filesystem::path& path, const std::string& bytes) {
    check(rocksdb::WriteStringToFile(&env_, bytes, path.string(), true), "write " + path.string());
    report_.copied_bytes += bytes.size();
  }

  void copy(const std::string& name) { write(to_ / "log" / name, read(folder_ / "log" / name)); }

  /// A file that never changes: shared where the file system can.
  void take(const std::string& name) {
    const auto from = (folder_ / "log" / name).string();
    const auto status = env_.LinkFile(from, (to_ / "log" / name).string());
    if (status.IsNotFound() || status.IsPathNotFound()) throw Vanished();
    if (!status.ok()) return copy(name);  // another file system
    std::uint64_t size = 0;
    check(env_.GetFileSize(from, &size), "look at " + from);
    report_.linked_bytes += size;
  }

  void clear() {
    std::vector<std::string> names;
    check(env_.GetChildren((to_ / "log").string(), &names), "list " + to_.string());
    for (const auto& name : names) {
      if (name == "." || name == "..") continue;
      check(env_.DeleteFile((to_ / "log" / name).string()), "remove an unfinished copy");
    }
  }

  void sync_folder(const std::filesystem::path& path) {
    std::unique_ptr<rocksdb::Directory> folder;
    check(env_.NewDirectory(path.string(), &folder), "open " + path.string());
    check(folder->Fsync(), "sync " + path.string());
  }

  const std::filesystem::path& folder_;
  const std::filesystem::path& to_;
  Files& files_;
  rocksdb::Env& env_;
  CheckpointReport report_;
};

}  // namespace

CheckpointReport make_checkpoint(const std::filesystem::path& folder,
                                 const std::filesystem::path& to, Files& files) {
  if (Database::look(folder / "log", files) != Database::Found::whole) {
    throw StartRefused("there is no log in " + folder.string());
  }
  std::error_code ignored;
  if (files.exists(to) && !std::filesystem::is_empty(to, ignored)) {
    throw StartRefused(to.string() + " is not an empty folder. Give one that is not there yet.");
  }
  return Copy(folder, to, files).run();
}

}  // namespace meent::eventstore
