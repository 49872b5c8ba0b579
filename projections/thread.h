#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "projections/view.h"

/// Comments as a tree, paged per branch. Hidden and withdrawn comments stay as tombstones.
namespace meent::projections {

/// A branch: the comments directly under one parent (or under the contribution).
struct BranchQuery {
  domain::PlatformId platform;
  domain::ContributionId contribution;
  std::optional<domain::CommentId> parent = {};
  bool newest_first = false;  ///< of this branch; replies below it are always oldest first
  std::size_t limit = 20;     ///< 1..100 comments of this branch
  /// Levels of replies given along under each comment, 0..8, and how many of each, 0..20. At most
  /// 500 rows come back altogether; what is left out has a cursor in its `more`.
  std::size_t depth = 0;
  std::size_t replies_per_branch = 3;
  std::optional<std::string> cursor = {};  ///< `next` or `more` of the same branch; plain bytes
  domain::Viewer viewer = {};
};

struct CommentRow {
  domain::CommentId comment;
  domain::ContributionId contribution;
  domain::SpaceId space;
  std::optional<domain::CommentId> parent = {};
  domain::Scope scope;  ///< the discussion, at the comment's level
  /// False: a tombstone for this viewer, without author, body, mentions and language.
  bool readable = true;
  domain::PersonId author;
  domain::PrivateText body;  ///< sealed
  std::string language;
  std::vector<domain::PersonId> mentions;
  std::uint32_t level = 1;  ///< directly under the contribution: 1
  domain::Standing standing = domain::Standing::open;
  bool accepted = false;
  std::optional<domain::PrivateText> hide_reason = {};  ///< while hidden; everyone may read it
  std::uint32_t revision = 1;
  std::uint64_t placed_position = 0;
  domain::Timestamp placed_at;         ///< shown time: occurred_at where present
  domain::Timestamp edited_at;         ///< shown time of the latest edit; placed_at when none
  std::uint64_t reply_count = 0;       ///< directly under it, tombstones included
  std::uint64_t descendant_count = 0;  ///< at any depth below it, tombstones included
};

struct CommentNode {
  CommentRow row;
  std::vector<CommentNode> replies;  ///< the first ones, as far as asked for
  std::optional<std::string> more =
      {};  ///< cursor (with `parent` = this comment) for further replies
};

struct CommentPage {
  std::vector<CommentNode> rows;
  std::optional<std::string> next = {};
  bool gone = false;  ///< the cursor is of another version or branch
  std::uint64_t reply_count = 0, descendant_count = 0;  ///< of this branch, tombstones included
  std::uint64_t position = 0;                           ///< the platform's position this page shows
};

struct CommentRevision {
  std::uint32_t revision = 0;
  domain::PrivateText body;
  domain::Timestamp written_at;  ///< shown time
};
struct CommentRevisions {
  std::vector<CommentRevision> rows;       ///< newest first, without the current one
  std::optional<std::uint32_t> next = {};  ///< pass as `before` for the next page
};

/// Threads: queries from any thread.
class ThreadView : public View {
 public:
  static std::unique_ptr<ThreadView> make();

  /// Nothing when the viewer may not see the contribution, or it or the parent is unknown.
  [[nodiscard]] virtual std::optional<CommentPage> branch(const BranchQuery& query) const = 0;
  [[nodiscard]] virtual std::optional<CommentRow> comment(domain::PlatformId platform,
                                                          domain::CommentId comment,
                                                          const domain::Viewer& viewer) const = 0;
  /// Earlier texts with a revision below `before`; empty for those who may not see the comment.
  [[nodiscard]] virtual CommentRevisions revisions(domain::PlatformId platform,
                                                   domain::CommentId comment,
                                                   std::optional<std::uint32_t> before,
                                                   std::size_t limit,
                                                   const domain::Viewer& viewer) const = 0;
};

}  // namespace meent::projections
