#pragma once
#include <string_view>
#include <vector>

#include "projections/feed.h"
#include "projections/person.h"
#include "projections/runner.h"
#include "projections/slot.h"
#include "projections/tally.h"
#include "projections/thread.h"

namespace meent::projections {

/// The views of a node whose rows are tables; search has its own slot beside these.
struct TableViews {
  Slot<FeedView> feed;
  Slot<ThreadView> thread;
  Slot<TallyView> tally;
  Slot<PersonView> person;
};

/// Event types (wire names) that table views look at.
bool is_about_contributions(std::string_view type);

/// For Runner::start. `views` must outlive the runner.
std::vector<ViewSpec> table_view_specs(TableViews& views);

}  // namespace meent::projections
