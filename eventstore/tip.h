#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "eventstore/files.h"
#include "eventstore/record.h"

/// The kept tip (LOG.md §4): the last envelope that was ever acknowledged, beside the database, so
/// that a database which comes back with less is noticed. Format: docs/log-format.md.
namespace meent::eventstore {

struct KeptTip {
  std::uint64_t next_offset = 0;  ///< 0: nothing acknowledged yet
  Hash envelope_hash{};           ///< SHA-256 of the envelope at `last_offset`
  std::uint64_t last_offset = 0;
  bool operator==(const KeptTip&) const = default;
};

/// What the file says.
struct ReadTip {
  enum class Found : std::uint8_t {
    absent,   ///< no file
    emptied,  ///< a file of no bytes: an operator accepts the log as it is
    damaged,  ///< neither slot is whole
    kept,
  } found = Found::absent;
  KeptTip tip;
};
/// Reads without changing anything.
ReadTip read_tip(const std::filesystem::path& path, Files& files);

/// Threads: the writer's only.
class TipFile {
 public:
  /// Makes the file when there is none or it is empty; it then says `tip`, durably.
  TipFile(const std::filesystem::path& path, Files& files, const KeptTip& tip);
  /// Durable when it returns. The slot written before this one stays whole until then.
  void write(const KeptTip& tip);

 private:
  std::unique_ptr<SlotFile> file_;
  std::uint64_t sequence_ = 0;  ///< of the slot written last
};

}  // namespace meent::eventstore
