#pragma once
#include <expected>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "domain/text.h"
#include "eventstore/files.h"
#include "eventstore/record.h"
#include "eventstore/seal.h"

/// Keys of people and platforms (LOG.md §7), apart from the log: destroying one forgets a person.
namespace meent::eventstore {

enum class KeyFault : std::uint8_t {
  destroyed,  ///< someone was forgotten
  missing,    ///< neither key nor mark: a fault, never an erasure
  tampered,   ///< the seal does not open: other associated data, or changed bytes
};

/// Threads: all calls from any thread.
class Keys {
 public:
  /// Opens `folder`/slots, or makes it. Throws StartRefused on a file it does not know.
  static std::unique_ptr<Keys> open(const std::filesystem::path& folder, Files& files);
  virtual ~Keys() = default;

  /// Draws a key. It is durable only after `sync`.
  virtual domain::KeyId create() = 0;
  /// Every key created before is durable when it returns. Does nothing when none is new.
  virtual void sync() = 0;
  /// Overwrites the key and leaves the mark "destroyed", of one that was never here too; durable
  /// when it returns.
  virtual void destroy(domain::KeyId key) = 0;
  /// It has the mark.
  [[nodiscard]] virtual bool is_destroyed(domain::KeyId key) const = 0;
  [[nodiscard]] virtual bool contains(domain::KeyId key) const = 0;
  /// The key itself, for giving it to another node; nothing when it is missing or destroyed.
  [[nodiscard]] virtual std::optional<KeyBytes> secret_of(domain::KeyId key) const = 0;
  /// Takes a key that another node created. False: it was here, or was destroyed here: a destroyed
  /// key never comes back. Durable only after `sync`.
  virtual bool put(domain::KeyId key, const KeyBytes& secret) = 0;

  /// Nonce and ciphertext. Throws StorageError when the key is missing.
  virtual std::string seal(domain::KeyId key, std::string_view associated,
                           std::string_view plain) const = 0;
  virtual std::expected<std::string, KeyFault> open_sealed(domain::KeyId key,
                                                           std::string_view associated,
                                                           std::string_view sealed) const = 0;
  /// HMAC-SHA-256 over the parts, each with its length before it, under a subkey of `key`.
  virtual std::expected<Hash, KeyFault> mac(
      domain::KeyId key, std::initializer_list<std::string_view> parts) const = 0;
};

/// Associated data of a sealed field: platform, event type and field ("comment-placed/body").
std::string associated_data(domain::PlatformId platform, std::string_view origin);
/// Opens a sealed text read from an event, a state record or a view row.
std::expected<std::string, KeyFault> open_text(const Keys& keys, domain::PlatformId platform,
                                               const domain::PrivateText& text);

}  // namespace meent::eventstore
