#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "domain/ids.h"

namespace meent::domain {

/// State records and view rows as bytes: fields in order, integers little-endian, strings and lists
/// with a 32-bit length before them. Not a wire format: whatever holds it is rebuilt from the log
/// when it changes. A packable type has `template <class A> void fields(A& a) { a(x, y); }`.
class Packer {
 public:
  Packer() = default;
  /// Starts with a table's letter, as keys do.
  explicit Packer(char table) {
    out_.reserve(longest_usual_key);
    out_ += table;
  }
  template <class... Ts>
  void operator()(const Ts&... values) {
    (one(values), ...);
  }
  [[nodiscard]] std::string take() { return std::move(out_); }
  /// What is packed so far; lives until more is, or `clear`, after which no new memory is needed.
  [[nodiscard]] std::string_view bytes() const { return out_; }
  void clear() { out_.clear(); }

 private:
  template <class T>
  void one(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      one(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_integral_v<T>) {
      static_assert(std::endian::native == std::endian::little);
      char bytes[sizeof value];
      std::memcpy(bytes, &value, sizeof value);
      out_.append(bytes, sizeof bytes);
    } else {
      const_cast<T&>(value).fields(*this);
    }
  }
  template <class Tag>
  void one(const Id<Tag>& id) {
    out_.append(reinterpret_cast<const char*>(id.value().data()), id.value().size());
  }
  template <std::size_t size>
  void one(const std::array<std::uint8_t, size>& bytes) {
    out_.append(reinterpret_cast<const char*>(bytes.data()), size);
  }
  void one(const Timestamp& time) { one(time.ms); }
  void one(const std::string& text) {
    one(static_cast<std::uint32_t>(text.size()));
    out_ += text;
  }
  template <class T>
  void one(const std::optional<T>& value) {
    one(value.has_value());
    if (value) one(*value);
  }
  template <class T>
  void one(const std::vector<T>& values) {
    one(static_cast<std::uint32_t>(values.size()));
    for (const auto& value : values) one(value);
  }
  template <class K, class V>
  void one(const std::map<K, V>& values) {
    one(static_cast<std::uint32_t>(values.size()));
    for (const auto& [key, value] : values) {
      one(key);
      one(value);
    }
  }

  static constexpr std::size_t longest_usual_key = 33;  // a letter and two ids
  std::string out_;
};

/// Reads what Packer wrote. After a short or overlong input `complete()` is false and the values
/// read are unspecified.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  template <class... Ts>
  void operator()(Ts&... values) {
    (one(values), ...);
  }
  [[nodiscard]] bool complete() const { return good_ && in_.empty(); }

 private:
  std::string_view bytes(std::size_t count) {
    if (in_.size() < count) {
      good_ = false;
      in_ = {};
      return {};
    }
    const auto out = in_.substr(0, count);
    in_.remove_prefix(count);
    return out;
  }
  template <class T>
  void one(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      one(byte);
      value = byte != 0;
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> bits{};
      one(bits);
      value = static_cast<T>(bits);
    } else if constexpr (std::is_integral_v<T>) {
      const auto raw = bytes(sizeof value);
      if (!raw.empty()) std::memcpy(&value, raw.data(), sizeof value);
    } else {
      value.fields(*this);
    }
  }
  template <class Tag>
  void one(Id<Tag>& id) {
    const auto raw = bytes(16);
    IdBytes out{};
    if (!raw.empty()) std::memcpy(out.data(), raw.data(), out.size());
    id = Id<Tag>(out);
  }
  template <std::size_t size>
  void one(std::array<std::uint8_t, size>& out) {
    const auto raw = bytes(size);
    if (!raw.empty()) std::memcpy(out.data(), raw.data(), size);
  }
  void one(Timestamp& time) { one(time.ms); }
  void one(std::string& text) {
    std::uint32_t size = 0;
    one(size);
    text = bytes(size);
  }
  template <class T>
  void one(std::optional<T>& value) {
    bool present = false;
    one(present);
    value.reset();
    if (present) one(value.emplace());
  }
  template <class T>
  void one(std::vector<T>& values) {
    std::uint32_t size = 0;
    one(size);
    values.clear();
    for (std::uint32_t i = 0; i < size && good_; ++i) one(values.emplace_back());
  }
  template <class K, class V>
  void one(std::map<K, V>& values) {
    std::uint32_t size = 0;
    one(size);
    values.clear();
    for (std::uint32_t i = 0; i < size && good_; ++i) {
      K key{};
      one(key);
      one(values[key]);
    }
  }

  std::string_view in_;
  bool good_ = true;
};

template <class T>
std::string pack(const T& value) {
  Packer packer;
  packer(value);
  return packer.take();
}

/// Nothing when the bytes are not exactly one T.
template <class T>
std::optional<T> unpack(std::string_view bytes) {
  Unpacker unpacker(bytes);
  T value{};
  unpacker(value);
  return unpacker.complete() ? std::optional<T>(std::move(value)) : std::nullopt;
}

}  // namespace meent::domain
