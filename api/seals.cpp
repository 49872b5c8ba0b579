#include "api/seals.h"

#include <sodium.h>

#include "domain/packing.h"

namespace meent::api {

namespace {

struct Wire {
  std::uint8_t kind = 0;
  std::uint64_t position = 0;
  std::uint32_t hash_prefix = 0;
  std::string list, rest;
  template <class A>
  void fields(A& a) {
    a(kind, position, hash_prefix, list, rest);
  }
};

constexpr std::string_view origin = "api/place";
constexpr std::size_t longest_text = 2048;

Problem not_ours() {
  return {&problems::invalid_cursor,
          "This token or cursor was not given out here, or not for this list.",
          {},
          {}};
}

std::expected<Wire, Problem> open_wire(const eventstore::Keys& keys, domain::PlatformId platform,
                                       domain::KeyId key, std::string_view text) {
  const auto sealed = from_base64url(text);
  if (!sealed) return std::unexpected(sealed.error());
  const auto plain = keys.open_sealed(key, eventstore::associated_data(platform, origin), *sealed);
  if (!plain) return std::unexpected(not_ours());
  auto wire = domain::unpack<Wire>(*plain);
  if (!wire) return std::unexpected(not_ours());
  return std::move(*wire);
}

}  // namespace

std::uint32_t prefix_of(const eventstore::Hash& hash) {
  return static_cast<std::uint32_t>(hash[0]) << 24 | static_cast<std::uint32_t>(hash[1]) << 16 |
         static_cast<std::uint32_t>(hash[2]) << 8 | hash[3];
}

Place place_at(const eventstore::Store& store, domain::PlatformId platform,
               std::uint64_t position) {
  const auto hash = position == 0 ? std::optional(eventstore::first_prev_hash(platform))
                                  : store.hash_at(platform, position);
  return {.position = position, .hash_prefix = hash ? prefix_of(*hash) : 0, .list = {}, .rest = {}};
}

std::string seal(const eventstore::Keys& keys, domain::PlatformId platform, domain::KeyId key,
                 Seal kind, const Place& place) {
  const auto plain = domain::pack(Wire{static_cast<std::uint8_t>(kind), place.position,
                                       place.hash_prefix, place.list, place.rest});
  return base64url(keys.seal(key, eventstore::associated_data(platform, origin), plain));
}

std::optional<std::uint64_t> position_in(const eventstore::Keys& keys, domain::PlatformId platform,
                                         domain::KeyId key, std::string_view text) {
  const auto wire = open_wire(keys, platform, key, text);
  return wire ? std::optional(wire->position) : std::nullopt;
}

std::expected<Place, Problem> unseal(const eventstore::Keys& keys, const eventstore::Store& store,
                                     domain::PlatformId platform, domain::KeyId key, Seal kind,
                                     std::string_view list, std::string_view text) {
  auto wire = open_wire(keys, platform, key, text);
  if (!wire) return std::unexpected(wire.error());
  if (wire->kind != static_cast<std::uint8_t>(kind) || wire->list != list) {
    return std::unexpected(not_ours());
  }
  if (place_at(store, platform, wire->position).hash_prefix != wire->hash_prefix) {
    return std::unexpected(Problem{&problems::history_restored, {}, {}, {}});
  }
  return Place{wire->position, wire->hash_prefix, std::move(wire->list), std::move(wire->rest)};
}

std::string base64url(std::string_view bytes) {
  constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), variant);
  out.pop_back();  // the terminating NUL
  return out;
}

std::expected<std::string, Problem> from_base64url(std::string_view text) {
  if (text.size() > longest_text) return std::unexpected(not_ours());
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                        text.size(), nullptr, &size, &end,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
      end != text.data() + text.size()) {
    return std::unexpected(not_ours());
  }
  out.resize(size);
  return out;
}

}  // namespace meent::api
