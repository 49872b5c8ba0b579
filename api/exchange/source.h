#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/contribution.h"
#include "domain/ids.h"
#include "domain/support.h"

/// What an import brings: rows in the order in which they become commands. Items are named by the
/// ids of their source; who carries them in finds Meent's ids for those.
namespace meent::api {

struct ImportedPerson {
  std::string id;
  std::string name;  ///< empty: a participant without a name
};
struct ImportedContribution {
  std::string id;
  std::string author;  ///< an ImportedPerson's id
  std::string kind;
  domain::ContributionText text;
  std::optional<domain::Timestamp> occurred_at;
};
struct ImportedSupport {
  std::string contribution;
  std::string person;
  domain::Stance stance = domain::Stance::agree;
  std::optional<domain::Timestamp> occurred_at;
};
struct ImportedVerdict {
  std::string contribution;
  bool hide = false;
  std::string reason;
};
using ImportedRow =
    std::variant<ImportedPerson, ImportedContribution, ImportedSupport, ImportedVerdict>;

struct ImportSource {
  std::string name;               ///< for messages and progress
  domain::SourceDigest digest{};  ///< of everything that was read
  std::string kind;               ///< the kind its contributions have when a row names none
  std::vector<ImportedRow> rows;
};

/// A Polis conversation in its open-data files (comments.csv, votes.csv): people, statements in the
/// order of their time, every vote by (timestamp, file row), then moderation.
/// Throws SourceError with file and row.
ImportSource read_polis(const std::filesystem::path& folder, const std::string& language);

/// Contributions in Meent's general format, one JSON object a line (docs/import.md).
/// Throws SourceError with file and line; nothing is imported from a file that has a wrong line.
ImportSource read_contributions(const std::filesystem::path& file, const std::string& language);

/// First 16 bytes of SHA-256 over the parts, each with its length before it.
domain::IdBytes digest_of(const std::vector<std::string_view>& parts);

}  // namespace meent::api
