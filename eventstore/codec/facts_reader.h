#pragma once
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
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
#include "eventstore/codec/facts_collector.h"
#include "eventstore/codec/time_text.h"
#include "eventstore/codec/words.h"

/// Facts read back, strictly: a missing fact, an unknown one, a wrong type or an unused sealed part
/// is an error that names the path. Private to codec/: simdjson is seen here only.
namespace meent::eventstore::codec {

class FactsReader {
 public:
  /// `raw` must outlive the reader.
  explicit FactsReader(const RawEvent& raw) : raw_(raw), is_used_(raw.sealed.size(), false) {}

  template <class T>
  std::expected<T, DecodeError> read() {
    thread_local simdjson::dom::parser parser;
    T value{};
    simdjson::dom::element root;
    if (const auto error = parser.parse(raw_.facts).get(root)) {
      fail(simdjson::error_message(error));
    } else {
      read_object(root, value);
    }
    if (!failure_) {
      for (const bool is_used : is_used_) {
        if (!is_used) fail("a sealed part belongs to no fact");
      }
    }
    if (failure_) return std::unexpected(*failure_);
    return value;
  }

  template <class T>
  void operator()(std::string_view name, T&& value) {
    if (failure_) return;
    simdjson::dom::element element;
    const bool is_there = object_.at_key(name).get(element) == simdjson::SUCCESS;
    const auto outer_size = path_.size();
    append_step(name);
    if (is_there) ++read_count_;
    if constexpr (requires { value.has_value(); }) {
      if (is_there) one(element, value.emplace());
    } else if (!is_there) {
      fail("is missing");
    } else {
      one(element, value);
    }
    path_.resize(outer_size);
  }

 private:
  void fail(std::string_view what) {
    if (failure_) return;
    std::string text = raw_.type + " v" + std::to_string(raw_.version) + ": ";
    if (!path_.empty()) text += path_ + ' ';
    text += what;
    failure_ = DecodeError{.what = std::move(text), .at = 0};
  }
  void append_step(std::string_view name) {
    if (!path_.empty()) path_ += '.';
    path_ += name;
  }

  template <class T>
  void read_object(simdjson::dom::element element, T& value) {
    simdjson::dom::object inner;
    if (element.get(inner) != simdjson::SUCCESS) return fail("is no object");
    const auto outer = object_;
    const auto outer_count = read_count_;
    object_ = inner;
    read_count_ = 0;
    facts(*this, value);
    if (!failure_ && read_count_ != inner.size()) fail_on_unknown(inner, value);
    object_ = outer;
    read_count_ = outer_count;
  }
  template <class T>
  void fail_on_unknown(simdjson::dom::object object, T& value);

  std::string_view text(simdjson::dom::element element) {
    std::string_view out;
    if (element.get(out) != simdjson::SUCCESS) fail("is no string");
    return out;
  }

  template <class Tag>
  void one(simdjson::dom::element element, domain::Id<Tag>& id) {
    const auto parsed = domain::Id<Tag>::parse(text(element));
    if (!parsed) return fail("is no id");
    id = *parsed;
  }
  void one(simdjson::dom::element element, std::array<std::uint8_t, 32>& bytes) {
    const auto hex = text(element);
    const auto low = domain::from_hex(hex.substr(0, 32));
    const auto high = hex.size() == 64 ? domain::from_hex(hex.substr(32)) : std::nullopt;
    if (!low || !high) return fail("is no hash");
    std::copy(low->begin(), low->end(), bytes.begin());
    std::copy(high->begin(), high->end(), bytes.begin() + 16);
  }
  void one(simdjson::dom::element element, bool& value) {
    if (element.get(value) != simdjson::SUCCESS) fail("is no boolean");
  }
  void one(simdjson::dom::element element, std::uint32_t& value) {
    std::uint64_t wide = 0;
    if (element.get(wide) != simdjson::SUCCESS || wide > UINT32_MAX) return fail("is no number");
    value = static_cast<std::uint32_t>(wide);
  }
  void one(simdjson::dom::element element, std::string& value) { value = text(element); }
  void one(simdjson::dom::element element, domain::Timestamp& time) {
    const auto parsed = parse_time(text(element));
    if (!parsed) return fail("is no time");
    time = *parsed;
  }
  template <HasWords E>
  void one(simdjson::dom::element element, E& value) {
    const auto parsed = from_word<E>(text(element));
    if (!parsed) return fail("is an unknown word");
    value = *parsed;
  }
  template <class E>
  void one(simdjson::dom::element element, Bits<E>& set) {
    simdjson::dom::array words;
    if (element.get(words) != simdjson::SUCCESS) return fail("is no list");
    set.bits = 0;
    for (const auto word : words) {
      const auto wanted = text(word);
      const auto before = set.bits;
      for (const auto& [bit, name] : BitWords<E>::names) {
        if (name == wanted) set.bits |= static_cast<std::uint32_t>(bit);
      }
      if (set.bits == before) return fail("has an unknown word, or one twice");
    }
  }
  void one(simdjson::dom::element element, domain::Item& item);
  void one(simdjson::dom::element element, domain::PrivateText& text) {
    private_text(element, text, path_);
  }
  void private_text(simdjson::dom::element element, domain::PrivateText& text,
                    std::string_view field);
  void one(simdjson::dom::element element, std::map<std::string, domain::PrivateText>& values);
  template <class T>
  void one(simdjson::dom::element element, std::vector<T>& values) {
    simdjson::dom::array list;
    if (element.get(list) != simdjson::SUCCESS) return fail("is no list");
    values.clear();
    values.reserve(list.size());
    const auto outer_size = path_.size();
    for (const auto value : list) {
      path_ += '[' + std::to_string(values.size()) + ']';
      one(value, values.emplace_back());
      path_.resize(failure_ ? path_.size() : outer_size);
      if (failure_) return;
    }
  }
  template <class T>
    requires requires(FactsReader& r, T& t) { facts(r, t); }
  void one(simdjson::dom::element element, T& value) {
    read_object(element, value);
  }

  const RawEvent& raw_;
  std::vector<bool> is_used_;
  simdjson::dom::object object_;
  std::size_t read_count_ = 0;
  std::string path_;
  std::optional<DecodeError> failure_;
};

template <class T>
void FactsReader::fail_on_unknown(simdjson::dom::object object, T& value) {
  FactsCollector names;
  facts(names, value);
  for (const auto field : object) {
    if (names.contains(field.key)) continue;
    append_step(field.key);
    return fail("is an unknown fact");
  }
  fail("has a fact twice");
}

}  // namespace meent::eventstore::codec
