#include "eventstore/embedded.h"

#include "eventstore/replicated.h"
#include "eventstore/rocks_log.h"

namespace meent::eventstore {

namespace {

/// The directory's first facts. Made with the first start; a start that was cut off makes them
/// again under the same idempotency key.
void make_directory(Embedded& embedded) {
  const auto directory = domain::directory_id();
  if (embedded.store->tip(directory).position > 0) return;
  const auto partition = embedded.store->partition();
  const auto outcome = embedded.sequencer->run(directory_founding(
      partition.genesis.value().log_id, embedded.keys->create(), embedded.sequencer->level()));
  if (std::holds_alternative<Accepted>(outcome)) return;
  std::string why = "the rules refuse it";
  if (const auto* unavailable = std::get_if<Unavailable>(&outcome)) why = unavailable->detail;
  throw StorageError("The directory platform could not be made: " + why, false);
}

/// History without its keys is a fault, never an erasure; new keys would hide it.
void require_keys(const Store& store, const std::filesystem::path& folder, Files& files) {
  const auto slots = folder / "keys" / "slots";
  if (store.platforms({}, 1).empty() || files.exists(slots)) return;
  throw StartRefused(slots.string() +
                     " is missing, so nothing that people wrote could be read. Put back the copy "
                     "of keys/ that belongs to this log; the log itself is untouched.");
}

}  // namespace

Submission directory_founding(domain::LogId log, domain::KeyId key, std::uint32_t level) {
  return {.platform = domain::directory_id(),
          .command = domain::PlatformCommand(
              domain::CreatePlatform{.log = log,
                                     .platform_key = key,
                                     .slug = "directory",
                                     .name = "Directory",
                                     .language = "en",
                                     .introduction = "Which platforms there are.",
                                     .level = level}),
          .actor = {.kind = domain::ActorKind::operator_, .id = {}},
          .role = domain::Role::operator_,
          .occurred_at = std::nullopt,
          .import_progress = std::nullopt,
          .idempotency_key = "directory",
          .request = "directory"};
}

Embedded& Embedded::operator=(Embedded&& other) noexcept {
  if (this == &other) return *this;
  sequencer = nullptr;
  log = nullptr;
  store = nullptr;
  keys = std::move(other.keys);
  store = std::move(other.store);
  log = std::move(other.log);
  sequencer = std::move(other.sequencer);
  return *this;
}

Embedded Embedded::open(const std::filesystem::path& folder, Files& files,
                        SequencerOptions options) {
  Embedded embedded;
  // The store first: it takes the lock, and refuses before anything is changed.
  embedded.store = Store::open({.folder = folder}, files);
  if (is_replicated_folder(folder, files)) {
    throw StartRefused(folder.string() +
                       " is a copy of a replicated log, which only the nodes of its cluster write. "
                       "Use --server, or serve it with --log kafka.");
  }
  require_keys(*embedded.store, folder, files);
  embedded.keys = Keys::open(folder / "keys", files);
  embedded.log = std::make_unique<RocksLog>(*embedded.store);
  embedded.sequencer =
      Sequencer::start(*embedded.log, *embedded.store, *embedded.keys, std::move(options));
  make_directory(embedded);
  return embedded;
}

}  // namespace meent::eventstore
