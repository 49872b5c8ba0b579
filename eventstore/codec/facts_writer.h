#pragma once
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/moderate.h"
#include "domain/text.h"
#include "eventstore/codec/time_text.h"
#include "eventstore/codec/words.h"

/// Facts as JSON text, appended to a string. A type's facts are described once, by
/// `template <class A> void facts(A& a, T& t) { a("name", t.field); … }`, for writing and reading.
/// It is found by the archive's namespace, so it stands in this one.
namespace meent::eventstore::codec {

/// Appends a JSON string; `text` must be well-formed UTF-8.
void append_json_string(std::string& out, std::string_view text);
void append_hex(std::string& out, std::span<const std::uint8_t> bytes);

/// What a private text becomes where it stands: a seal in the log, open words for a reader.
class TextWriter {
 public:
  virtual ~TextWriter() = default;
  /// Appends one JSON value. `field`: "body", or "form/<name>".
  virtual void write(std::string& out, const domain::PrivateText& text, std::string_view field) = 0;
};

class FactsWriter {
 public:
  /// `withheld`: facts (of the event itself, not of objects in it) that are left out.
  FactsWriter(std::string& out, TextWriter& texts, std::span<const std::string_view> withheld = {})
      : out_(out), texts_(texts), withheld_(withheld) {}

  /// Appends `value`'s facts as one object.
  template <class T>
  void object(const T& value) {
    const bool outer_is_first = is_first_;
    is_first_ = true;
    ++level_;
    out_ += '{';
    facts(*this, const_cast<T&>(value));
    out_ += '}';
    --level_;
    is_first_ = outer_is_first;
  }

  /// An optional without value is left out.
  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (level_ == 1 && is_withheld(name)) return;
    if constexpr (requires { value.has_value(); }) {
      if (value) (*this)(name, *value);
    } else {
      if (!is_first_) out_ += ',';
      is_first_ = false;
      out_ += '"';
      out_ += name;
      out_ += "\":";
      field_ = name;
      one(value);
    }
  }

 private:
  [[nodiscard]] bool is_withheld(std::string_view name) const {
    for (const auto one : withheld_) {
      if (one == name) return true;
    }
    return false;
  }
  template <class Tag>
  void one(const domain::Id<Tag>& id) {
    out_ += '"';
    append_hex(out_, id.value());
    out_ += '"';
  }
  void one(const std::array<std::uint8_t, 32>& bytes) {
    out_ += '"';
    append_hex(out_, bytes);
    out_ += '"';
  }
  void one(bool value) { out_ += value ? "true" : "false"; }
  void one(std::uint32_t value) { out_ += std::to_string(value); }
  void one(const std::string& text) { append_json_string(out_, text); }
  void one(const domain::PrivateText& text) { texts_.write(out_, text, field_); }
  void one(domain::Timestamp time) {
    out_ += '"';
    append_time(out_, time);
    out_ += '"';
  }
  template <HasWords E>
  void one(E value) {
    out_ += '"';
    out_ += word_of(value);
    out_ += '"';
  }
  template <class E>
  void one(const Bits<E>& set) {
    std::uint32_t left = set.bits;
    out_ += '[';
    for (const auto& [bit, word] : BitWords<E>::names) {
      if ((left & static_cast<std::uint32_t>(bit)) == 0) continue;
      if (left != set.bits) out_ += ',';
      left &= ~static_cast<std::uint32_t>(bit);
      out_ += '"';
      out_ += word;
      out_ += '"';
    }
    if (left != 0) std::abort();  // a bit without a word would be lost
    out_ += ']';
  }
  void one(const domain::Item& item) {
    const auto* contribution = std::get_if<domain::ContributionId>(&item);
    out_ += contribution != nullptr ? R"({"contribution":")" : R"({"comment":")";
    append_hex(out_, contribution != nullptr ? contribution->value()
                                             : std::get<domain::CommentId>(item).value());
    out_ += "\"}";
  }
  template <class T>
  void one(const std::vector<T>& values) {
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) out_ += ',';
      one(values[i]);
    }
    out_ += ']';
  }
  void one(const std::map<std::string, domain::PrivateText>& values) {
    const std::string name(field_);
    out_ += '{';
    bool is_first = true;
    for (const auto& [key, text] : values) {
      if (!is_first) out_ += ',';
      is_first = false;
      append_json_string(out_, key);
      out_ += ':';
      texts_.write(out_, text, name + '/' + key);
    }
    out_ += '}';
  }
  template <class T>
    requires requires(FactsWriter& w, T& t) { facts(w, t); }
  void one(const T& value) {
    object(value);
  }

  std::string& out_;
  TextWriter& texts_;
  std::span<const std::string_view> withheld_;
  std::string_view field_;
  int level_ = 0;
  bool is_first_ = true;
};

}  // namespace meent::eventstore::codec
