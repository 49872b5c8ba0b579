#pragma once
#include "eventstore/database.h"
#include "eventstore/tip.h"

/// What must hold of a database that came back, before anything is served or written.
namespace meent::eventstore {

/// Checks a database opened read-only: no hole, chains whole where they were not yet in flushed
/// files, and at least as long as the kept tip. Flushed files hold only what was checked or written
/// by a running process, so only what the WAL gave back is read; that the files are all there is
/// seen from their own counts. Returns how far the log reaches. Throws StartRefused or
/// StorageError.
Progress check_store(const Database& database, const ReadTip& tip,
                     const std::filesystem::path& folder);

}  // namespace meent::eventstore
