#pragma once
#include "projections/feed.h"
#include "projections/tables.h"

/// Reading the feed's rows. Errors and limits: projections/feed.h.
namespace meent::projections::feed {

inline constexpr std::size_t most_rows = 100;
inline constexpr std::size_t most_looked_at = 5000;

FeedPage page(const TableSnapshot& now, const FeedQuery& query);
std::vector<std::optional<ContributionRow>> contributions(
    const TableSnapshot& now, domain::PlatformId platform,
    std::span<const domain::ContributionId> contributions, const domain::Viewer& viewer);
ContributionRevisions revisions(const TableSnapshot& now, domain::PlatformId platform,
                                domain::ContributionId contribution,
                                std::optional<std::uint32_t> before, std::size_t limit,
                                const domain::Viewer& viewer);

}  // namespace meent::projections::feed
