#include "api/node_seal.h"

#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <array>
#include <charconv>
#include <span>

namespace meent::api {

using domain::Timestamp;

namespace {

constexpr std::string_view seal_version = "1";
constexpr std::int64_t seal_lifetime_ms = 30'000;

std::string hex(std::span<const unsigned char> bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
  out.pop_back();
  return out;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

namespace {

/// As it is after it was sent: HTTP drops the space around a value.
std::string_view trimmed(std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

}  // namespace

std::string NodeSeal::mac(std::string_view head, std::string_view method, std::string_view target,
                          std::string_view authorization, std::string_view body) const {
  std::string text(head);
  for (const auto part : {method, target, trimmed(authorization)}) {
    text += '\n';
    text += part;
  }
  text += '\n';
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
  text += hex(digest);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &length);
  return hex(std::span(out).first(length));
}

std::string NodeSeal::make(std::string_view method, std::string_view target,
                           std::string_view authorization, std::string_view body,
                           const Passed& passed, Timestamp now) const {
  std::string head(seal_version);
  head += ';' + std::to_string(now.ms) + ';' + std::to_string(passed.applied) + ';';
  head += passed.is_loopback ? 'l' : '-';
  head += passed.is_operator ? 'o' : '-';
  head += passed.is_first_hop ? 'f' : '-';
  return head + ';' + mac(head, method, target, authorization, body);
}

std::optional<NodeSeal::Passed> NodeSeal::open(const Request& request, Timestamp now) const {
  const auto line = request.header(node_seal_header);
  if (!line) return std::nullopt;
  const auto end = line->rfind(';');
  if (end == std::string_view::npos) return std::nullopt;
  const auto head = line->substr(0, end), given = line->substr(end + 1);
  const auto expected = mac(head, request.method_name, request.target,
                            request.header("authorization").value_or(""), request.body);
  if (given.size() != expected.size() ||
      sodium_memcmp(given.data(), expected.data(), given.size()) != 0) {
    return std::nullopt;
  }
  std::array<std::string_view, 4> parts;
  std::size_t from = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto to = head.find(';', from);
    if ((to == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = head.substr(from, to == std::string_view::npos ? to : to - from);
    from = to + 1;
  }
  const auto made_at = number_in(parts[1]), applied = number_in(parts[2]);
  if (parts[0] != seal_version || !made_at || !applied || parts[3].size() != 3) return std::nullopt;
  const auto age = now.ms - static_cast<std::int64_t>(*made_at);
  if (age > seal_lifetime_ms || age < -seal_lifetime_ms) return std::nullopt;
  return Passed{.applied = *applied,
                .is_loopback = parts[3][0] == 'l',
                .is_operator = parts[3][1] == 'o',
                .is_first_hop = parts[3][2] == 'f'};
}

}  // namespace meent::api
