#include "api/requester.h"

#include <openssl/sha.h>
#include <sodium.h>

#include <chrono>

#include "api/seals.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::string_view token_prefix = "meent_";
constexpr std::size_t id_length = 32;
constexpr std::size_t secret_length = 43;

Problem not_signed_in(std::string detail) {
  return {&problems::not_signed_in, std::move(detail), {}, {}};
}

std::optional<Platform> platform_of(const eventstore::Store& store, PlatformId id) {
  const auto state = store.state(id);
  auto record = find<PlatformRecord>(*state, {});
  if (!record) return std::nullopt;
  return Platform{id, std::move(*record)};
}

std::optional<Platform> platform_named(const eventstore::Store& store, const std::string& name) {
  const auto directory = store.state(directory_id());
  const auto entry = find<PlatformNameRecord>(*directory, name);
  return entry ? platform_of(store, entry->platform) : std::nullopt;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// What the token stands for, given its record and the platform's state.
Requester requester_of(const State& state, TokenId id, const TokenRecord& token) {
  Requester out;
  out.token = id;
  out.scopes = token.scopes;
  out.viewer.is_signed_in = true;
  out.viewer.may_analyse = out.has(TokenScope::analyse);
  if (token.person) {
    const auto person = find<PersonRecord>(state, *token.person);
    out.actor = Actor::person(*token.person);
    out.viewer.person = token.person;
    out.role = person ? person->role : Role::person;
    // A token without the moderator's scope leaves the moderator's powers at home.
    if (!out.has(TokenScope::moderate)) out.role = Role::person;
  } else {
    const auto kind = out.has(TokenScope::operate)   ? ActorKind::operator_
                      : out.has(TokenScope::import_) ? ActorKind::importer
                                                     : ActorKind::guest;
    out.actor = {kind, id.value()};
    out.role = kind == ActorKind::guest ? Role::person : Role::operator_;
  }
  out.viewer.role = out.role;
  return out;
}

}  // namespace

std::optional<Platform> find_platform(const eventstore::Store& store, std::string_view id_or_slug) {
  if (const auto id = PlatformId::parse(id_or_slug)) {
    if (auto platform = platform_of(store, *id)) return platform;
  }
  return platform_named(store, "slug:" + std::string(id_or_slug));
}

std::optional<Platform> find_platform_of_host(const eventstore::Store& store,
                                              std::string_view host) {
  std::string name(host.substr(0, host.find(':')));
  for (auto& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return platform_named(store, "host:" + name);
}

std::string TokenText::text() const {
  return std::string(token_prefix) + id.text() + "_" + secret;
}

std::optional<TokenText> TokenText::parse(std::string_view text) {
  if (text.size() != token_prefix.size() + id_length + 1 + secret_length ||
      !text.starts_with(token_prefix) || text[token_prefix.size() + id_length] != '_') {
    return std::nullopt;
  }
  const auto id = TokenId::parse(text.substr(token_prefix.size(), id_length));
  if (!id) return std::nullopt;
  return TokenText{*id, std::string(text.substr(text.size() - secret_length))};
}

TokenText TokenText::draw() {
  std::string bits(32, '\0');
  randombytes_buf(bits.data(), bits.size());
  return {draw_id<TokenId>(), base64url(bits)};
}

std::array<std::uint8_t, 32> TokenText::hash() const {
  std::array<std::uint8_t, 32> out{};
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), out.data());
  return out;
}

std::expected<Requester, Problem> find_requester(const eventstore::Store& store,
                                                 PlatformId platform, const Request& request) {
  if (request.is_local_operator) return local_operator();
  const auto header = request.header("authorization");
  if (!header) return Requester{};
  constexpr std::string_view scheme = "bearer ";
  bool is_bearer = header->size() > scheme.size();
  for (std::size_t i = 0; is_bearer && i < scheme.size(); ++i) {
    is_bearer = ((*header)[i] | 0x20) == scheme[i] || (*header)[i] == scheme[i];
  }
  if (!is_bearer) {
    return std::unexpected(not_signed_in("Send `Authorization: Bearer` and a token."));
  }
  return find_requester(store, platform, header->substr(scheme.size()));
}

std::expected<Requester, Problem> find_requester(const eventstore::Store& store,
                                                 PlatformId platform, std::string_view token_text) {
  const auto token = TokenText::parse(token_text);
  if (!token) return std::unexpected(not_signed_in("This is no token of Meent."));
  const auto hash = token->hash();
  const std::string_view hash_bytes(reinterpret_cast<const char*>(hash.data()), hash.size());
  const auto now = wall_clock();
  for (const auto place : {platform, directory_id()}) {
    const auto state = store.state(place);
    const auto record = find<TokenRecord>(*state, token->id);
    if (!record || !equal_in_constant_time(record->secret_hash, hash_bytes)) continue;
    if (record->revoked) return std::unexpected(not_signed_in("The token was revoked."));
    if (record->expires_at <= now) return std::unexpected(not_signed_in("The token has expired."));
    return requester_of(*state, token->id, *record);
  }
  return std::unexpected(not_signed_in("The token is not known here."));
}

Requester local_operator() {
  Requester out;
  out.actor = {ActorKind::operator_, {}};
  out.role = Role::operator_;
  out.scopes = ~TokenScopes{0};
  out.viewer = {.person = {}, .role = Role::operator_, .is_signed_in = true, .may_analyse = true};
  return out;
}

Timestamp wall_clock() {
  using namespace std::chrono;
  return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

IdBytes draw_id_bytes() {
  IdBytes out;
  randombytes_buf(out.data(), out.size());
  return out;
}

}  // namespace meent::api
