#include "api/moving_frames.h"

#include <nlohmann/json.hpp>

#include "eventstore/bytes.h"
#include "eventstore/shared_keys.h"

namespace meent::api {

using namespace domain;
using eventstore::MovedKey;
using eventstore::MoveRefused;
using eventstore::Resident;

namespace {

constexpr std::size_t id_digits = 32;

KeyId key_id(std::string_view text) {
  const auto id = KeyId::parse(text);
  if (!id) throw MoveRefused("What the other side sent is no key's id.");
  return *id;
}

}  // namespace

std::string encode_frames(const std::vector<std::string>& frames) {
  std::string out;
  for (const auto& frame : frames) {
    eventstore::put_number(out, static_cast<std::uint32_t>(frame.size()));
    out += frame;
  }
  return out;
}

std::vector<std::string> decode_frames(std::string_view bytes) {
  std::vector<std::string> out;
  eventstore::ByteReader in(bytes);
  while (in.good() && !in.complete()) {
    const auto length = in.number<std::uint32_t>();
    out.emplace_back(in.bytes(length));
  }
  if (!in.good()) throw MoveRefused("What the other side sent is cut off.");
  return out;
}

std::string encode_resident(const std::optional<Resident>& resident) {
  if (!resident) return "null";
  return nlohmann::json{{"id", resident->id.text()},
                        {"lives_in", resident->lives_in ? resident->lives_in->text() : ""},
                        {"slug", resident->slug},
                        {"name", resident->name},
                        {"hosts", resident->hosts},
                        {"position", resident->position},
                        {"hash", resident->hash}}
      .dump();
}

std::optional<Resident> decode_resident(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.is_null()) return std::nullopt;
    Resident out;
    out.id = PlatformId::parse(json.at("id").get<std::string>()).value();
    out.lives_in = LogId::parse(json.at("lives_in").get<std::string>());
    out.slug = json.at("slug");
    out.name = json.at("name");
    out.hosts = json.at("hosts").get<std::vector<std::string>>();
    out.position = json.at("position");
    out.hash = json.at("hash").get<eventstore::Hash>();
    return out;
  } catch (const nlohmann::json::exception&) {
  } catch (const std::bad_optional_access&) {
  }
  throw MoveRefused("Another version of meent runs on the other side; use that one here too.");
}

std::vector<std::string> wrap_keys(const std::vector<MovedKey>& keys,
                                   const eventstore::KeyBytes& secret) {
  std::vector<std::string> out;
  out.reserve(keys.size());
  for (const auto& key : keys) {
    out.push_back(key.id.text());
    if (key.secret) out.back() += eventstore::wrap_key(secret, key.id, *key.secret);
  }
  return out;
}

std::vector<MovedKey> unwrap_keys(const std::vector<std::string>& frames,
                                  const eventstore::KeyBytes& secret) {
  std::vector<MovedKey> out;
  out.reserve(frames.size());
  for (const auto& frame : frames) {
    const std::string_view bytes = frame;
    MovedKey key{.id = key_id(bytes.substr(0, id_digits)), .secret = std::nullopt};
    if (bytes.size() > id_digits) {
      key.secret = eventstore::unwrap_key(secret, key.id, bytes.substr(id_digits));
      if (!key.secret) throw MoveRefused("A key does not open with this cluster's secret.");
    }
    out.push_back(key);
  }
  return out;
}

std::vector<KeyId> key_ids(const std::vector<std::string>& frames) {
  std::vector<KeyId> out;
  out.reserve(frames.size());
  for (const auto& frame : frames) out.push_back(key_id(frame));
  return out;
}

}  // namespace meent::api
