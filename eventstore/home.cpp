#include "eventstore/home.h"

#include <sodium.h>

#include <algorithm>
#include <thread>

namespace meent::eventstore {

using namespace domain;
using std::chrono::milliseconds;

namespace {

// With one record more still less than a request to a node may have.
constexpr std::size_t enough_bytes = 64 * 1024;
constexpr std::size_t most_rows = 100;
constexpr milliseconds longest_taking{10'000};
constexpr milliseconds look_again{2};

std::string drawn_key() {
  IdBytes bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return domain::to_hex(bytes);
}

}  // namespace

Waiting Waiting::in_real_time() {
  return {.now = [] { return std::chrono::steady_clock::now(); },
          .sleep = [](milliseconds time) { std::this_thread::sleep_for(time); },
          .run = [](Sequencer& sequencer,
                    Submission submission) { return sequencer.run(std::move(submission)); }};
}

LogId NodeHome::log() {
  const auto genesis = store_.partition().genesis;
  if (!genesis) throw StorageError(name_ + " has not read its log's beginning yet.", true);
  return genesis->log_id;
}

std::optional<LogId> NodeHome::residence(PlatformId platform) const {
  const auto record = domain::find<PlatformRecord>(*store_.state(platform), {});
  return record ? std::optional(record->log) : std::nullopt;
}

/// Unless it only has not come here yet.
std::optional<Resident> NodeHome::nobody() const {
  if (sequencer_.behind()) return std::nullopt;
  throw StorageError(name_ + " has not read its log to its end yet.", true);
}

std::optional<Resident> NodeHome::find(std::string_view id_or_slug) {
  const auto directory = store_.state(directory_id());
  auto id = PlatformId::parse(id_or_slug);
  if (!id) {
    const auto owner =
        domain::find<PlatformNameRecord>(*directory, "slug:" + std::string(id_or_slug));
    if (!owner) return nobody();
    id = owner->platform;
  }
  const auto tip = store_.tip(*id);
  Resident out{.id = *id,
               .lives_in = residence(*id),
               .slug = {},
               .name = {},
               .hosts = {},
               .position = tip.position,
               .hash = tip.hash};
  const auto entry = domain::find<DirectoryRecord>(*directory, *id);
  if (!entry && !out.lives_in) return nobody();
  if (entry) {
    out.slug = entry->slug;
    out.name = entry->name;
    out.hosts = entry->hosts;
  }
  return out;
}

void NodeHome::run(PlatformId platform, PlatformCommand command, std::string key,
                   std::optional<PlatformRejection> as_good) {
  const auto outcome = waiting_.run(sequencer_, {.platform = platform,
                                                 .command = std::move(command),
                                                 .actor = {.kind = ActorKind::operator_, .id = {}},
                                                 .role = Role::operator_,
                                                 .occurred_at = std::nullopt,
                                                 .import_progress = std::nullopt,
                                                 .idempotency_key = key,
                                                 .request = key});
  if (const auto* refused = std::get_if<Refused>(&outcome)) {
    if (as_good && refused->rejection == Rejection(*as_good)) return;
    throw MoveRefused(name_ + ": " + std::string(explain(refused->rejection).sentence));
  }
  if (const auto* unavailable = std::get_if<Unavailable>(&outcome)) {
    throw StorageError(name_ + ": " + unavailable->detail, true);
  }
}

void NodeHome::enter(const Resident& resident) {
  if (store_.tip(directory_id()).position == 0) {
    throw StorageError(name_ + ": its directory has not been made yet.", true);
  }
  const auto genesis = store_.partition().genesis;
  const auto partitions = genesis ? genesis->partitions : 1;
  run(directory_id(),
      RegisterPlatform{.platform = resident.id,
                       .slug = resident.slug,
                       .name = resident.name,
                       .hosts = resident.hosts,
                       .partition = partition_of(resident.id, partitions)},
      "enter/" + drawn_key(), PlatformRejection::already_registered);
}

void NodeHome::place(PlatformId platform, LogId log) {
  const auto lives_in = residence(platform);
  if (!lives_in) throw MoveRefused(name_ + ": there is no such platform here.");
  if (*lives_in == log) return;
  if (*lives_in != this->log()) {
    throw MoveRefused(name_ + ": the platform lives in another log, " + lives_in->text() + '.');
  }
  run(platform, MovePlatform{.log = log}, "move/" + drawn_key(), PlatformRejection::lives_there);
}

std::vector<std::string> NodeHome::records(PlatformId platform, std::uint64_t after) {
  std::vector<std::string> out;
  std::size_t bytes = 0;
  for (const auto& row : store_.records(platform, after, most_rows)) {
    auto stored = store_.record_at(platform, row.base_position);
    if (!stored) throw MoveRefused(name_ + ": a record is not there; see `meent verify`.");
    bytes += stored->bytes.size();
    out.push_back(std::move(stored->bytes));
    if (bytes >= enough_bytes) break;
  }
  return out;
}

std::vector<MovedKey> NodeHome::keys(const std::vector<KeyId>& ids) {
  std::vector<MovedKey> out;
  for (const auto id : ids) {
    auto secret = keys_.secret_of(id);
    // Of several nodes one may have a record before its keys.
    if (!secret && !keys_.is_destroyed(id)) {
      throw StorageError(name_ + ": key " + id.text() +
                             " is missing, and was not destroyed. If it stays so, put back the "
                             "copy of keys/ that belongs to this log.",
                         true);
    }
    out.push_back({.id = id, .secret = secret});
  }
  return out;
}

void NodeHome::take_keys(PlatformId, const std::vector<MovedKey>& keys) {
  for (const auto& key : keys) {
    if (key.secret) {
      keys_.put(key.id, *key.secret);
    } else if (!keys_.is_destroyed(key.id)) {
      keys_.destroy(key.id);
    }
  }
  keys_.sync();
}

/// What continues the history here. Throws MoveRefused when something else does.
std::vector<std::string> NodeHome::new_among(PlatformId platform,
                                             const std::vector<std::string>& records) const {
  const auto tip = store_.tip(platform);
  ChainPoint end{.position = tip.position, .hash = tip.hash};
  std::vector<std::string> out;
  for (const auto& bytes : records) {
    const auto record = decode_record(bytes);
    if (!record || record->header.platform != platform) {
      throw MoveRefused(name_ + ": what was handed over is no record of platform " +
                        platform.text() + '.');
    }
    const auto& header = record->header;
    if (header.last_position() <= tip.position) {
      if (store_.hash_at(platform, header.base_position) == hash_of(bytes)) continue;
      throw MoveRefused(name_ + " has another history of this platform at position " +
                        std::to_string(header.base_position) +
                        ": one of the two was restored from a backup. Nothing was changed.");
    }
    const auto does_not_continue = [&] {
      return name_ + ": the record at position " + std::to_string(header.base_position) +
             " does not continue position " + std::to_string(end.position) +
             " as it is here. Nothing was changed.";
    };
    // Beyond what is here: another node may have read further.
    if (header.base_position > end.position + 1) throw StorageError(does_not_continue(), true);
    if (header.base_position != end.position + 1 || header.prev_hash != end.hash) {
      throw MoveRefused(does_not_continue());
    }
    end = {.position = header.last_position(), .hash = hash_of(bytes)};
    out.push_back(bytes);
  }
  return out;
}

void NodeHome::take(PlatformId platform, const std::vector<std::string>& records) {
  if (!domain::find<DirectoryRecord>(*store_.state(directory_id()), platform)) {
    throw StorageError(name_ + ": the directory has not registered the platform yet.", true);
  }
  auto fresh = new_among(platform, records);
  if (fresh.empty()) return;
  if (residence(platform) == log()) {
    throw MoveRefused(name_ + ": the platform lives here; nobody else may continue its history.");
  }
  const auto last = decode_record_header(fresh.back())->last_position();
  if (!sequencer_.bring(platform, std::move(fresh))) {
    throw StorageError(name_ + ": other records are being appended.", true);
  }
  const auto end = waiting_.now() + longest_taking;
  while (store_.tip(platform).position < last) {
    if (waiting_.now() > end) {
      throw StorageError(name_ + ": the records have not come back from the log yet.", true);
    }
    waiting_.sleep(look_again);
  }
  if (!new_among(platform, records).empty()) {
    throw StorageError(name_ + ": the records have not come back from the log yet.", true);
  }
}

}  // namespace meent::eventstore
