#pragma once
#include <xapian.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "eventstore/codec.h"
#include "projections/search_document.h"
#include "projections/view.h"

namespace meent::projections {

/// One platform's Xapian database: the one writer and a few readers.
/// Nothing is synced: whoever owns it knows when to throw it away.
class SearchIndex {
 public:
  /// Neither opens nor makes anything yet.
  SearchIndex(std::filesystem::path folder, domain::PlatformId platform,
              const eventstore::Keys& keys);

  /// True when documents may change with this event.
  static bool is_about(const domain::Event& event);

  // Writing: one thread at a time. Throws StorageError.

  /// Takes the event in; visible after `commit`. Events up to `committed()` are passed over.
  void apply(const eventstore::StoredEvent& stored);
  /// Everything applied becomes visible and is kept, with the mark it stands for.
  void commit(const ChainMark& mark);
  [[nodiscard]] bool is_dirty() const { return is_dirty_; }
  [[nodiscard]] bool is_open() const { return writer_.has_value(); }
  /// What was not committed is lost.
  void close_writer();
  /// Mark of the last commit, read from the database at the first call.
  const ChainMark& committed();

  // Reading: any thread. Throws StorageError.

  /// Calls `ask` with the newest commit; again, when writing overtook it, so it starts from
  /// nothing each time. False when there is no database yet.
  bool read(const std::function<void(Xapian::Database&)>& ask) const;
  void close_readers() const;

 private:
  /// What comments take over from their contribution.
  struct Root {
    std::string kind;
    std::vector<std::string> themes;
    domain::Level level = domain::Level::open;
  };

  Xapian::WritableDatabase& writer();
  Xapian::docid find(const std::string& term);
  void apply(const domain::ContributionEvent& event, const domain::EventContext& context);
  void apply(const domain::DiscussEvent& event, const domain::EventContext& context);
  void apply(const domain::ModerateEvent& event);
  void add(const SearchEntry& entry);
  void replace_text(const domain::Item& item,
                    const std::function<void(domain::ContributionContent&)>& change);
  void change_standing(const domain::Item& item, const std::function<void(ItemStanding&)>& change);
  void mark(Xapian::docid id, Xapian::Document document, const SearchEntry& before,
            const SearchEntry& after);
  void mark_comments(const SearchEntry& contribution);
  void count_spellings(const Xapian::Document& document, bool add);
  Root root_of(domain::ContributionId contribution);

  std::filesystem::path folder_;
  domain::PlatformId platform_;
  const eventstore::Keys& keys_;

  mutable std::mutex writing_;  ///< held while the database changes
  /// In a transaction from commit to commit: else Xapian commits by itself when it likes to.
  std::optional<Xapian::WritableDatabase> writer_;
  std::optional<ChainMark> committed_;
  bool is_dirty_ = false;
  std::unordered_map<domain::ContributionId, Root> roots_;  ///< those used lately

  mutable std::mutex reading_;
  mutable std::vector<Xapian::Database> readers_;  ///< not in use
};

}  // namespace meent::projections
