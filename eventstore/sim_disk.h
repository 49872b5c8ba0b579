#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// A file system in memory that knows what would survive a loss of power, and fails when told.
namespace meent::eventstore {

/// Why an operation on a SimDisk did not happen.
enum class DiskFault : std::uint8_t {
  none,
  no_such_file,
  power_is_off,
  sync_failed,
  no_space,
};

/// What a loss of power leaves of what was not synced.
enum class PowerLoss : std::uint8_t {
  drops_unsynced,  ///< nothing
  tears_unsynced,  ///< of each file a random part by sectors; of each folder's changes the first
                   ///< few
};

/// Folders hold files by full path. A file's bytes are durable once it was synced, its name once
/// its folder was; that a folder exists is durable at once (both openers sync its parent).
/// Threads: any.
class SimDisk {
 public:
  /// What a name stands for; it lives as long as somebody has it open.
  struct Node {
    std::string data;                ///< as processes see it
    std::string durable;             ///< as the platter has it
    std::size_t first_unsynced = 0;  ///< data before this equals durable
  };
  using NodePtr = std::shared_ptr<Node>;

  // Faults; operations and syncs are counted from 1 --------------------------------------------

  /// The operation with this number and all after it fail.
  void cut_power_at(std::uint64_t operation);
  /// That sync fails, and what it should have written is never written by a later one either.
  void fail_sync(std::uint64_t number);
  /// Appends beyond this many bytes on the whole disk fail.
  void limit_bytes(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t operation_count() const;
  [[nodiscard]] std::uint64_t sync_count() const;
  /// Faults are off, counts begin again; only what was durable (and what `loss` leaves) is there.
  void lose_power(PowerLoss loss, std::uint64_t seed);
  /// Faults are off, counts begin again; all that was written is there, as after kill -9.
  void kill_process();
  /// On the platter, at rest. False: the file is shorter.
  bool flip_bit(const std::filesystem::path& path, std::uint64_t bit);
  /// On the platter, at rest.
  void cut_file(const std::filesystem::path& path, std::uint64_t size);

  // Files --------------------------------------------------------------------------------------

  DiskFault make_folder(const std::string& path);
  [[nodiscard]] bool exists(const std::string& path) const;
  [[nodiscard]] bool is_folder(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> children(const std::string& folder) const;
  /// A new empty file, instead of one of that name.
  DiskFault create(const std::string& path, NodePtr& out);
  DiskFault open(const std::string& path, NodePtr& out) const;
  [[nodiscard]] std::uint64_t size(const Node& node) const;
  DiskFault append(Node& node, std::string_view bytes);
  DiskFault write_at(Node& node, std::uint64_t offset, std::string_view bytes);
  DiskFault truncate(Node& node, std::uint64_t size);
  DiskFault read(const Node& node, std::uint64_t offset, std::size_t count, std::string& out) const;
  DiskFault sync(Node& node);
  DiskFault sync_folder(const std::string& path);
  DiskFault remove(const std::string& path);
  DiskFault rename(const std::string& from, const std::string& to);
  /// False: somebody has it.
  bool lock(const std::string& path);
  void unlock(const std::string& path);
  [[nodiscard]] std::uint64_t free_bytes() const;

 private:
  /// One change of a folder: the name now stands for `node`, or for nothing.
  struct Change {
    std::string name;
    NodePtr node;
  };
  struct Folder {
    std::map<std::string, NodePtr> current, durable;
    std::vector<Change> unsynced;
  };

  DiskFault operation();
  Folder* folder_of(const std::string& path);
  [[nodiscard]] NodePtr find(const std::string& path) const;
  void change(const std::string& path, NodePtr node);
  void write_locked(Node& node, std::uint64_t offset, std::string_view bytes);
  void forget_faults();
  void tear(Node& node, std::mt19937_64& random) const;

  mutable std::mutex mutex_;
  std::map<std::string, Folder> folders_;
  std::set<std::string> locked_;
  std::uint64_t operations_ = 0, syncs_ = 0, used_bytes_ = 0;
  std::optional<std::uint64_t> cut_at_, failing_sync_, most_bytes_;
};

}  // namespace meent::eventstore
