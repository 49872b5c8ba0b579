#include "eventstore/fault_files.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstring>

namespace meent::eventstore {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using DiskPtr = std::shared_ptr<SimDisk>;

/// RocksDB writes "a//b".
std::string clean(const std::string& path) {
  auto out = std::filesystem::path(path).lexically_normal().string();
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

const char* text_of(DiskFault fault) {
  switch (fault) {
    case DiskFault::none: return "no fault";
    case DiskFault::no_such_file: return "no such file";
    case DiskFault::power_is_off: return "the power is off (simulated)";
    case DiskFault::sync_failed: return "sync failed (simulated)";
    case DiskFault::no_space: return "no space left (simulated)";
  }
  return "unknown fault";
}

IOStatus status_of(DiskFault fault, const std::string& path = {}) {
  switch (fault) {
    case DiskFault::none: return IOStatus::OK();
    case DiskFault::no_such_file: return IOStatus::PathNotFound(path, text_of(fault));
    case DiskFault::no_space: return IOStatus::NoSpace(path, text_of(fault));
    default: return IOStatus::IOError(path, text_of(fault));
  }
}

class SimSequentialFile final : public rocksdb::FSSequentialFile {
 public:
  SimSequentialFile(DiskPtr disk, SimDisk::NodePtr node)
      : disk_(std::move(disk)), node_(std::move(node)) {}
  IOStatus Read(size_t count, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    std::string bytes;
    const auto fault = disk_->read(*node_, at_, count, bytes);
    std::memcpy(scratch, bytes.data(), bytes.size());
    *result = Slice(scratch, bytes.size());
    at_ += bytes.size();
    return status_of(fault);
  }
  IOStatus Skip(uint64_t count) override {
    at_ += count;
    return IOStatus::OK();
  }

 private:
  DiskPtr disk_;
  SimDisk::NodePtr node_;
  std::uint64_t at_ = 0;
};

class SimRandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  SimRandomAccessFile(DiskPtr disk, SimDisk::NodePtr node)
      : disk_(std::move(disk)), node_(std::move(node)) {}
  IOStatus Read(uint64_t offset, size_t count, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    std::string bytes;
    const auto fault = disk_->read(*node_, offset, count, bytes);
    std::memcpy(scratch, bytes.data(), bytes.size());
    *result = Slice(scratch, bytes.size());
    return status_of(fault);
  }

 private:
  DiskPtr disk_;
  SimDisk::NodePtr node_;
};

class SimWritableFile final : public rocksdb::FSWritableFile {
 public:
  SimWritableFile(DiskPtr disk, SimDisk::NodePtr node)
      : disk_(std::move(disk)), node_(std::move(node)) {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& bytes, const IOOptions&, IODebugContext*) override {
    return status_of(disk_->append(*node_, {bytes.data(), bytes.size()}));
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    return status_of(disk_->truncate(*node_, size));
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return status_of(disk_->sync(*node_));
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return disk_->size(*node_); }

 private:
  DiskPtr disk_;
  SimDisk::NodePtr node_;
};

class SimFolder final : public rocksdb::FSDirectory {
 public:
  SimFolder(DiskPtr disk, std::string path) : disk_(std::move(disk)), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return status_of(disk_->sync_folder(path_), path_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  DiskPtr disk_;
  std::string path_;
};

struct SimLock final : public rocksdb::FileLock {
  explicit SimLock(std::string path) : path(std::move(path)) {}
  std::string path;
};

/// RocksDB's own words are of no use to a test.
class SilentLogger final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
  size_t GetLogFileSize() const override { return 0; }
};

class SimFileSystem final : public rocksdb::FileSystem {
 public:
  explicit SimFileSystem(DiskPtr disk) : disk_(std::move(disk)) {}
  const char* Name() const override { return "MeentSimDisk"; }

  IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext*) override {
    return opened<SimSequentialFile>(name, result);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext*) override {
    return opened<SimRandomAccessFile>(name, result);
  }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext*) override {
    SimDisk::NodePtr node;
    const auto fault = disk_->create(clean(name), node);
    if (fault == DiskFault::none) *result = std::make_unique<SimWritableFile>(disk_, node);
    return status_of(fault, name);
  }
  IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              IODebugContext* context) override {
    if (!disk_->exists(clean(name))) return NewWritableFile(name, options, result, context);
    return opened<SimWritableFile>(name, result);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override {
    if (!disk_->is_folder(clean(name))) return status_of(DiskFault::no_such_file, name);
    *result = std::make_unique<SimFolder>(disk_, clean(name));
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    return disk_->exists(clean(name)) ? IOStatus::OK() : IOStatus::NotFound(name);
  }
  IOStatus GetChildren(const std::string& folder, const IOOptions&,
                       std::vector<std::string>* result, IODebugContext*) override {
    if (!disk_->is_folder(clean(folder))) return IOStatus::NotFound(folder);
    *result = disk_->children(clean(folder));
    return IOStatus::OK();
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    return status_of(disk_->remove(clean(name)), name);
  }
  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return status_of(disk_->make_folder(clean(name)), name);
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&, IODebugContext*) override {
    return status_of(disk_->make_folder(clean(name)), name);
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported(name);
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions&, uint64_t* size,
                       IODebugContext*) override {
    SimDisk::NodePtr node;
    const auto fault = disk_->open(clean(name), node);
    if (fault == DiskFault::none) *size = disk_->size(*node);
    return status_of(fault, name);
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return disk_->exists(clean(name)) ? IOStatus::OK() : IOStatus::NotFound(name);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return status_of(disk_->rename(clean(from), clean(to)), from);
  }
  IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    if (!disk_->lock(clean(name))) return IOStatus::IOError(name, "is locked");
    *lock = new SimLock(clean(name));
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<SimLock> owned(static_cast<SimLock*>(lock));
    disk_->unlock(owned->path);
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/test";
    return IOStatus::OK();
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext*) override {
    *result = std::make_shared<SilentLogger>();
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result,
                           IODebugContext*) override {
    *result = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* result,
                       IODebugContext*) override {
    *result = disk_->is_folder(clean(path));
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, uint64_t* bytes,
                        IODebugContext*) override {
    *bytes = disk_->free_bytes();
    return IOStatus::OK();
  }

 private:
  template <class File, class Result>
  IOStatus opened(const std::string& name, Result* result) {
    SimDisk::NodePtr node;
    const auto fault = disk_->open(clean(name), node);
    if (fault == DiskFault::none) *result = std::make_unique<File>(disk_, node);
    return status_of(fault, name);
  }

  DiskPtr disk_;
};

void require(DiskFault fault, const std::string& doing, bool outcome_is_unknown) {
  if (fault != DiskFault::none) {
    throw StorageError("cannot " + doing + ": " + text_of(fault), outcome_is_unknown);
  }
}

class SimSlotFile final : public SlotFile {
 public:
  SimSlotFile(DiskPtr disk, SimDisk::NodePtr node, std::string path)
      : disk_(std::move(disk)), node_(std::move(node)), path_(std::move(path)) {}
  void write_at(std::uint64_t offset, std::string_view bytes) override {
    require(disk_->write_at(*node_, offset, bytes), "write " + path_, true);
  }
  std::string read_at(std::uint64_t offset, std::size_t count) override {
    std::string out;
    require(disk_->read(*node_, offset, count, out), "read " + path_, false);
    return out;
  }
  std::uint64_t size() override { return disk_->size(*node_); }
  void sync() override { require(disk_->sync(*node_), "sync " + path_, true); }

 private:
  DiskPtr disk_;
  SimDisk::NodePtr node_;
  std::string path_;
};

}  // namespace

FaultFiles::FaultFiles()
    : disk_(std::make_shared<SimDisk>()),
      env_(rocksdb::NewCompositeEnv(std::make_shared<SimFileSystem>(disk_))) {}
FaultFiles::~FaultFiles() = default;

std::unique_ptr<SlotFile> FaultFiles::open_slots(const std::filesystem::path& path) {
  const auto name = clean(path.string());
  SimDisk::NodePtr node;
  if (disk_->open(name, node) == DiskFault::no_such_file) {
    require(disk_->create(name, node), "make " + name, false);
  }
  require(disk_->sync_folder(std::filesystem::path(name).parent_path().string()),
          "sync the folder of " + name, true);
  return std::make_unique<SimSlotFile>(disk_, node, name);
}

void FaultFiles::make_folder(const std::filesystem::path& path) {
  require(disk_->make_folder(clean(path.string())), "make the folder " + path.string(), false);
}

bool FaultFiles::exists(const std::filesystem::path& path) {
  return disk_->exists(clean(path.string()));
}

rocksdb::Env* FaultFiles::rocksdb_env() {
  return env_.get();
}

std::uint64_t FaultFiles::free_bytes(const std::filesystem::path&) {
  return disk_->free_bytes();
}

}  // namespace meent::eventstore
