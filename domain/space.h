#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/context.h"
#include "domain/reason.h"
#include "domain/result.h"
#include "domain/state.h"

/// Spaces: places inside a platform. Their words are the platform's own, so they are facts.
namespace meent::domain {

/// What a space says of itself; the same fields when it is created and when it changes.
struct SpaceDescription {
  std::string slug;                ///< is_slug, unique on the platform
  std::string title;               ///< 1..150 characters
  std::string introduction;        ///< CommonMark, 0..8000 characters
  std::vector<std::string> kinds;  ///< names of defined kinds, 1..20
  /// Contributions, comments and support only between these.
  std::optional<Timestamp> opens_at, closes_at;
  bool operator==(const SpaceDescription&) const = default;
  template <class A>
  void fields(A& a) {
    a(slug, title, introduction, kinds, opens_at, closes_at);
  }
};

struct CreateSpace {
  SpaceId space;
  SpaceDescription description;
};
struct ChangeSpace {
  SpaceId space;
  SpaceDescription description;
};
using SpaceCommand = std::variant<CreateSpace, ChangeSpace>;

struct SpaceCreated {
  SpaceId space;
  SpaceDescription description;
  bool operator==(const SpaceCreated&) const = default;
};
struct SpaceChanged {
  SpaceId space;
  SpaceDescription description;
  bool operator==(const SpaceChanged&) const = default;
};
using SpaceEvent = std::variant<SpaceCreated, SpaceChanged>;

struct SpaceRecord {
  static constexpr char table = 's';
  using Key = SpaceId;
  SpaceDescription description;
  Timestamp created_at;
  [[nodiscard]] bool is_open_at(Timestamp time) const {
    return (!description.opens_at || *description.opens_at <= time) &&
           (!description.closes_at || time < *description.closes_at);
  }
  template <class A>
  void fields(A& a) {
    a(description, created_at);
  }
};
/// Judged at `recorded_at`. Importers bring history, so for them a space is always open.
bool is_open_for(const SpaceRecord& space, const Context& context);
/// Key: the slug. Slugs a space has left stay its own, so that old addresses redirect.
struct SpaceSlugRecord {
  static constexpr char table = 'S';
  using Key = std::string;
  SpaceId space;
  template <class A>
  void fields(A& a) {
    a(space);
  }
};

/// In order of precedence.
enum class SpaceRejection : std::uint8_t {
  not_allowed,
  no_platform,
  already_created,
  unknown_space,
  bad_slug,
  slug_taken,
  bad_title,
  introduction_too_long,
  no_kinds,
  unknown_kind,
  closes_before_it_opens,
  unchanged,
};
Result<std::vector<SpaceEvent>, SpaceRejection> decide(const State&, const SpaceCommand&,
                                                       const Context&);
void evolve(MutableState&, const SpaceEvent&, const EventContext&);
Reason explain(SpaceRejection rejection);

}  // namespace meent::domain
