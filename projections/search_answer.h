#pragma once
#include <xapian.h>

#include "eventstore/keys.h"
#include "projections/search.h"

namespace meent::projections {

/// Answers one question from one commit of a platform's database. May throw any Xapian::Error and
/// StorageError.
SearchPage answer_search(Xapian::Database& database, const eventstore::Keys& keys,
                         const SearchQuery& query);

}  // namespace meent::projections
