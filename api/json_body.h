#pragma once
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "api/problem.h"
#include "domain/ids.h"

/// A JSON object that a client sent. Reading notes every invalid field; ask `problem()` at the end.
/// Values read from an invalid field are empty.
namespace meent::api {

class JsonBody {
 public:
  /// An object, nested at most 16 deep, valid UTF-8, no field twice. Errors: malformed_body.
  static std::expected<JsonBody, Problem> parse(std::string_view text);
  JsonBody(JsonBody&&) noexcept;
  ~JsonBody();

  enum class Need : std::uint8_t { optional, required };

  /// Lengths are in bytes and only guard memory: the domain judges in characters.
  std::string text(std::string_view field, Need need = Need::required,
                   std::size_t longest_bytes = 400'000);
  /// One of `words`; -1 when absent or invalid.
  int word(std::string_view field, std::initializer_list<std::string_view> words,
           Need need = Need::required);
  std::optional<std::int64_t> number(std::string_view field, std::int64_t least, std::int64_t most,
                                     Need need = Need::optional);
  bool flag(std::string_view field, bool otherwise);
  /// RFC 3339 with an offset or Z.
  std::optional<domain::Timestamp> time(std::string_view field, Need need = Need::optional);
  /// The same, where null says that there is none.
  std::optional<domain::Timestamp> nullable_time(std::string_view field);
  std::vector<std::string> texts(std::string_view field, std::size_t most_items,
                                 std::size_t longest_bytes = 4'000);
  std::map<std::string, std::string> text_map(std::string_view field, std::size_t most_items);
  /// Objects under `field`, each read like this one; their errors count here.
  std::vector<JsonBody*> objects(std::string_view field, std::size_t most_items);
  template <class IdT>
  std::optional<IdT> id(std::string_view field, Need need = Need::optional) {
    const auto value = text(field, need, 64);
    if (value.empty() && !is_empty_text(field)) return std::nullopt;
    const auto id = IdT::parse(value);
    if (!id) fault(field, "not-an-id", "An id is 32 hexadecimal digits.");
    return id;
  }
  template <class IdT>
  std::vector<IdT> ids(std::string_view field, std::size_t most_items) {
    std::vector<IdT> out;
    for (const auto& [place, value] : indexed_texts(field, most_items, 64)) {
      if (const auto id = IdT::parse(value)) {
        out.push_back(*id);
      } else {
        fault(place, "not-an-id", "An id is 32 hexadecimal digits.");
      }
    }
    return out;
  }
  /// The good ones of a list, each with its own path: "scopes.1".
  std::vector<std::pair<std::string, std::string>> indexed_texts(std::string_view field,
                                                                 std::size_t most_items,
                                                                 std::size_t longest_bytes);
  bool has(std::string_view field) const;
  void fault(std::string_view field, std::string_view code, std::string_view detail);
  /// The field is in order, but whoever sends it may not.
  void forbid(std::string_view field, std::string_view detail);

  /// Everything that was wrong, fields that nobody read included: invalid_fields, or not_allowed
  /// when nothing but rights is missing.
  std::optional<Problem> problem();

 private:
  struct Impl;
  [[nodiscard]] bool is_empty_text(std::string_view field) const;
  explicit JsonBody(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// 2026-11-24T10:15:30.123Z
std::string rfc3339(domain::Timestamp time);
/// Takes fractions of any length (cut to ms) and offsets.
std::optional<domain::Timestamp> parse_rfc3339(std::string_view text);

}  // namespace meent::api
