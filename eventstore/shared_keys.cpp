#include "eventstore/shared_keys.h"

#include <sodium.h>

#include <algorithm>

// key   := key id, 32 hexadecimal digits
// value := version (1), nonce (24), XChaCha20-Poly1305(cluster secret, nonce, key id, secret)
namespace meent::eventstore {

namespace {

constexpr char wrap_version = 1;

std::string associated_with(domain::KeyId key) {
  return "meent-key/" + key.text();
}

}  // namespace

std::string wrap_key(const KeyBytes& cluster, domain::KeyId key, const KeyBytes& secret) {
  Nonce nonce{};
  randombytes_buf(nonce.data(), nonce.size());
  const std::string_view plain(reinterpret_cast<const char*>(secret.data()), secret.size());
  return wrap_version + seal_with(cluster, nonce, associated_with(key), plain);
}

std::optional<KeyBytes> unwrap_key(const KeyBytes& cluster, domain::KeyId key,
                                   std::string_view bytes) {
  if (bytes.empty() || bytes.front() != wrap_version) return std::nullopt;
  const auto plain = open_with(cluster, associated_with(key), bytes.substr(1));
  KeyBytes secret{};
  if (!plain || plain->size() != secret.size()) return std::nullopt;
  std::copy(plain->begin(), plain->end(), secret.begin());
  return secret;
}

KeyBytes read_cluster_secret(const std::filesystem::path& file, Files& files) {
  const auto refuse = [&](const std::string& why) {
    return StartRefused(file.string() + " is no cluster secret: " + why +
                        ". Make one with `meent cluster secret " + file.string() +
                        "` and give the same file to every node.");
  };
  if (!files.exists(file)) throw refuse("there is no such file");
  const auto permissions = std::filesystem::status(file).permissions();
  constexpr auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  if ((permissions & others) != std::filesystem::perms::none) {
    throw StartRefused("Others can read " + file.string() + ". Run: chmod 600 " + file.string());
  }
  auto text = files.open_slots(file)->read_at(0, 1024);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  KeyBytes secret{};
  std::size_t length = 0;
  const char* end = nullptr;
  const bool is_hex = sodium_hex2bin(secret.data(), secret.size(), text.data(), text.size(),
                                     nullptr, &length, &end) == 0;
  if (!is_hex || length != secret.size() || end != text.data() + text.size()) {
    throw refuse("it does not hold 64 hexadecimal digits");
  }
  return secret;
}

SharedKeys::SharedKeys(std::unique_ptr<Keys> own, std::unique_ptr<Topic> topic,
                       const KeyBytes& secret, SharedKeysOptions options)
    : own_(std::move(own)), topic_(std::move(topic)), secret_(secret), options_(options) {}

domain::KeyId SharedKeys::create() {
  const auto key = own_->create();
  const std::lock_guard lock(mutex_);
  unpublished_.push_back(key);
  return key;
}

bool SharedKeys::put(domain::KeyId key, const KeyBytes& secret) {
  const bool is_new = own_->put(key, secret);
  if (own_->is_destroyed(key)) return false;
  // One that was here too: this node may have ended before it gave it to the others.
  const std::lock_guard lock(mutex_);
  unpublished_.push_back(key);
  came_.notify_all();
  return is_new;
}

void SharedKeys::sync() {
  own_->sync();
  const std::lock_guard publishing(publish_mutex_);
  std::vector<domain::KeyId> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(unpublished_);
  }
  if (fresh.empty()) return;
  try {
    for (const auto key : fresh) publish(key);
    if (topic_->confirm(options_.longest_confirm)) return;
  } catch (const StorageError&) {
    // They are published again with the next group.
  }
  const std::lock_guard lock(mutex_);
  unpublished_.insert(unpublished_.begin(), fresh.begin(), fresh.end());
  throw StorageError("New keys could not be given to the other nodes; nothing was written.", false);
}

void SharedKeys::publish(domain::KeyId key) {
  const auto secret = own_->secret_of(key);
  if (!secret) return;  // destroyed since
  topic_->publish(key.text(), wrap_key(secret_, key, *secret));
}

void SharedKeys::destroy(domain::KeyId key) {
  own_->destroy(key);
  {
    const std::lock_guard lock(mutex_);
    unburied_.insert(key);
  }
  bury();
}

void SharedKeys::bury() {
  const std::lock_guard publishing(publish_mutex_);
  std::set<domain::KeyId> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = unburied_;
  }
  if (keys.empty()) return;
  try {
    for (const auto key : keys) topic_->publish(key.text(), std::nullopt);
    if (!topic_->confirm(options_.longest_confirm)) return;
  } catch (const StorageError&) {
    return;  // the brokers are away
  }
  const std::lock_guard lock(mutex_);
  for (const auto key : keys) unburied_.erase(key);
}

bool SharedKeys::receive(std::chrono::milliseconds wait) {
  bool has_taken = false;
  while (const auto entry = topic_->next(has_taken ? std::chrono::milliseconds(0) : wait)) {
    has_taken = true;
    take(*entry);
  }
  if (has_taken) own_->sync();
  // Before all was taken, a tombstone may yet come.
  if (!topic_->is_caught_up()) return false;
  bury();
  return true;
}

void SharedKeys::take(const TopicEntry& entry) {
  const auto key = domain::KeyId::parse(entry.key);
  if (!key) return;
  if (!entry.value) {
    if (!own_->is_destroyed(*key)) own_->destroy(*key);
    const std::lock_guard lock(mutex_);
    unburied_.erase(*key);
    return;
  }
  if (own_->is_destroyed(*key)) {
    const std::lock_guard lock(mutex_);
    unburied_.insert(*key);
    return;
  }
  const auto secret = unwrap_key(secret_, *key, *entry.value);
  if (!secret) {
    throw StorageError("The key " + entry.key +
                           " on the topic of keys does not open with this cluster's secret. Give "
                           "every node the same --cluster-secret.",
                       false);
  }
  if (!own_->put(*key, *secret)) return;
  const std::lock_guard lock(mutex_);
  came_.notify_all();
}

void SharedKeys::wait_for(domain::KeyId key) const {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, options_.longest_wait, [&] { return own_->contains(key); });
}

std::string SharedKeys::seal(domain::KeyId key, std::string_view associated,
                             std::string_view plain) const {
  if (!own_->contains(key)) wait_for(key);
  return own_->seal(key, associated, plain);
}

std::expected<std::string, KeyFault> SharedKeys::open_sealed(domain::KeyId key,
                                                             std::string_view associated,
                                                             std::string_view sealed) const {
  auto opened = own_->open_sealed(key, associated, sealed);
  if (opened || opened.error() != KeyFault::missing) return opened;
  wait_for(key);
  return own_->open_sealed(key, associated, sealed);
}

std::expected<Hash, KeyFault> SharedKeys::mac(domain::KeyId key,
                                              std::initializer_list<std::string_view> parts) const {
  auto made = own_->mac(key, parts);
  if (made || made.error() != KeyFault::missing) return made;
  wait_for(key);
  return own_->mac(key, parts);
}

}  // namespace meent::eventstore
