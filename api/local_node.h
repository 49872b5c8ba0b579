#pragma once
#include <filesystem>
#include <memory>

#include "api/node.h"
#include "eventstore/embedded.h"
#include "eventstore/replicated.h"

/// One node over one data folder: event store, views and what routes need of them.
namespace meent::api {

struct LocalNodeOptions {
  std::filesystem::path folder;
  bool is_demo = false;
  eventstore::EventOrigin origin{};
  std::size_t cache_bytes = 32 << 20;
  eventstore::SequencerOptions sequencer{};
};

class LocalNode {
 public:
  /// Opens the folder for writing, or makes it, and starts following with every view.
  /// Throws StartRefused (with what to do) or StorageError.
  explicit LocalNode(LocalNodeOptions options);
  /// The same over a copy of a replicated log; `options.sequencer` is not looked at.
  LocalNode(LocalNodeOptions options, std::unique_ptr<eventstore::Replicated> replicated);
  /// Stops in order: commands, views, store.
  ~LocalNode();
  LocalNode(const LocalNode&) = delete;
  LocalNode& operator=(const LocalNode&) = delete;

  [[nodiscard]] const Node& node() const { return *node_; }
  /// Set what another part of the process brings: cluster, consumers.
  [[nodiscard]] Node& node() { return *node_; }
  [[nodiscard]] eventstore::Embedded& embedded() { return embedded_; }
  /// Waits until every view is as far as the store is now. False when it takes longer.
  bool wait_for_views(std::chrono::milliseconds at_most);

 private:
  void start(const LocalNodeOptions& options, eventstore::Store& store, eventstore::Keys& keys,
             eventstore::Sequencer& sequencer);

  eventstore::Embedded embedded_;  ///< empty: replicated
  std::unique_ptr<eventstore::Replicated> replicated_;
  projections::TableViews tables_;
  projections::Slot<projections::SearchView> search_;
  PageCache cache_;
  std::unique_ptr<projections::Runner> runner_;
  std::unique_ptr<Node> node_;
};

}  // namespace meent::api
