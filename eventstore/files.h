#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

/// The operating system behind one seam, so that faults can be injected.
namespace rocksdb {
class Env;
}

namespace meent::eventstore {

/// Disk or log failed. `outcome_is_unknown`: what was being written may or may not be there.
class StorageError : public std::runtime_error {
 public:
  StorageError(const std::string& what, bool outcome_is_unknown)
      : std::runtime_error(what), outcome_is_unknown_(outcome_is_unknown) {}
  [[nodiscard]] bool outcome_is_unknown() const { return outcome_is_unknown_; }

 private:
  bool outcome_is_unknown_;
};

/// A start that was refused; nothing was changed. The text says why and what to do.
class StartRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A small file written in place. Every call throws StorageError on failure.
class SlotFile {
 public:
  virtual ~SlotFile() = default;
  virtual void write_at(std::uint64_t offset, std::string_view bytes) = 0;
  /// Up to `count` bytes; fewer at the end of the file.
  virtual std::string read_at(std::uint64_t offset, std::size_t count) = 0;
  virtual std::uint64_t size() = 0;
  virtual void sync() = 0;  ///< data and size are durable when it returns
};

class Files {
 public:
  virtual ~Files() = default;
  /// Opens, or creates. Its entry in the folder is durable when it returns.
  virtual std::unique_ptr<SlotFile> open_slots(const std::filesystem::path& path) = 0;
  virtual void make_folder(const std::filesystem::path& path) = 0;  ///< durable, parents too
  virtual bool exists(const std::filesystem::path& path) = 0;
  virtual rocksdb::Env* rocksdb_env() = 0;  ///< not owned by the caller
  /// Bytes left on the file system that holds `path`.
  virtual std::uint64_t free_bytes(const std::filesystem::path& path) = 0;
};

Files& real_files();

}  // namespace meent::eventstore
