#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/codec.h"
#include "eventstore/store.h"

/// Read models: built by following the log; everything in them can be thrown away.
namespace meent::projections {

using eventstore::StoredEvent;

struct ChainMark {
  std::uint64_t position = 0;
  eventstore::Hash hash{};
  bool operator==(const ChainMark&) const = default;
  template <class A>
  void fields(A& a) {
    a(position, hash);
  }
};

/// How far a view is: written in the same batch as its rows.
struct Checkpoint {
  std::uint64_t next_offset = 0;
  std::map<domain::PlatformId, ChainMark> platforms;
};

/// Decoded events of consecutive envelopes, several platforms in log order.
struct EventBatch {
  std::vector<StoredEvent> events;
  Checkpoint reached;  ///< after this batch; `platforms` holds those that moved
};

/// Threads: `apply` from the runner's thread only; each view's queries from any thread.
class View {
 public:
  virtual ~View() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  ///< "feed"
  [[nodiscard]] virtual std::uint32_t version() const = 0;
  /// Opens this view's own directory, or makes it (parents too). The runner names it:
  /// `views/<name>@<version>`, search `search@<version>`; beside it while it is being rebuilt.
  virtual void open(const std::filesystem::path& directory) = 0;
  [[nodiscard]] virtual Checkpoint checkpoint() const = 0;
  /// Position this view has reached on one platform; cheap, any thread.
  [[nodiscard]] virtual std::uint64_t position(domain::PlatformId platform) const = 0;
  /// Rows and checkpoint in one batch. Throws: the runner stops this view and says why.
  virtual void apply(const EventBatch& batch) = 0;
  /// While nobody reads it yet, what was applied may stay in memory and be written together, later,
  /// checkpoint and all; with `false` it is written. Threads: as `apply`.
  virtual void hold_back(bool /*holds*/) {}
  /// Sorted keys and values (search: documents, terms, values) as text lines, for comparison.
  virtual void dump(const std::function<void(std::string_view line)>& line) const = 0;
};

}  // namespace meent::projections
