#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "projections/view.h"

/// Contributions per space and per platform, in four orders. Formulas and rows: docs/views.md.
namespace meent::projections {

enum class FeedSort : std::uint8_t {
  new_,           ///< placed last; exact while items arrive
  active,         ///< placed, revised or commented last; support does not move an item
  top,            ///< agree less disagree
  controversial,  ///< how large and how equal the two camps are
};

struct FeedQuery {
  domain::PlatformId platform;
  std::optional<domain::SpaceId> space = {};  ///< nothing: the whole platform
  FeedSort sort = FeedSort::new_;
  std::optional<std::string> kind = {};
  std::optional<std::string> theme = {};
  std::optional<domain::Standing> standing = {};
  std::optional<bool> accepted = {};
  std::size_t limit = 20;                  ///< 1..100
  std::optional<std::string> cursor = {};  ///< `FeedPage::next` of the same query; plain bytes
  domain::Viewer viewer = {};
};

struct StanceCounts {
  std::uint64_t agree = 0, pass = 0, disagree = 0;
  [[nodiscard]] std::uint64_t participants() const { return agree + pass + disagree; }
  bool operator==(const StanceCounts&) const = default;
  template <class A>
  void fields(A& a) {
    a(agree, pass, disagree);
  }
};

std::uint64_t& count_of(StanceCounts& counts, domain::Stance stance);

/// Texts are sealed: eventstore::open_text opens them.
struct ContributionRow {
  domain::ContributionId contribution;
  domain::SpaceId space;
  domain::Scope scope;
  /// False: a tombstone for this viewer. Only contribution, space, scope, kind, standing, times and
  /// hide_reason are set.
  bool readable = true;
  std::string kind;
  domain::PersonId author;
  std::optional<domain::PrivateText> title = {};
  domain::PrivateText body;
  std::map<std::string, domain::PrivateText> form;
  std::vector<std::string> themes;
  std::string language;
  domain::Standing standing = domain::Standing::open;
  bool accepted = false;
  std::optional<domain::PrivateText> hide_reason = {};  ///< while hidden; everyone may read it
  std::uint32_t revision = 1;
  std::string external_id;
  std::uint64_t placed_position = 0;
  domain::Timestamp placed_at;   ///< shown time: occurred_at where present
  domain::Timestamp revised_at;  ///< shown time of the latest revision; placed_at when none
  domain::Timestamp active_at;   ///< shown time of what `active` sorts by
  StanceCounts counts;
  std::uint64_t comment_count = 0;  ///< neither hidden nor withdrawn
};

struct FeedPage {
  std::vector<ContributionRow> items;
  /// Nothing: this was the last page. A filtered page may hold fewer than `limit` items, even none,
  /// and still have a next one: at most 5,000 index entries are looked at.
  std::optional<std::string> next = {};
  bool gone = false;           ///< the cursor is of another version or query; no items
  std::uint64_t position = 0;  ///< the platform's position this page shows
};

/// A text that was replaced by an edit.
struct ContributionRevision {
  std::uint32_t revision = 0;
  domain::PersonId author;
  domain::ContributionContent content;
  domain::Timestamp written_at;  ///< shown time
};
struct ContributionRevisions {
  std::vector<ContributionRevision> rows;  ///< newest first, without the current one
  std::optional<std::uint32_t> next = {};  ///< pass as `before` for the next page
};

/// Threads: queries from any thread.
class FeedView : public View {
 public:
  static std::unique_ptr<FeedView> make();

  [[nodiscard]] virtual FeedPage page(const FeedQuery& query) const = 0;
  /// Nothing when it was never placed (as far as this view has come).
  [[nodiscard]] virtual std::optional<ContributionRow> contribution(
      domain::PlatformId platform, domain::ContributionId contribution,
      const domain::Viewer& viewer) const = 0;
  /// The same for up to 100 at once, in the order asked.
  [[nodiscard]] virtual std::vector<std::optional<ContributionRow>> contributions(
      domain::PlatformId platform, std::span<const domain::ContributionId> contributions,
      const domain::Viewer& viewer) const = 0;
  /// Earlier texts with a revision below `before`; empty for those who may not see the item.
  [[nodiscard]] virtual ContributionRevisions revisions(domain::PlatformId platform,
                                                        domain::ContributionId contribution,
                                                        std::optional<std::uint32_t> before,
                                                        std::size_t limit,
                                                        const domain::Viewer& viewer) const = 0;
};

/// Scores by which the moving sorts order; greater comes first.
std::int64_t top_score(const StanceCounts& counts);            ///< agree - disagree
std::int64_t controversial_score(const StanceCounts& counts);  ///< 16 * min² / max of the two
/// How far an item's place may be behind its score: a 64th of its stances, nothing below 64. So a
/// busy contribution does not move with every single support.
std::int64_t score_slack(const StanceCounts& counts);

}  // namespace meent::projections
