#include "eventstore/verify.h"

#include <set>

#include "eventstore/applier.h"
#include "eventstore/memory_store.h"

namespace meent::eventstore {

namespace {

constexpr std::size_t most_problems = 100;
constexpr std::size_t entries_a_batch = 32;
constexpr std::size_t rows_a_read = 1000;

std::string name_of(const std::optional<VoidReason>& reason) {
  return reason ? std::string("void, ") + eventstore::name_of(*reason) : "applied";
}
std::string name_of(const Verdict& verdict) {
  if (const auto* reason = std::get_if<Void>(&verdict))
    return name_of(std::optional(reason->reason));
  if (const auto* reason = std::get_if<Stop>(&verdict)) {
    return std::string("stop, ") + eventstore::name_of(reason->reason);
  }
  return "applied";
}

/// A key as people can look it up: its table, then hexadecimal digits.
std::string shown(std::string_view key) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto byte = static_cast<unsigned char>(key[i]);
    if (i == 0) {
      out += key[i];
    } else {
      out += digits[byte >> 4];
      out += digits[byte & 0x0F];
    }
  }
  return out;
}

class Verifier {
 public:
  explicit Verifier(const Store& store)
      : store_(store), folded_(store), applier_(Applier::make(folded_)) {}

  VerifyReport run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    const auto end = store_.next_offset();
    std::uint64_t from = 0;
    while (from < end && !has_stopped_) {
      std::vector<StoredEnvelope> read;
      const auto next = store_.read(from, [&](const StoredEnvelope& stored) {
        if (stored.offset >= end) return false;
        read.push_back(stored);
        return read.size() < entries_a_batch;
      });
      if (read.empty()) break;
      fold(read);
      from = next;
      if (progress) progress(report_.envelopes, end);
    }
    if (!has_stopped_) compare();
    return std::move(report_);
  }

 private:
  bool is_full() const { return report_.problems.size() >= most_problems; }
  void add(std::uint64_t offset, std::string what) {
    if (!is_full()) report_.problems.push_back({.offset = offset, .what = std::move(what)});
  }

  void fold(const std::vector<StoredEnvelope>& read) {
    std::vector<LogEntry> entries;
    entries.reserve(read.size());
    for (const auto& stored : read) {
      entries.push_back({.partition = stored.entry.partition,
                         .offset = stored.entry.offset,
                         .envelope = stored.bytes});
      partitions_.insert(stored.entry.partition);
    }
    const auto applied = applier_->apply(entries, false);
    for (std::size_t i = 0; i < applied.size() && !has_stopped_; ++i) check(read[i], applied[i]);
  }

  void check(const StoredEnvelope& stored, const AppliedEntry& applied) {
    ++report_.envelopes;
    if (stored.void_reason) ++report_.voids;
    const auto* group = applied.envelope ? std::get_if<Group>(&applied.envelope->body) : nullptr;
    const auto header =
        group != nullptr ? decode_record_header(group->record) : std::unexpected(DecodeError{});
    const auto is = name_of(applied.verdict);
    if (std::holds_alternative<Stop>(applied.verdict)) has_stopped_ = true;
    if (is != name_of(stored.void_reason)) {
      // What follows on a platform's first break is broken by it.
      if (header && !broken_.insert(header->platform).second) return;
      add(stored.offset, "offset " + std::to_string(stored.offset) +
                             (header ? where(*header) : where(stored.offset)) + " was stored as " +
                             name_of(stored.void_reason) + " but is " + is + '.');
      return;
    }
    if (group == nullptr || !std::holds_alternative<Apply>(applied.verdict)) return;
    ++report_.records;
    const auto record = decode_record(group->record);
    if (record) {
      report_.commits += record->commits.size();
      report_.events += record->header.event_count;
    }
    if (!applied.changed_state && broken_.insert(header->platform).second) {
      add(stored.offset, "offset " + std::to_string(stored.offset) + where(*header) +
                             " cannot be applied: " + why_stopped(header->platform));
    }
  }

  static std::string where(const RecordHeader& header) {
    return " (platform " + header.platform.text() + ", positions " +
           std::to_string(header.base_position) + " to " + std::to_string(header.last_position()) +
           ")";
  }
  /// Of an envelope that cannot be read: as the store's index says.
  std::string where(std::uint64_t offset) const {
    domain::PlatformId after;
    while (true) {
      const auto ids = store_.platforms(after, rows_a_read);
      if (ids.empty()) return "";
      for (const auto id : ids) {
        for (std::uint64_t base = 0;;) {
          const auto rows = store_.records(id, base, rows_a_read);
          if (rows.empty() || rows.front().offset > offset) break;
          for (const auto& row : rows) {
            if (row.offset != offset) continue;
            return where({.platform = id,
                          .base_position = row.base_position,
                          .event_count = row.event_count,
                          .prev_hash = {}});
          }
          base = rows.back().base_position;
        }
      }
      after = ids.back();
    }
  }

  std::string why_stopped(domain::PlatformId platform) const {
    for (const auto& one : applier_->stopped()) {
      if (one.platform == platform) return one.why;
    }
    return "an earlier record could not be.";
  }

  void compare() {
    if (folded_.next_offset() != store_.next_offset()) {
      add(folded_.next_offset(), "The log ends at offset " + std::to_string(folded_.next_offset()) +
                                     ", the store says " + std::to_string(store_.next_offset()) +
                                     '.');
    }
    for (const auto number : partitions_) {
      if (folded_.partition(number) != store_.partition(number)) {
        add(0, "The genesis, epoch or claimant of partition " + std::to_string(number) +
                   " is not what the log says.");
      }
      if (folded_.log_place(number) != store_.log_place(number)) {
        add(0,
            "The last entry of partition " + std::to_string(number) + " is not what the log says.");
      }
    }
    for (const auto& [key, mark] : folded_.checkpoints()) {
      if (store_.checkpoint(key.first, key.second) != mark) {
        add(0, "The checkpoint of consumer " + key.first + " on platform " + key.second.text() +
                   " is not what the log says.");
      }
    }
    compare_rows<domain::PlatformId>(
        {},
        [](const Store& store, domain::PlatformId after) {
          return store.platforms(after, rows_a_read);
        },
        [](domain::PlatformId id) { return id; }, "the list of platforms",
        [](domain::PlatformId id) { return id.text(); });
    domain::PlatformId after;
    while (true) {
      const auto ids = folded_.platforms(after, rows_a_read);
      if (ids.empty()) break;
      for (const auto id : ids) compare(id);
      report_.platforms += ids.size();
      after = ids.back();
    }
  }

  void compare(domain::PlatformId id) {
    const auto of = " of platform " + id.text();
    if (folded_.tip(id) != store_.tip(id)) {
      add(0, "The tip" + of + " is position " + std::to_string(folded_.tip(id).position) +
                 ", the store says " + std::to_string(store_.tip(id).position) +
                 " or has another hash or time there.");
    }
    compare_rows<std::uint64_t>(
        0,
        [id](const Store& store, std::uint64_t after) {
          return store.records(id, after, rows_a_read);
        },
        [](const IndexedRecord& row) { return row.base_position; }, "the index" + of,
        [](const IndexedRecord& row) { return "position " + std::to_string(row.base_position); });
    compare_rows<domain::CommandId>(
        {},
        [id](const Store& store, domain::CommandId after) {
          return store.commands(id, after, rows_a_read);
        },
        [](const auto& row) { return row.first; }, "the command ids" + of,
        [](const auto& row) { return row.first.text(); });
    const auto mine = folded_.state(id, false);
    const auto theirs = store_.state(id, true);
    compare_rows<std::string>(
        {},
        [&](const Store& store, const std::string& after) {
          const auto& reader = &store == &store_ ? *theirs : *mine;
          return reader.scan("", after, rows_a_read);
        },
        [](const auto& row) { return row.first; }, "the state" + of,
        [](const auto& row) { return "key " + shown(row.first); });
  }

  /// Pages through both sides in step and names the first row that differs.
  template <class Key>
  void compare_rows(Key after, const auto& read, const auto& key_of, const std::string& what,
                    const auto& show) {
    while (true) {
      const auto mine = read(static_cast<const Store&>(folded_), after);
      const auto theirs = read(store_, after);
      for (std::size_t i = 0; i < std::max(mine.size(), theirs.size()); ++i) {
        const bool in_log = i < mine.size(), is_stored = i < theirs.size();
        if (in_log && is_stored && mine[i] == theirs[i]) continue;
        const auto only_in_log = in_log && (!is_stored || key_of(mine[i]) < key_of(theirs[i]));
        const auto only_stored = is_stored && (!in_log || key_of(theirs[i]) < key_of(mine[i]));
        return add(0, "In " + what + ", " + show(only_stored ? theirs[i] : mine[i]) +
                          (only_stored   ? " is stored, but not in the log."
                           : only_in_log ? " is in the log, but not stored."
                                         : " is stored otherwise than the log says."));
      }
      if (mine.size() < rows_a_read) return;
      after = key_of(mine.back());
    }
  }

  const Store& store_;
  MemoryStore folded_;
  std::unique_ptr<Applier> applier_;
  std::set<std::uint32_t> partitions_;  ///< met in the log
  std::set<domain::PlatformId> broken_;
  bool has_stopped_ = false;
  VerifyReport report_;
};

}  // namespace

VerifyReport verify(const Store& store,
                    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Verifier(store).run(progress);
}

}  // namespace meent::eventstore
