#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "domain/moderate.h"
#include "domain/text.h"
#include "eventstore/codec.h"
#include "eventstore/codec/words.h"

/// What a type's facts are, found by walking them as FactsWriter and FactsReader do: names, whose
/// they are, and the JSON Schema (2020-12) of each as delivered. Private to codec/.
namespace meent::eventstore::codec {

/// `facts` as an object schema without `$schema`; those in `optional` need not be there.
std::string object_schema(const std::vector<Fact>& facts,
                          const std::vector<std::string_view>& optional = {});

class FactsCollector {
 public:
  template <class T>
  void operator()(std::string_view name, T&& value) {
    if constexpr (requires { value.has_value(); }) {
      typename std::remove_cvref_t<T>::value_type sample{};
      add(name, sample).is_optional = true;
    } else {
      add(name, value);
    }
  }
  [[nodiscard]] bool contains(std::string_view name) const {
    return std::ranges::find(facts_, name, &Fact::name) != facts_.end();
  }
  [[nodiscard]] std::vector<Fact> take() { return std::move(facts_); }

 private:
  template <class T>
  Fact& add(std::string_view name, T& value) {
    Fact fact;
    fact.name = name;
    describe(value, fact);
    return facts_.emplace_back(std::move(fact));
  }

  template <class Tag>
  static void describe(const domain::Id<Tag>&, Fact& fact) {
    using IdT = domain::Id<Tag>;
    fact.schema = R"({"type":"string","pattern":"^[0-9a-f]{32}$"})";
    fact.is_personal = std::is_same_v<IdT, domain::PersonId>;
    fact.is_secret = std::is_same_v<IdT, domain::KeyId>;
  }
  static void describe(const std::array<std::uint8_t, 32>&, Fact& fact) {
    fact.schema = R"({"type":"string","pattern":"^[0-9a-f]{64}$"})";
    fact.is_secret = true;
  }
  static void describe(bool, Fact& fact) { fact.schema = R"({"type":"boolean"})"; }
  static void describe(std::uint32_t, Fact& fact) {
    fact.schema = R"({"type":"integer","minimum":0,"maximum":4294967295})";
  }
  static void describe(const std::string&, Fact& fact) { fact.schema = R"({"type":"string"})"; }
  static void describe(domain::Timestamp, Fact& fact) {
    fact.schema = R"({"type":"string","format":"date-time"})";
  }
  static void describe(const domain::PrivateText&, Fact& fact) {
    fact.schema = R"({"type":["string","null"]})";
    fact.is_sealed = true;
  }
  static void describe(const std::map<std::string, domain::PrivateText>&, Fact& fact) {
    fact.schema = R"({"type":"object","additionalProperties":{"type":["string","null"]}})";
    fact.is_sealed = true;
  }
  static void describe(const domain::Item&, Fact& fact) {
    const std::string id = R"({"type":"string","pattern":"^[0-9a-f]{32}$"})";
    fact.schema = R"({"type":"object","properties":{"contribution":)" + id + R"(,"comment":)" + id +
                  R"(},"minProperties":1,"maxProperties":1,"additionalProperties":false})";
  }
  template <HasWords E>
  static void describe(E, Fact& fact) {
    fact.schema = enumeration(Words<E>::names, [](std::string_view word) { return word; });
  }
  template <class E>
  static void describe(const Bits<E>&, Fact& fact) {
    fact.schema = R"({"type":"array","uniqueItems":true,"items":)" +
                  enumeration(BitWords<E>::names, [](const auto& one) { return one.second; }) + '}';
  }
  template <class T>
  static void describe(const std::vector<T>&, Fact& fact) {
    T sample{};
    describe(sample, fact);
    fact.schema = R"({"type":"array","items":)" + fact.schema + '}';
  }
  template <class T>
    requires requires(FactsCollector& c, T& t) { facts(c, t); }
  static void describe(T& value, Fact& fact) {
    FactsCollector inner;
    facts(inner, value);
    const auto parts = inner.take();
    for (const auto& part : parts) {
      fact.is_sealed = fact.is_sealed || part.is_sealed;
      fact.is_personal = fact.is_personal || part.is_personal;
      fact.is_secret = fact.is_secret || part.is_secret;
    }
    fact.schema = object_schema(parts);
  }

  static std::string enumeration(const auto& values, const auto& word_in) {
    std::string out = R"({"type":"string","enum":[)";
    for (const auto& value : values) {
      if (out.back() != '[') out += ',';
      out += '"';
      out += word_in(value);
      out += '"';
    }
    return out + "]}";
  }

  std::vector<Fact> facts_;
};

}  // namespace meent::eventstore::codec
