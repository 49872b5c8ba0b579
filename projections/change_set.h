#pragma once
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

namespace meent::projections {

/// Changed keys with their last value, until they are written. Their bytes lie in one arena, so
/// that hundreds of thousands of small changes cost few allocations and are sorted quickly.
/// Threads: one.
class ChangeSet {
 public:
  struct Change {
    std::string_view key;
    std::optional<std::string_view> value;  ///< nothing: erased
  };

  void set(std::string_view key, std::optional<std::string_view> value);
  /// Null when the key was not changed. Lives until the next `set` or `clear`.
  [[nodiscard]] const Change* find(std::string_view key) const;
  /// In byte order of the keys. Live until the next `set` or `clear`.
  [[nodiscard]] std::vector<const Change*> sorted() const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  ///< in memory, about
  /// Gives back what many changes took; what a small batch needs is kept.
  void clear();

 private:
  struct Held {
    Change change;
    char* value_place = nullptr;
    std::size_t value_room = 0;
  };
  /// Where the key is, or where it would go.
  [[nodiscard]] std::size_t slot_of(std::string_view key, std::size_t hash) const;
  void grow();
  [[nodiscard]] char* take(std::size_t size);
  void assign(Held& held, std::optional<std::string_view> value);

  static constexpr std::size_t least_arena_bytes = 64U << 10;
  std::pmr::monotonic_buffer_resource arena_{least_arena_bytes};
  std::vector<Held> held_;
  std::vector<std::uint64_t> slots_;  ///< upper half: of the hash; lower: 1 + index of held_
  std::size_t bytes_ = 0;
};

}  // namespace meent::projections
