#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/contribution.h"
#include "eventstore/keys.h"
#include "projections/runner.h"
#include "projections/slot.h"
#include "projections/view.h"

/// Search over contributions and comments, one Xapian database per platform. docs/search.md says
/// what is found, in which order, and what is stored.
namespace meent::projections {

enum class SearchSort : std::uint8_t { relevance, newest };
enum class SearchWhat : std::uint8_t { everything, contributions, comments };

inline constexpr std::uint32_t most_search_hits = 50;       ///< in one page
inline constexpr std::uint32_t farthest_search_hit = 1000;  ///< no page goes beyond this hit
inline constexpr std::size_t longest_search_text = 400;     ///< characters; what follows is ignored

/// What a citizen types, and how it is narrowed down. Any text is accepted, malformed UTF-8 too.
///   woningbouw jongeren   both words, in any form and as first part of a longer word; when
///                         few have them all, then what has some of them
///   "sociale huur"        these words in a row
///   -auto  -"vrij baan"   without these
///   parkeer*              what starts so (from two characters on)
/// Without words: everything the filters leave, newest first.
/// Values within one filter are alternatives (the first 50 count); filters must all hold.
struct SearchQuery {
  domain::PlatformId platform;
  std::string text;
  domain::Viewer viewer;
  SearchWhat what = SearchWhat::everything;
  std::optional<domain::SpaceId> space;
  std::vector<std::string> kinds;  ///< a comment has the kind and themes of its contribution
  std::vector<std::string> themes;
  std::vector<domain::Standing> standings;  ///< each item's own
  std::optional<domain::Timestamp> from;    ///< shown at this time or later
  std::optional<domain::Timestamp> until;   ///< shown before this time
  std::string language;                     ///< tag; "nl" takes "nl-BE" too; empty: any
  SearchSort sort = SearchSort::relevance;
  std::uint32_t limit = 20;  ///< 1..most_search_hits, else the nearest of these
  std::uint32_t offset = 0;  ///< hits to skip: SearchPage::next
};

/// A piece of text, highlighted where it matches. Plain text: no markup, no HTML.
struct TextRun {
  std::string text;
  bool highlighted = false;
  bool operator==(const TextRun&) const = default;
};

struct SearchHit {
  domain::ContributionId contribution;       ///< the hit, or what the comment stands under
  std::optional<domain::CommentId> comment;  ///< when the hit is a comment
  domain::SpaceId space;
  std::string kind;
  std::vector<std::string> themes;
  domain::PersonId author;  ///< of the hit itself
  domain::Standing standing = domain::Standing::open;
  domain::Scope scope;
  std::string language;
  domain::Timestamp time;        ///< as feeds show it
  std::vector<TextRun> title;    ///< the contribution's; empty when it has none or may not be seen
  std::vector<TextRun> snippet;  ///< of the hit's body or form, about 240 characters
};

struct FacetCount {
  std::string value;  ///< space: its id's text; standing: "open", "closed", "hidden", "withdrawn"
  std::uint32_t count = 0;
  bool operator==(const FacetCount&) const = default;
};

/// Each: greatest count first, then by value; at most 50 values.
struct SearchFacets {
  std::vector<FacetCount> spaces, kinds, themes, standings;
};

struct SearchPage {
  std::vector<SearchHit> hits;
  std::uint32_t estimated_total = 0;  ///< exact up to 10,000 hits
  SearchFacets facets;                ///< over all hits; beyond 10,000, over the best of them
  bool has_every_word = true;         ///< false: few had them all; what has some of them follows
  std::optional<std::string> suggestion;  ///< the text with words corrected; it has visible hits
  std::optional<std::uint32_t> next;      ///< offset of the next page
};

class SearchView final : public View {
 public:
  /// `keys` opens texts, to index them and to show what was found; outlives the view.
  explicit SearchView(const eventstore::Keys& keys);
  ~SearchView() override;  ///< commits what was applied

  /// Threads: any. Sees what `position` says, or more. Throws only when the disk fails.
  [[nodiscard]] SearchPage search(const SearchQuery& query) const;

  [[nodiscard]] std::string_view name() const override { return "search"; }
  [[nodiscard]] std::uint32_t version() const override { return 1; }
  /// A directory that does not fit its checkpoint, or that a power loss may have torn, is emptied:
  /// the view then starts at offset 0. It must not be moved while it is open.
  void open(const std::filesystem::path& directory) override;
  /// Of what is visible. Marks may be ahead of `next_offset`: what comes again is passed over.
  [[nodiscard]] Checkpoint checkpoint() const override;
  [[nodiscard]] std::uint64_t position(domain::PlatformId platform) const override;
  /// What was applied becomes visible, and moves `position`, at once while little comes in, and
  /// within a good 200 ms under load.
  void apply(const EventBatch& batch) override;
  /// Commits first.
  void dump(const std::function<void(std::string_view line)>& line) const override;

 private:
  class Shelf;
  std::unique_ptr<Shelf> shelf_;
};

/// For Runner::start. Slot and keys must outlive the runner.
ViewSpec search_view_spec(Slot<SearchView>& slot, const eventstore::Keys& keys);

}  // namespace meent::projections
