#include "eventstore/keys.h"

#include <sodium.h>

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "eventstore/bytes.h"
#include "eventstore/crc.h"
#include "eventstore/seal.h"

// slots   := header slot*                       every slot 64 bytes, so none crosses a disk sector
// header  := "MEENKEYS", version (2), zeros, crc32c (4)
// slot    := state (1), key id (16), key (32), zeros, crc32c (4)     all zeros: never used
// A destroyed slot keeps its id; its key is zeros. A key that was never here gets such a slot too.
namespace meent::eventstore {
namespace {

constexpr std::size_t slot_bytes = 64;
constexpr std::string_view magic = "MEENKEYS";
constexpr std::uint16_t slots_version = 1;
constexpr std::size_t slots_a_read = 16384;

enum class SlotState : std::uint8_t { unused = 0, live = 1, destroyed = 2 };

std::string finished(std::string slot) {
  slot.resize(slot_bytes - 4, '\0');
  put_number(slot, crc32c(slot));
  return slot;
}

bool has_good_crc(std::string_view slot) {
  const auto checked = slot.substr(0, slot_bytes - 4);
  return ByteReader(slot.substr(checked.size())).number<std::uint32_t>() == crc32c(checked);
}

std::string header_slot() {
  std::string slot(magic);
  put_number(slot, slots_version);
  return finished(std::move(slot));
}

std::string encode_slot(SlotState state, domain::KeyId id, const KeyBytes& key) {
  std::string slot;
  slot += static_cast<char>(state);
  put_id(slot, id);
  put_bytes(slot, key);
  return finished(std::move(slot));
}

class SlotKeys final : public Keys {
 public:
  SlotKeys(const std::filesystem::path& folder, Files& files) : path_(folder / "slots") {
    if (sodium_init() < 0) throw StorageError("libsodium cannot start", false);
    files.make_folder(folder);
    file_ = files.open_slots(path_);
    if (file_->size() < slot_bytes) {
      // New, or made by a start that was cut off: a key is written only after the header is
      // durable.
      file_->write_at(0, header_slot());
      file_->sync();
    }
    read_all();
  }
  ~SlotKeys() override {
    for (auto& [id, entry] : entries_) sodium_memzero(entry.key.data(), entry.key.size());
  }

  domain::KeyId create() override {
    domain::IdBytes id_bytes{};
    KeyBytes key{};
    randombytes_buf(id_bytes.data(), id_bytes.size());
    randombytes_buf(key.data(), key.size());
    const domain::KeyId id(id_bytes);
    const std::unique_lock lock(mutex_);
    write_new(id, key);
    return id;
  }

  std::optional<KeyBytes> secret_of(domain::KeyId key) const override {
    const auto found = find(key);
    return found ? std::optional(*found) : std::nullopt;
  }

  bool put(domain::KeyId key, const KeyBytes& secret) override {
    const std::unique_lock lock(mutex_);
    if (entries_.contains(key)) return false;
    write_new(key, secret);
    return true;
  }

  void sync() override {
    const std::lock_guard syncing(sync_mutex_);
    std::uint64_t written = 0;
    {
      const std::shared_lock lock(mutex_);
      written = slot_count_;
    }
    if (written == synced_count_) return;
    sync_file();
    synced_count_ = written;
  }

  void destroy(domain::KeyId key) override {
    const std::lock_guard syncing(sync_mutex_);
    const std::unique_lock lock(mutex_);
    const bool is_new = entries_.try_emplace(key, Entry{.slot = slot_count_}).second;
    if (is_new) ++slot_count_;
    auto& entry = entries_.at(key);
    file_->write_at(entry.slot * slot_bytes, encode_slot(SlotState::destroyed, key, {}));
    sync_file();
    synced_count_ = slot_count_;
    entry.state = SlotState::destroyed;
    sodium_memzero(entry.key.data(), entry.key.size());
  }

  bool is_destroyed(domain::KeyId key) const override {
    const auto found = find(key);
    return !found && found.error() == KeyFault::destroyed;
  }
  bool contains(domain::KeyId key) const override { return find(key).has_value(); }

  std::string seal(domain::KeyId key, std::string_view associated,
                   std::string_view plain) const override {
    const auto found = find(key);
    if (!found) {
      throw StorageError("cannot seal: key " + key.text() + " is " +
                             (found.error() == KeyFault::destroyed ? "destroyed" : "missing"),
                         false);
    }
    Nonce nonce{};
    randombytes_buf(nonce.data(), nonce.size());
    return seal_with(*found, nonce, associated, plain);
  }

  std::expected<std::string, KeyFault> open_sealed(domain::KeyId key, std::string_view associated,
                                                   std::string_view sealed) const override {
    const auto found = find(key);
    if (!found) return std::unexpected(found.error());
    auto plain = open_with(*found, associated, sealed);
    if (!plain) return std::unexpected(KeyFault::tampered);
    return *std::move(plain);
  }

  std::expected<Hash, KeyFault> mac(domain::KeyId key,
                                    std::initializer_list<std::string_view> parts) const override {
    const auto found = find(key);
    if (!found) return std::unexpected(found.error());
    return mac_with(*found, parts);
  }

 private:
  struct Entry {
    std::uint64_t slot = 0;
    SlotState state = SlotState::unused;
    KeyBytes key{};
  };

  [[nodiscard]] std::expected<KeyBytes, KeyFault> find(domain::KeyId id) const {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return std::unexpected(KeyFault::missing);
    if (found->second.state != SlotState::live) return std::unexpected(KeyFault::destroyed);
    return found->second.key;
  }

  /// Under mutex_.
  void write_new(domain::KeyId id, const KeyBytes& key) {
    file_->write_at(slot_count_ * slot_bytes, encode_slot(SlotState::live, id, key));
    entries_.emplace(id, Entry{.slot = slot_count_, .state = SlotState::live, .key = key});
    ++slot_count_;
  }

  /// After a failed sync nothing is known of what was written, so no later one may say "durable".
  void sync_file() {
    if (sync_failed_) throw StorageError("an earlier sync of " + path_.string() + " failed", true);
    sync_failed_ = true;
    file_->sync();
    sync_failed_ = false;
  }

  void read_all() {
    if (file_->read_at(0, slot_bytes) != header_slot()) {
      throw StartRefused(
          path_.string() +
          " does not begin as this version's key file does. Put back the copy of "
          "keys/ that belongs to this log, or use the version of meent that made it.");
    }
    // A partial slot at the end is a key that was never made durable, so nothing uses it.
    const auto count = file_->size() / slot_bytes;
    for (slot_count_ = 1; slot_count_ < count;) {
      const auto wanted = std::min<std::uint64_t>(slots_a_read, count - slot_count_);
      const auto bytes = file_->read_at(slot_count_ * slot_bytes, wanted * slot_bytes);
      if (bytes.size() != wanted * slot_bytes) {
        throw StorageError(path_.string() + " became shorter while it was read", false);
      }
      for (std::size_t i = 0; i < wanted; ++i, ++slot_count_) {
        read_slot(std::string_view(bytes).substr(i * slot_bytes, slot_bytes));
      }
    }
  }

  void read_slot(std::string_view slot) {
    if (slot.find_first_not_of('\0') == std::string_view::npos) return;
    ByteReader in(slot);
    const auto state = static_cast<SlotState>(in.number<std::uint8_t>());
    const auto id = in.id<domain::KeyId>();
    if (!has_good_crc(slot) || (state != SlotState::live && state != SlotState::destroyed)) {
      throw StartRefused(path_.string() + ": slot " + std::to_string(slot_count_) +
                         " is damaged (wrong checksum), so what a person wrote could no longer be "
                         "read. Put back the latest copy of keys/; the log itself is untouched.");
    }
    entries_.emplace(id, Entry{slot_count_, state, in.array<32>()});
  }

  std::filesystem::path path_;
  std::unique_ptr<SlotFile> file_;
  mutable std::shared_mutex mutex_;  ///< entries_, slot_count_ and the file's slots
  std::unordered_map<domain::KeyId, Entry> entries_;
  std::uint64_t slot_count_ = 1;    ///< with the header
  std::mutex sync_mutex_;           ///< what follows; taken before mutex_
  std::uint64_t synced_count_ = 0;  ///< 0: what an earlier process wrote may not be durable yet
  bool sync_failed_ = false;
};

}  // namespace

std::unique_ptr<Keys> Keys::open(const std::filesystem::path& folder, Files& files) {
  return std::make_unique<SlotKeys>(folder, files);
}

std::string associated_data(domain::PlatformId platform, std::string_view origin) {
  std::string out;
  out.reserve(16 + origin.size());
  put_id(out, platform);
  out += origin;
  return out;
}

std::expected<std::string, KeyFault> open_text(const Keys& keys, domain::PlatformId platform,
                                               const domain::PrivateText& text) {
  return keys.open_sealed(text.key, associated_data(platform, text.origin), text.bytes);
}

}  // namespace meent::eventstore
