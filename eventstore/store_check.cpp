#include "eventstore/store_check.h"

#include <rocksdb/table_properties.h>

#include <map>

#include "eventstore/bytes.h"

namespace meent::eventstore {
namespace {

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

class StoreCheck {
 public:
  StoreCheck(const Database& database, const std::filesystem::path& folder)
      : database_(database), folder_(folder) {
    if (const auto row = database.get(Family::meta, progress_key))
      progress_ = decode_progress(*row);
  }

  Progress run(const ReadTip& tip) {
    reach_tip(tip);
    auto rows = database_.iterate(Family::envelopes, nullptr, false);
    expected_ordinal_ = skip_flushed(*rows);
    for (; rows->Valid(); rows->Next()) envelope(view(rows->key()), view(rows->value()));
    check(rows->status(), "read the envelopes");
    if (expected_ordinal_ != progress_.envelope_count ||
        last_offset_ + 1 != progress_.next_offset) {
      refuse("it holds " + std::to_string(expected_ordinal_) + " envelopes where " +
             std::to_string(progress_.envelope_count) + " were written");
    }
    for (const auto& [platform, end] : ends_) tip_of(platform, end);
    return progress_;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw StartRefused(
        (folder_ / "log").string() + " cannot be trusted: " + why +
        ". Nothing was changed. Look at the disk first; then put back the files as they were or a "
        "backup of log/. To accept the log as it is, and lose what is missing, empty the file " +
        (folder_ / "tip").string() + " by hand.");
  }
  [[noreturn]] void refuse_hole(const std::string& why) const {
    throw StartRefused((folder_ / "log").string() + " cannot be trusted: " + why +
                       ". Nothing was changed. Look at the disk first; then put back the files as "
                       "they were or a backup of log/.");
  }

  void reach_tip(const ReadTip& kept) const {
    const auto tip_path = (folder_ / "tip").string();
    switch (kept.found) {
      case ReadTip::Found::emptied: return;
      case ReadTip::Found::damaged:
        if (progress_.next_offset == 0) return;  // its making was cut off
        refuse("neither slot of the kept tip " + tip_path + " is whole");
      case ReadTip::Found::absent:
        if (progress_.next_offset == 0) return;
        refuse("it has a history but the kept tip " + tip_path +
               " is missing, so nobody can tell whether all of it is here (after putting back a "
               "backup, make that file, empty)");
      case ReadTip::Found::kept: break;
    }
    const auto& tip = kept.tip;
    if (tip.next_offset == 0) return;
    if (progress_.next_offset < tip.next_offset) {
      refuse("history was acknowledged up to offset " + std::to_string(tip.last_offset) +
             ", but it reaches only to before " + std::to_string(progress_.next_offset));
    }
    const auto row = database_.get(Family::envelopes, envelope_key(tip.last_offset));
    if (!row || hash_of(decode_envelope_row(*row).bytes) != tip.envelope_hash) {
      refuse("the envelope at offset " + std::to_string(tip.last_offset) +
             " is not the one that was acknowledged");
    }
  }

  /// Puts `rows` behind what is in flushed files; returns the ordinal that must come next there.
  std::uint64_t skip_flushed(rocksdb::Iterator& rows) {
    rocksdb::TablePropertiesCollection tables;
    check(database_.db().GetPropertiesOfAllTables(database_.family(Family::envelopes), &tables),
          "read the properties of the envelopes' files");
    std::uint64_t flushed_count = 0;
    for (const auto& [name, properties] : tables) flushed_count += properties->num_entries;
    std::string last_key;
    std::vector<rocksdb::LiveFileMetaData> live;
    database_.db().GetLiveFilesMetaData(&live);
    const auto name = database_.family(Family::envelopes)->GetName();
    for (const auto& file : live) {
      if (file.column_family_name == name) last_key = std::max(last_key, file.largestkey);
    }
    if (flushed_count == 0) {
      rows.SeekToFirst();
      return 0;
    }
    rows.Seek(last_key);
    check(rows.status(), "read the envelopes");
    if (!rows.Valid() || view(rows.key()) != last_key)
      refuse_hole("its files' last envelope is gone");
    if (decode_envelope_row(view(rows.value())).mark.ordinal + 1 != flushed_count) {
      refuse_hole("its files hold " + std::to_string(flushed_count) +
                  " envelopes, but their last one says another count; a file is missing");
    }
    last_offset_ = key_number(view(rows.key()));
    rows.Next();
    return flushed_count;
  }

  void envelope(std::string_view key, std::string_view row) {
    const auto [mark, bytes] = decode_envelope_row(row);
    const auto offset = key_number(key);
    if (mark.ordinal != expected_ordinal_) {
      refuse_hole("there is a hole before offset " + std::to_string(offset) + " (envelope " +
                  std::to_string(mark.ordinal) + " follows " + std::to_string(expected_ordinal_) +
                  " envelopes)");
    }
    ++expected_ordinal_;
    last_offset_ = offset;
    if (mark.void_reason) return;
    const auto envelope = decode_envelope(bytes);
    if (!envelope) refuse_hole("the envelope at offset " + std::to_string(offset) + " is damaged");
    if (const auto* group = std::get_if<Group>(&envelope->body)) record(offset, group->record);
  }

  void record(std::uint64_t offset, const std::string& bytes) {
    const auto header = decode_record_header(bytes);
    if (!header) refuse_hole("the record at offset " + std::to_string(offset) + " is damaged");
    const auto hash = hash_of(bytes);
    const auto before = end_before(*header);
    if (before.position + 1 != header->base_position || before.hash != header->prev_hash) {
      refuse_hole("the chain of platform " + header->platform.text() + " breaks at position " +
                  std::to_string(header->base_position));
    }
    const auto key = index_key(header->platform, header->base_position);
    const auto row = database_.get(Family::index, key);
    const IndexedRecord expected{offset, header->base_position, header->event_count, hash};
    if (!row || decode_indexed(key, *row) != expected) {
      refuse_hole("the index lacks position " + std::to_string(header->base_position) +
                  " of platform " + header->platform.text());
    }
    ends_[header->platform] = {header->last_position(), hash};
  }

  /// The chain before the record: of the last one read here, or else as the flushed index says.
  [[nodiscard]] ChainPoint end_before(const RecordHeader& header) const {
    if (const auto found = ends_.find(header.platform); found != ends_.end()) return found->second;
    if (header.base_position == 1) return {0, first_prev_hash(header.platform)};
    auto rows = database_.iterate(Family::index);
    const auto wanted = index_key(header.platform, header.base_position - 1);
    rows->SeekForPrev(wanted);
    check(rows->status(), "read the index");
    if (!rows->Valid() || !rows->key().starts_with(wanted.substr(0, 16))) return {};
    const auto row = decode_indexed(view(rows->key()), view(rows->value()));
    return {row.base_position + row.event_count - 1, row.hash};
  }

  void tip_of(domain::PlatformId platform, const ChainPoint& end) const {
    const auto row = database_.get(Family::meta, tip_key(platform));
    if (row) {
      const auto tip = decode_tip(*row);
      if (tip.position == end.position && tip.hash == end.hash) return;
    }
    refuse_hole("the tip of platform " + platform.text() + " is not its last record");
  }

  const Database& database_;
  const std::filesystem::path& folder_;
  Progress progress_;
  std::uint64_t expected_ordinal_ = 0;
  std::uint64_t last_offset_ = std::uint64_t(0) - 1;  ///< before the first
  std::map<domain::PlatformId, ChainPoint> ends_;
};

}  // namespace

Progress check_store(const Database& database, const ReadTip& tip,
                     const std::filesystem::path& folder) {
  return StoreCheck(database, folder).run(tip);
}

}  // namespace meent::eventstore
