#include "eventstore/sim_disk.h"

#include <algorithm>

namespace meent::eventstore {
namespace {

constexpr std::size_t sector_bytes = 512, page_bytes = 4096;
constexpr std::uint64_t unlimited_free_bytes = 1ULL << 40;

struct Split {
  std::string folder, name;
};
Split split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

void SimDisk::cut_power_at(std::uint64_t operation) {
  const std::lock_guard lock(mutex_);
  cut_at_ = operation;
}
void SimDisk::fail_sync(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  failing_sync_ = number;
}
void SimDisk::limit_bytes(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  most_bytes_ = bytes;
}
std::uint64_t SimDisk::operation_count() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}
std::uint64_t SimDisk::sync_count() const {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

void SimDisk::lose_power(PowerLoss loss, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  used_bytes_ = 0;
  for (auto& [path, folder] : folders_) {
    if (loss == PowerLoss::tears_unsynced) {
      const auto kept = random() % (folder.unsynced.size() + 1);
      for (std::size_t i = 0; i < kept; ++i) {
        auto& [name, node] = folder.unsynced[i];
        if (node) {
          folder.durable[name] = node;
        } else {
          folder.durable.erase(name);
        }
      }
    }
    folder.unsynced.clear();
    folder.current = folder.durable;
    for (auto& [name, node] : folder.current) {
      if (loss == PowerLoss::tears_unsynced) tear(*node, random);
      node->data = node->durable;
      node->first_unsynced = node->data.size();
      used_bytes_ += node->data.size();
    }
  }
  forget_faults();
}

void SimDisk::kill_process() {
  const std::lock_guard lock(mutex_);
  forget_faults();
}

void SimDisk::forget_faults() {
  locked_.clear();
  cut_at_.reset();
  failing_sync_.reset();
  most_bytes_.reset();
  operations_ = syncs_ = 0;
}

/// What was overwritten: each sector old or new. What was appended: the first part of it.
void SimDisk::tear(Node& node, std::mt19937_64& random) const {
  const auto old_size = node.durable.size();
  for (std::size_t at = 0; at < std::min(old_size, node.data.size()); at += sector_bytes) {
    const auto count = std::min({sector_bytes, old_size - at, node.data.size() - at});
    if (random() % 2 == 0) node.durable.replace(at, count, node.data, at, count);
  }
  if (node.data.size() <= old_size) return;
  const auto appended = random() % (node.data.size() - old_size + 1);
  node.durable.append(node.data, old_size, appended);
}

bool SimDisk::flip_bit(const std::filesystem::path& path, std::uint64_t bit) {
  const std::lock_guard lock(mutex_);
  const auto node = find(path.string());
  if (!node || bit / 8 >= node->data.size()) return false;
  for (auto* bytes : {&node->data, &node->durable}) {
    if (bit / 8 < bytes->size()) {
      (*bytes)[bit / 8] = static_cast<char>((*bytes)[bit / 8] ^ (1 << (bit % 8)));
    }
  }
  return true;
}

void SimDisk::cut_file(const std::filesystem::path& path, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  const auto node = find(path.string());
  if (!node) return;
  node->data.resize(std::min<std::size_t>(size, node->data.size()));
  node->durable.resize(std::min<std::size_t>(size, node->durable.size()));
  node->first_unsynced = std::min(node->first_unsynced, node->data.size());
}

DiskFault SimDisk::operation() {
  ++operations_;
  return cut_at_ && operations_ >= *cut_at_ ? DiskFault::power_is_off : DiskFault::none;
}

SimDisk::Folder* SimDisk::folder_of(const std::string& path) {
  const auto found = folders_.find(split(path).folder);
  return found == folders_.end() ? nullptr : &found->second;
}

SimDisk::NodePtr SimDisk::find(const std::string& path) const {
  const auto [folder_name, name] = split(path);
  const auto folder = folders_.find(folder_name);
  if (folder == folders_.end()) return nullptr;
  const auto found = folder->second.current.find(name);
  return found == folder->second.current.end() ? nullptr : found->second;
}

void SimDisk::change(const std::string& path, NodePtr node) {
  auto& folder = *folder_of(path);
  const auto name = split(path).name;
  if (node) {
    folder.current[name] = node;
  } else {
    folder.current.erase(name);
  }
  folder.unsynced.push_back({name, std::move(node)});
}

DiskFault SimDisk::make_folder(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (folders_.contains(path)) return DiskFault::none;
  if (const auto fault = operation(); fault != DiskFault::none) return fault;
  folders_[path];
  return DiskFault::none;
}

bool SimDisk::exists(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return folders_.contains(path) || find(path) != nullptr;
}

bool SimDisk::is_folder(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return folders_.contains(path);
}

std::vector<std::string> SimDisk::children(const std::string& folder) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  if (const auto found = folders_.find(folder); found != folders_.end()) {
    for (const auto& [name, node] : found->second.current) out.push_back(name);
  }
  return out;
}

DiskFault SimDisk::create(const std::string& path, NodePtr& out) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = operation(); fault != DiskFault::none) return fault;
  if (folder_of(path) == nullptr) return DiskFault::no_such_file;
  out = std::make_shared<Node>();
  change(path, out);
  return DiskFault::none;
}

DiskFault SimDisk::open(const std::string& path, NodePtr& out) const {
  const std::lock_guard lock(mutex_);
  out = find(path);
  return out ? DiskFault::none : DiskFault::no_such_file;
}

std::uint64_t SimDisk::size(const Node& node) const {
  const std::lock_guard lock(mutex_);
  return node.data.size();
}

DiskFault SimDisk::append(Node& node, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const auto fault = operation();
  if (fault != DiskFault::none) {
    // Power goes while it is written: a part of it was.
    if (cut_at_ == operations_) {
      write_locked(node, node.data.size(), bytes.substr(0, bytes.size() / 2));
    }
    return fault;
  }
  if (most_bytes_ && used_bytes_ + bytes.size() > *most_bytes_) {
    const auto fits = *most_bytes_ - std::min(used_bytes_, *most_bytes_);
    write_locked(node, node.data.size(), bytes.substr(0, fits));
    return DiskFault::no_space;
  }
  write_locked(node, node.data.size(), bytes);
  return DiskFault::none;
}

DiskFault SimDisk::write_at(Node& node, std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const auto fault = operation();
  if (fault != DiskFault::none) {
    if (cut_at_ == operations_) write_locked(node, offset, bytes.substr(0, bytes.size() / 2));
    return fault;
  }
  const auto end = offset + bytes.size();
  const auto grows = end > node.data.size() ? end - node.data.size() : 0;
  if (most_bytes_ && used_bytes_ + grows > *most_bytes_) return DiskFault::no_space;
  write_locked(node, offset, bytes);
  return DiskFault::none;
}

void SimDisk::write_locked(Node& node, std::uint64_t offset, std::string_view bytes) {
  const auto size_before = node.data.size();
  if (node.data.size() < offset + bytes.size()) node.data.resize(offset + bytes.size(), '\0');
  node.data.replace(offset, bytes.size(), bytes);
  // The whole page is written again, what a failed sync left out of it too.
  node.first_unsynced =
      std::min<std::size_t>(node.first_unsynced, offset / page_bytes * page_bytes);
  used_bytes_ += node.data.size() - size_before;
}

DiskFault SimDisk::truncate(Node& node, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = operation(); fault != DiskFault::none) return fault;
  node.data.resize(size, '\0');
  node.first_unsynced = std::min<std::size_t>(node.first_unsynced, size);
  return DiskFault::none;
}

DiskFault SimDisk::read(const Node& node, std::uint64_t offset, std::size_t count,
                        std::string& out) const {
  const std::lock_guard lock(mutex_);
  if (cut_at_ && operations_ >= *cut_at_) return DiskFault::power_is_off;
  out = offset < node.data.size() ? node.data.substr(offset, count) : std::string();
  return DiskFault::none;
}

DiskFault SimDisk::sync(Node& node) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = operation(); fault != DiskFault::none) return fault;
  ++syncs_;
  if (failing_sync_ == syncs_) {
    // As Linux does: the pages count as clean from now on, and stay as they were on the platter
    // until somebody writes to them again.
    node.first_unsynced = node.data.size();
    return DiskFault::sync_failed;
  }
  node.durable.resize(node.first_unsynced, '\0');
  node.durable.append(node.data, node.first_unsynced);
  node.first_unsynced = node.data.size();
  return DiskFault::none;
}

DiskFault SimDisk::sync_folder(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = operation(); fault != DiskFault::none) return fault;
  ++syncs_;
  const auto found = folders_.find(path);
  if (found == folders_.end()) return DiskFault::no_such_file;
  if (failing_sync_ == syncs_) return DiskFault::sync_failed;
  found->second.durable = found->second.current;
  found->second.unsynced.clear();
  return DiskFault::none;
}

DiskFault SimDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = operation(); fault != DiskFault::none) return fault;
  const auto node = find(path);
  if (!node) return DiskFault::no_such_file;
  used_bytes_ -= std::min<std::uint64_t>(used_bytes_, node->data.size());
  change(path, nullptr);
  return DiskFault::none;
}

DiskFault SimDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = operation(); fault != DiskFault::none) return fault;
  const auto node = find(from);
  if (!node || folder_of(to) == nullptr) return DiskFault::no_such_file;
  change(to, node);
  change(from, nullptr);
  return DiskFault::none;
}

bool SimDisk::lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return locked_.insert(path).second;
}
void SimDisk::unlock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  locked_.erase(path);
}

std::uint64_t SimDisk::free_bytes() const {
  const std::lock_guard lock(mutex_);
  if (!most_bytes_) return unlimited_free_bytes;
  return *most_bytes_ - std::min(used_bytes_, *most_bytes_);
}

}  // namespace meent::eventstore
