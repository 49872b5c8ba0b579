#pragma once
#include "projections/tables.h"
#include "projections/thread.h"

/// Reading the thread view's rows. Errors and limits: projections/thread.h.
namespace meent::projections::thread {

std::optional<CommentPage> branch(const TableSnapshot& now, const BranchQuery& query);
std::optional<CommentRow> comment(const TableSnapshot& now, domain::PlatformId platform,
                                  domain::CommentId comment, const domain::Viewer& viewer);
CommentRevisions revisions(const TableSnapshot& now, domain::PlatformId platform,
                           domain::CommentId comment, std::optional<std::uint32_t> before,
                           std::size_t limit, const domain::Viewer& viewer);

}  // namespace meent::projections::thread
