#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace meent::domain {

using IdBytes = std::array<std::uint8_t, 16>;

/// 32 lower-case hexadecimal digits.
std::string to_hex(const IdBytes& bytes);
/// Takes exactly 32 hexadecimal digits of either case; nothing else.
std::optional<IdBytes> from_hex(std::string_view text);

/// 128 opaque bits, never reused. Explicit in, `.value()` out, no arithmetic.
/// Text form: 32 lower-case hexadecimal digits.
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(const IdBytes& bytes) : bytes_(bytes) {}
  [[nodiscard]] const IdBytes& value() const { return bytes_; }
  [[nodiscard]] std::string text() const { return to_hex(bytes_); }
  [[nodiscard]] static std::optional<Id> parse(std::string_view text) {
    const auto bytes = from_hex(text);
    return bytes ? std::optional<Id>(Id(*bytes)) : std::nullopt;
  }
  [[nodiscard]] bool is_zero() const { return bytes_ == IdBytes{}; }
  auto operator<=>(const Id&) const = default;

 private:
  IdBytes bytes_{};
};

using PlatformId = Id<struct PlatformTag>;
using PersonId = Id<struct PersonTag>;
using SpaceId = Id<struct SpaceTag>;
using ContributionId = Id<struct ContributionTag>;
using CommentId = Id<struct CommentTag>;
using TokenId = Id<struct TokenTag>;
using KeyId = Id<struct KeyTag>;
using LogId = Id<struct LogTag>;
using CommandId = Id<struct CommandTag>;
using SourceDigest = Id<struct SourceTag>;

/// The directory is a platform too; this is its fixed id.
PlatformId directory_id();

/// Milliseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
  std::int64_t ms = 0;
  auto operator<=>(const Timestamp&) const = default;
};

}  // namespace meent::domain

template <class Tag>
struct std::hash<meent::domain::Id<Tag>> {
  std::size_t operator()(const meent::domain::Id<Tag>& id) const noexcept {
    std::size_t out = 0;
    std::memcpy(&out, id.value().data(), sizeof out);
    return out;
  }
};
