#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "domain/kind.h"
#include "domain/policy.h"
#include "domain/support.h"
#include "domain/token.h"

/// Enumerations as the words that stand in facts. A word is never changed once it was written.
namespace meent::eventstore::codec {

/// `names` in the order of the enumeration's values, which start at 0.
template <class E>
struct Words;

template <>
struct Words<domain::ActorKind> {
  static constexpr std::array<std::string_view, 6> names{"person",   "guest",    "officer",
                                                         "importer", "operator", "clock"};
};
template <>
struct Words<domain::FieldType> {
  static constexpr std::array<std::string_view, 7> names{"line",   "paragraph", "number", "date",
                                                         "choice", "link",      "place"};
};
template <>
struct Words<domain::Role> {
  static constexpr std::array<std::string_view, 3> names{"person", "moderator", "operator"};
};
template <>
struct Words<domain::Stance> {
  static constexpr std::array<std::string_view, 3> names{"agree", "pass", "disagree"};
};

template <class E>
concept HasWords = requires { Words<E>::names; };

template <HasWords E>
std::string_view word_of(E value) {
  return Words<E>::names.at(static_cast<std::size_t>(value));
}
template <HasWords E>
std::optional<E> from_word(std::string_view word) {
  const auto& names = Words<E>::names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

/// Sets of bits, written as a list of words in this order.
template <class E>
struct BitWords;

template <>
struct BitWords<domain::KindAbility> {
  static constexpr std::array<std::pair<domain::KindAbility, std::string_view>, 3> names{{
      {domain::KindAbility::discuss, "discuss"},
      {domain::KindAbility::support, "support"},
      {domain::KindAbility::revise, "revise"},
  }};
};
template <>
struct BitWords<domain::TokenScope> {
  static constexpr std::array<std::pair<domain::TokenScope, std::string_view>, 5> names{{
      {domain::TokenScope::act, "act"},
      {domain::TokenScope::moderate, "moderate"},
      {domain::TokenScope::import_, "import"},
      {domain::TokenScope::operate, "operate"},
      {domain::TokenScope::analyse, "analyse"},
  }};
};

/// A set of E's bits in a field of facts.
template <class E>
struct Bits {
  std::uint32_t& bits;
};

}  // namespace meent::eventstore::codec
