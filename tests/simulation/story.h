#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/schedule.h"

namespace meent::simulation {

/// What happens in a run: a digest of all of it, and the last things to tell. Threads: one.
class Story {
 public:
  /// `tells`: prints everything too.
  explicit Story(bool tells) : tells_(tells) {}
  void note(Millis at, const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c);
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  /// The last sixty things, one a line.
  [[nodiscard]] std::vector<std::string> last() const;

 private:
  struct Happened {
    Millis at;
    const char* what;
    std::array<std::uint64_t, 3> with;
  };
  bool tells_;
  std::uint64_t digest_ = 0;
  std::vector<Happened> happened_;
  std::size_t oldest_ = 0;
};

}  // namespace meent::simulation
