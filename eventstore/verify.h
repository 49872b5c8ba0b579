#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "eventstore/store.h"

/// Reads a log from first to last and proves chain, positions, counts and state.
namespace meent::eventstore {

struct VerifyProblem {
  std::uint64_t offset = 0;
  std::string what;  ///< names platform, position and what is wrong
};
struct VerifyReport {
  std::uint64_t envelopes = 0, records = 0, commits = 0, events = 0, voids = 0, platforms = 0;
  std::vector<VerifyProblem> problems;  ///< the first 100, in log order; empty: proven
  [[nodiscard]] bool is_proven() const { return problems.empty(); }
};

/// Folds every admitted record into a fresh state and compares tips, index, command ids and state
/// with what is stored, byte for byte. `progress`: envelopes read so far, and next_offset.
VerifyReport verify(const Store& store,
                    const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace meent::eventstore
