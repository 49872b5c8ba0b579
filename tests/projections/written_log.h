#pragma once
#include <map>
#include <memory>
#include <string>

#include "eventstore/keys.h"
#include "eventstore/store.h"
#include "tests/projections/story.h"

namespace meent::projections {

/// A real store whose groups are written as the applier would write them, without a sequencer.
class WrittenLog {
 public:
  explicit WrittenLog(const std::filesystem::path& folder);
  [[nodiscard]] eventstore::Store& store() { return *store_; }
  /// What the story has told since the last call, as groups of this many commits of one event.
  void write(const Story& story, std::size_t group_size = 1);
  /// A group whose one event no program knows.
  void write_unknown_event(domain::PlatformId platform);

 private:
  void write_group(domain::PlatformId platform, std::vector<eventstore::Commit> commits);

  std::unique_ptr<eventstore::Keys> keys_;
  std::unique_ptr<eventstore::Store> store_;
  std::map<domain::PlatformId, std::size_t> written_;
};

}  // namespace meent::projections
