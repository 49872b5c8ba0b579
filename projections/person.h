#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "projections/view.h"

/// What someone did, newest first. Names are in the state (domain::PersonRecord), not here.
namespace meent::projections {

enum class Deed : std::uint8_t {
  placed,
  revised,
  withdrew,
  commented,
  edited_comment,
  withdrew_comment,
  supported,  ///< support is secret: given to that person only
  withdrew_support,
};

struct DeedRow {
  std::uint64_t position = 0;
  Deed deed = Deed::placed;
  domain::SpaceId space;
  domain::ContributionId contribution;
  std::optional<domain::CommentId> comment = {};
  std::optional<domain::Stance> stance = {};  ///< for supported
  domain::Scope scope;                        ///< where the item stands now
  domain::Timestamp at;                       ///< shown time: occurred_at where present
};

struct PersonQuery {
  domain::PlatformId platform;
  domain::PersonId person;
  bool with_support = true;  ///< has effect for that person itself only
  std::size_t limit = 20;    ///< 1..100
  std::optional<std::string> cursor = {};
  domain::Viewer viewer = {};
};

struct PersonPage {
  std::vector<DeedRow> rows;
  /// Nothing: the last page. A page may be short and still have a next one: at most 1,000 entries
  /// are looked at.
  std::optional<std::string> next = {};
  bool gone = false;  ///< the cursor is of another version or person
  /// Contributions and comments placed that are neither hidden nor withdrawn.
  std::uint64_t contribution_count = 0, comment_count = 0;
  std::uint64_t position = 0;  ///< the platform's position this page shows
};

/// Threads: queries from any thread.
class PersonView : public View {
 public:
  static std::unique_ptr<PersonView> make();
  /// Empty for somebody who did nothing; whether they exist is the state's to say.
  [[nodiscard]] virtual PersonPage page(const PersonQuery& query) const = 0;
};

}  // namespace meent::projections
