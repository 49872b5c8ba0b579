#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "domain/ids.h"

/// Little-endian fields of records, envelopes, slots and store rows; keys are big-endian, so that
/// byte order is number order.
namespace meent::eventstore {

template <std::unsigned_integral T>
void put_number(std::string& out, T value) {
  std::array<char, sizeof(T)> raw{};
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    raw[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
  out.append(raw.data(), raw.size());
}

template <std::size_t N>
void put_bytes(std::string& out, const std::array<std::uint8_t, N>& bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), N);
}

template <class Tag>
void put_id(std::string& out, const domain::Id<Tag>& id) {
  put_bytes(out, id.value());
}

inline void put_key_number(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<unsigned char>(value >> shift));
  }
}

/// The number in the last eight bytes of a key.
inline std::uint64_t key_number(std::string_view key) {
  std::uint64_t value = 0;
  for (const char byte : key.substr(key.size() - 8)) {
    value = (value << 8) | static_cast<unsigned char>(byte);
  }
  return value;
}

/// Takes fields from the front. After a read beyond the end `good()` is false and the values are
/// zero; `at()` is then where that field began.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  template <std::unsigned_integral T>
  T number() {
    const auto raw = bytes(sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      value = static_cast<T>(
          value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(raw[i])) << (8 * i)));
    }
    return value;
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    const auto raw = bytes(N);
    if (!raw.empty()) std::memcpy(out.data(), raw.data(), N);
    return out;
  }
  template <class Id>
  Id id() {
    return Id(array<16>());
  }
  std::string_view bytes(std::size_t count) {
    if (!good_ || in_.size() - at_ < count) {
      good_ = false;
      return {};
    }
    const auto out = in_.substr(at_, count);
    at_ += count;
    return out;
  }
  std::string_view rest() { return bytes(in_.size() - at_); }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool complete() const { return good_ && at_ == in_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  std::string_view in_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace meent::eventstore
