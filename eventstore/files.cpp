#include "eventstore/files.h"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace meent::eventstore {
namespace {

[[noreturn]] void fail(const std::string& doing, const std::filesystem::path& path, int error,
                       bool outcome_is_unknown = false) {
  throw StorageError(
      "cannot " + doing + " " + path.string() + ": " + std::generic_category().message(error),
      outcome_is_unknown);
}

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) {
    do {
      fd_ = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    } while (fd_ < 0 && errno == EINTR);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

void sync_folder(const std::filesystem::path& path) {
  const Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) fail("sync the folder", path, errno, true);
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

class RealSlotFile final : public SlotFile {
 public:
  RealSlotFile(Descriptor file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}

  void write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto count =
          ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail("write", path_, count < 0 ? errno : ENOSPC, true);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  std::string read_at(std::uint64_t offset, std::size_t count) override {
    std::string out(count, '\0');
    std::size_t have = 0;
    while (have < count) {
      const auto got =
          ::pread(file_.get(), out.data() + have, count - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail("read", path_, errno);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    out.resize(have);
    return out;
  }

  std::uint64_t size() override {
    struct stat status{};
    if (::fstat(file_.get(), &status) != 0) fail("look at", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  void sync() override {
    // Never tried again: after a failed sync the kernel may have dropped what it could not write.
    if (::fdatasync(file_.get()) != 0) fail("sync", path_, errno, true);
  }

 private:
  Descriptor file_;
  std::filesystem::path path_;
};

class RealFiles final : public Files {
 public:
  std::unique_ptr<SlotFile> open_slots(const std::filesystem::path& path) override {
    Descriptor file(path, O_RDWR | O_CREAT);
    if (file.get() < 0) fail("open", path, errno);
    // Also when it is old: whoever made it may have failed to.
    sync_folder(folder_of(path));
    return std::make_unique<RealSlotFile>(std::move(file), path);
  }

  void make_folder(const std::filesystem::path& path) override {
    if (path.empty()) return;
    const auto parent = folder_of(path);
    if (exists(path)) {
      // Whoever made it may have failed to make it durable. Where its parent may not be read, it
      // was put there for us.
      if (::access(parent.c_str(), R_OK) == 0) sync_folder(parent);
      return;
    }
    make_folder(path.parent_path());
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail("make the folder", path, errno);
    sync_folder(parent);
  }

  bool exists(const std::filesystem::path& path) override {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) fail("look at", path, errno);
    return false;
  }

  rocksdb::Env* rocksdb_env() override { return rocksdb::Env::Default(); }

  std::uint64_t free_bytes(const std::filesystem::path& path) override {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) fail("look at the file system of", path, errno);
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  }
};

}  // namespace

Files& real_files() {
  static RealFiles files;
  return files;
}

}  // namespace meent::eventstore
