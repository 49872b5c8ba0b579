#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/ids.h"

namespace meent::domain {

/// A name, an address or an authored text. `decide` makes it plain and says whose key seals it;
/// the codec seals it, and from then on (evolve, state, views) only the sealed form exists.
struct PrivateText {
  KeyId key;
  /// Event type and field it stands in, "comment-placed/body": part of the seal's associated data.
  /// Set by the codec; empty while plain.
  std::string origin;
  /// Plain UTF-8 while `origin` is empty; else nonce (24 bytes) followed by ciphertext.
  std::string bytes;

  static PrivateText plain(KeyId key, std::string_view text) {
    return {.key = key, .origin = {}, .bytes = std::string(text)};
  }
  [[nodiscard]] bool is_sealed() const { return !origin.empty(); }
  bool operator==(const PrivateText&) const = default;
  template <class A>
  void fields(A& a) {
    a(key, origin, bytes);
  }
};

/// Well-formed UTF-8 without NUL.
bool is_text(std::string_view text);
/// Unicode code points; of malformed UTF-8 a number at most its bytes.
std::size_t length(std::string_view text);
/// True when nothing but white space and invisible characters is in it.
bool is_blank(std::string_view text);
/// Text, not blank, at most `longest` characters.
bool is_label(std::string_view text, std::size_t longest);
/// `[a-z0-9]` and single hyphens inside, 1..64 characters.
bool is_slug(std::string_view text);
/// BCP 47, as far as it matters here: language, script, region, variants (`nl`, `en-GB`,
/// `zh-Hant`), 2..35 characters, any case.
bool is_language_tag(std::string_view text);

}  // namespace meent::domain
