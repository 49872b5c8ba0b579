#pragma once
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

/// For Runner::start. `views` must outlive the runner.
std::vector<ViewSpec> table_view_specs(TableViews& views);

}  // namespace meent::projections
