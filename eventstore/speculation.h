#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/state.h"
#include "eventstore/store.h"

namespace meent::eventstore {

/// One platform's state as the commands decided so far leave it: what groups that are not applied
/// yet will write, over what the store has. Keeps what it read or wrote once (a cache in front of
/// the store), which is right as long as every record applied to the platform is one of its groups
/// and `settle` is told. Threads: the deciding thread only; the store may move on meanwhile.
class Speculation final : public domain::MutableState {
 public:
  Speculation(const Store& store, domain::PlatformId platform) : reader_(store.state(platform)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view key) const override;
  void put(std::string key, std::string value) override;
  void erase(std::string key) override;

  /// What is written from now on belongs to this group. Groups are numbered from 1, rising.
  void begin(std::uint64_t group) { group_ = group; }
  /// The group is applied: what it was the last to write is now the store's.
  void settle(std::uint64_t group);
  /// Forgets everything; reads go to the store again.
  void discard();
  /// Forgets what the store has too. Returns how many entries that were.
  std::size_t drop_settled();
  [[nodiscard]] std::size_t entry_count() const { return entries_.size(); }

 private:
  struct Entry {
    std::optional<std::string> value;  ///< nothing: erased, or not there
    std::uint64_t group = 0;           ///< the last to write it; 0: as in the store
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };
  using Entries = std::unordered_map<std::string, Entry, KeyHash, std::equal_to<>>;

  void write(std::string key, std::optional<std::string> value);

  std::unique_ptr<StateReader> reader_;
  mutable Entries entries_;
  /// Entries each unsettled group wrote, in group order.
  std::deque<std::pair<std::uint64_t, std::vector<Entries::pointer>>> written_;
  std::uint64_t group_ = 0;
};

}  // namespace meent::eventstore
