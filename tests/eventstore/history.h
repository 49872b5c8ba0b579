#pragma once
#include <memory>
#include <string>
#include <vector>

#include "eventstore/store.h"
#include "eventstore/store_batch.h"

/// Small histories written straight into a store, as the applier would.
namespace meent::eventstore::examples {

/// Builds consecutive envelopes of one writer: genesis, claim, then groups of one support each.
class HistoryWriter {
 public:
  explicit HistoryWriter(Store& store) : store_(store) {}
  void write_genesis_and_claim();
  /// One group of one event for the platform; returns its envelope's bytes.
  std::string write_group(domain::PlatformId platform, bool sync = true);
  /// An envelope that did not count.
  void write_void(VoidReason reason, const std::string& bytes);

 private:
  Store& store_;
};

domain::PlatformId platform_a();
domain::PlatformId platform_b();

}  // namespace meent::eventstore::examples
