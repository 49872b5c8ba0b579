#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/state.h"

namespace meent::tests {

/// State in memory, for tests that need no store.
class MemoryState : public domain::MutableState {
 public:
  [[nodiscard]] std::optional<std::string> get(std::string_view key) const override {
    const auto entry = records_.find(key);
    return entry == records_.end() ? std::nullopt : std::optional(entry->second);
  }
  void put(std::string key, std::string value) override {
    records_.insert_or_assign(std::move(key), std::move(value));
  }
  void erase(std::string key) override { records_.erase(key); }

  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& records() const {
    return records_;
  }

 private:
  std::map<std::string, std::string, std::less<>> records_;
};

}  // namespace meent::tests
