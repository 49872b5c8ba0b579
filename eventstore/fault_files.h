#pragma once
#include <memory>

#include "eventstore/files.h"
#include "eventstore/sim_disk.h"

namespace meent::eventstore {

/// Files on a simulated disk, RocksDB's too, for tests of power loss, full disks, failing syncs and
/// flipped bits. Throws StorageError as the real ones do.
class FaultFiles final : public Files {
 public:
  FaultFiles();
  ~FaultFiles() override;
  SimDisk& disk() { return *disk_; }

  std::unique_ptr<SlotFile> open_slots(const std::filesystem::path& path) override;
  void make_folder(const std::filesystem::path& path) override;
  bool exists(const std::filesystem::path& path) override;
  rocksdb::Env* rocksdb_env() override;
  std::uint64_t free_bytes(const std::filesystem::path& path) override;

 private:
  std::shared_ptr<SimDisk> disk_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace meent::eventstore
