#pragma once
#include <string>
#include <utility>

#include "tests/eventstore/event_samples.h"

namespace meent::eventstore {

/// The same values for ever: what golden files were made of.
class FixedSource final : public SampleSource {
 public:
  /// Full: everything optional is there, every list is long. Bare: nothing, empty.
  explicit FixedSource(bool is_full) : is_full_(is_full) {}
  domain::IdBytes id() override {
    domain::IdBytes bytes{};
    bytes[0] = ++count_;
    bytes[15] = 0xA5;
    return bytes;
  }
  std::string text() override { return "één \"woord\"\n" + std::to_string(++count_); }
  std::uint32_t number() override { return 1000U + ++count_; }
  std::uint32_t choice(std::uint32_t below) override {
    if (below == 2) return is_full_ ? 0 : 1;
    return is_full_ ? below - 1 : 0;
  }
  domain::Timestamp time() override { return {1'764'000'000'123 + ++count_ * 1'000'000LL}; }
  domain::PrivateText words(std::string origin) override {
    return {.key = domain::KeyId(id()),
            .origin = std::move(origin),
            .bytes = std::string(24, static_cast<char>(++count_)) + "sealed bytes"};
  }

 private:
  bool is_full_;
  std::uint8_t count_ = 0;
};

}  // namespace meent::eventstore
