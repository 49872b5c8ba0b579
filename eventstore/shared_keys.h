#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "eventstore/keys.h"
#include "eventstore/seal.h"
#include "eventstore/topic.h"

/// Keys of a cluster (LOG.md §7): each node has all of them in its own `keys/`; new ones travel
/// wrapped under the cluster's secret.
namespace meent::eventstore {

/// 32 bytes that every node has and nobody else: from a file of 64 hexadecimal digits that only its
/// owner can read. Throws StartRefused.
KeyBytes read_cluster_secret(const std::filesystem::path& file, Files& files);

/// A key as it travels: version, nonce and the key sealed under the cluster's secret, bound to its
/// id.
std::string wrap_key(const KeyBytes& cluster, domain::KeyId key, const KeyBytes& secret);
/// Nothing: wrapped under another secret, or changed.
std::optional<KeyBytes> unwrap_key(const KeyBytes& cluster, domain::KeyId key,
                                   std::string_view wrapped);

struct SharedKeysOptions {
  std::chrono::milliseconds longest_confirm{5000};
  /// How long reading waits for a key that is on its way here.
  std::chrono::milliseconds longest_wait{1000};
};

/// `sync` returns once every key created here is confirmed by the topic; StorageError (of known
/// outcome: nothing was written) when it does not confirm in time. Threads: all calls from any.
class SharedKeys final : public Keys {
 public:
  SharedKeys(std::unique_ptr<Keys> own, std::unique_ptr<Topic> topic, const KeyBytes& secret,
             SharedKeysOptions options = {});

  /// Takes what others published, waiting up to `wait` for the first; repeats tombstones that are
  /// not confirmed, and gives one to every key that the topic calls live and that is destroyed
  /// here. Returns whether all that was there at the start has been taken. Threads: one. Throws
  /// StorageError.
  bool receive(std::chrono::milliseconds wait);

  domain::KeyId create() override;
  void sync() override;
  /// Destroyed here when it returns. The tombstone for the others is confirmed, or else repeated by
  /// `receive` until it is, by a later start of this node too.
  void destroy(domain::KeyId key) override;
  [[nodiscard]] bool is_destroyed(domain::KeyId key) const override {
    return own_->is_destroyed(key);
  }
  [[nodiscard]] bool contains(domain::KeyId key) const override { return own_->contains(key); }
  std::string seal(domain::KeyId key, std::string_view associated,
                   std::string_view plain) const override;
  std::expected<std::string, KeyFault> open_sealed(domain::KeyId key, std::string_view associated,
                                                   std::string_view sealed) const override;
  std::expected<Hash, KeyFault> mac(domain::KeyId key,
                                    std::initializer_list<std::string_view> parts) const override;
  [[nodiscard]] std::optional<KeyBytes> secret_of(domain::KeyId key) const override {
    return own_->secret_of(key);
  }
  /// Of a platform that comes here from another log: `sync` gives it to the other nodes.
  bool put(domain::KeyId key, const KeyBytes& secret) override;

 private:
  void take(const TopicEntry& entry);
  void publish(domain::KeyId key);
  void bury();
  void wait_for(domain::KeyId key) const;

  std::unique_ptr<Keys> own_;
  std::unique_ptr<Topic> topic_;
  KeyBytes secret_;
  SharedKeysOptions options_;
  mutable std::mutex mutex_;  ///< what follows
  mutable std::condition_variable came_;
  std::vector<domain::KeyId> unpublished_;
  std::set<domain::KeyId> unburied_;  ///< destroyed here; the others may not know
  std::mutex publish_mutex_;          ///< publishing and confirming
};

}  // namespace meent::eventstore
