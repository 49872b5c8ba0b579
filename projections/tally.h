#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "projections/feed.h"

/// Live counts: support per contribution, one's own stance, totals and participants per space.
namespace meent::projections {

struct SpaceTotals {
  std::uint64_t contributions = 0;  ///< neither hidden nor withdrawn
  std::uint64_t comments = 0;       ///< neither hidden nor withdrawn
  std::uint64_t supports = 0;       ///< stances that stand now
  std::uint64_t participants = 0;   ///< distinct people who ever placed, commented or supported
  bool operator==(const SpaceTotals&) const = default;
  template <class A>
  void fields(A& a) {
    a(contributions, comments, supports, participants);
  }
};

/// One cell of the matrix of latest stances.
struct StanceRow {
  domain::PersonId person;
  domain::Stance stance = domain::Stance::agree;
  std::uint64_t position = 0;  ///< of the event that set it
  domain::Timestamp given_at;  ///< shown time
};

/// Threads: queries from any thread.
class TallyView : public View {
 public:
  static std::unique_ptr<TallyView> make();

  /// Up to 100 at once, in the order asked; nothing for what is unknown or not to be seen.
  [[nodiscard]] virtual std::vector<std::optional<StanceCounts>> counts(
      domain::PlatformId platform, std::span<const domain::ContributionId> contributions,
      const domain::Viewer& viewer) const = 0;
  /// The viewer's own stances, up to 100 at once, in the order asked. Guests have none.
  [[nodiscard]] virtual std::vector<std::optional<domain::Stance>> own_stances(
      domain::PlatformId platform, std::span<const domain::ContributionId> contributions,
      const domain::Viewer& viewer) const = 0;
  /// `space`: nothing for the whole platform. Zeros for what is unknown.
  [[nodiscard]] virtual SpaceTotals totals(domain::PlatformId platform,
                                           std::optional<domain::SpaceId> space) const = 0;
  /// Who stands where on one contribution, in order of person id, after `after`; up to `limit`
  /// (1..10,000). Support is secret: empty unless the viewer may analyse.
  [[nodiscard]] virtual std::vector<StanceRow> matrix(domain::PlatformId platform,
                                                      domain::ContributionId contribution,
                                                      std::optional<domain::PersonId> after,
                                                      std::size_t limit,
                                                      const domain::Viewer& viewer) const = 0;
};

}  // namespace meent::projections
