#include "eventstore/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>

#include <cstdlib>
#include <memory>

#include "eventstore/bytes.h"

namespace meent::eventstore {
namespace {

static_assert(std::tuple_size_v<KeyBytes> == crypto_kdf_KEYBYTES);
static_assert(std::tuple_size_v<KeyBytes> == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(std::tuple_size_v<Nonce> == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
enum class Purpose : std::uint64_t { seal = 1, mac = 2 };

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

/// One use of a key; wiped afterwards.
class Subkey {
 public:
  Subkey(const KeyBytes& key, Purpose purpose) {
    crypto_kdf_derive_from_key(bytes_.data(), bytes_.size(), static_cast<std::uint64_t>(purpose),
                               "meentkey", key.data());
  }
  Subkey(const Subkey&) = delete;
  Subkey& operator=(const Subkey&) = delete;
  ~Subkey() { sodium_memzero(bytes_.data(), bytes_.size()); }
  [[nodiscard]] const unsigned char* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  KeyBytes bytes_{};
};

/// A context that keeps the fetched algorithm and its digest; one for each thread.
EVP_MAC_CTX* new_mac_context() {
  static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  auto* context = EVP_MAC_CTX_new(hmac);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  if (context == nullptr || EVP_MAC_CTX_set_params(context, params) != 1) std::abort();
  return context;
}
EVP_MAC_CTX* mac_context() {
  thread_local const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
      new_mac_context(), &EVP_MAC_CTX_free);
  return context.get();
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

std::string seal_with(const KeyBytes& key, const Nonce& nonce, std::string_view associated,
                      std::string_view plain) {
  const Subkey subkey(key, Purpose::seal);
  std::string out(nonce.size() + plain.size() + tag_bytes, '\0');
  std::memcpy(out.data(), nonce.data(), nonce.size());
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(out) + nonce.size(), nullptr, raw(plain),
                                             plain.size(), raw(associated), associated.size(),
                                             nullptr, nonce.data(), subkey.data());
  return out;
}

std::optional<std::string> open_with(const KeyBytes& key, std::string_view associated,
                                     std::string_view sealed) {
  constexpr auto nonce_bytes = std::tuple_size_v<Nonce>;
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const Subkey subkey(key, Purpose::seal);
  const auto ciphertext = sealed.substr(nonce_bytes);
  std::string out(ciphertext.size() - tag_bytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          raw(out), nullptr, nullptr, raw(ciphertext), ciphertext.size(), raw(associated),
          associated.size(), raw(sealed), subkey.data()) != 0) {
    return std::nullopt;
  }
  return out;
}

Hash mac_with(const KeyBytes& key, std::initializer_list<std::string_view> parts) {
  const Subkey subkey(key, Purpose::mac);
  auto* context = mac_context();
  require(EVP_MAC_init(context, subkey.data(), subkey.size(), nullptr) == 1);
  for (const auto part : parts) {
    std::string size;
    put_number(size, static_cast<std::uint64_t>(part.size()));
    require(EVP_MAC_update(context, raw(std::string_view(size)), size.size()) == 1 &&
            EVP_MAC_update(context, raw(part), part.size()) == 1);
  }
  Hash out{};
  std::size_t size = 0;
  require(EVP_MAC_final(context, out.data(), &size, out.size()) == 1 && size == out.size());
  return out;
}

}  // namespace meent::eventstore
