#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "domain/policy.h"

/// The bytes of one group: versioned, frozen, the same in every log. Grammar: docs/log-format.md.
namespace meent::eventstore {

inline constexpr std::size_t largest_record_bytes = 900 * 1024;
inline constexpr std::size_t most_commits = 1000;
/// What a record has before its commits.
inline constexpr std::size_t record_header_bytes = 2 + 16 + 8 + 4 + 32 + 4;
inline constexpr std::uint16_t record_version = 1;

using Hash = std::array<std::uint8_t, 32>;

/// One sealed field: nonce (24 bytes) and ciphertext, XChaCha20-Poly1305.
struct SealedPart {
  domain::KeyId key;
  std::string bytes;
  bool operator==(const SealedPart&) const = default;
};

/// An event as it lies in the log. `facts` is a JSON object; where a field is sealed it says
/// {"sealed": n}, n the index into `sealed`.
struct RawEvent {
  std::string type;  ///< "comment-placed"
  std::uint16_t version = 1;
  std::string facts;
  std::vector<SealedPart> sealed;
  bool operator==(const RawEvent&) const = default;
};

struct ImportProgress {
  domain::SourceDigest source;
  std::uint64_t row_count = 0;  ///< rows of the source that are done with this commit
  bool operator==(const ImportProgress&) const = default;
};

struct Commit {
  domain::CommandId command_id;
  Hash request_mac{};
  domain::Actor actor;
  domain::Timestamp recorded_at;
  std::optional<domain::Timestamp> occurred_at;
  std::optional<ImportProgress> import_progress;
  std::vector<RawEvent> events;  ///< 1..n
  bool operator==(const Commit&) const = default;
};

/// What admission looks at; decodable whatever the events mean.
struct RecordHeader {
  domain::PlatformId platform;
  std::uint64_t base_position = 0;  ///< position of the first event, 1-based
  std::uint32_t event_count = 0;
  Hash prev_hash{};
  [[nodiscard]] std::uint64_t last_position() const { return base_position + event_count - 1; }
  bool operator==(const RecordHeader&) const = default;
};

struct Record {
  RecordHeader header;
  std::vector<Commit> commits;
  bool operator==(const Record&) const = default;
};

/// Input that is not what the grammar says. `at`: byte offset where reading stopped.
struct DecodeError {
  std::string what;
  std::size_t at = 0;
};

/// Appends one commit's bytes to `out`; a record is its header and its commits' bytes in order.
void encode_commit(const Commit& commit, std::string& out);
/// `event_count` in the header must equal the commits' events. Commits already encoded.
std::string encode_record(const RecordHeader& header, std::uint32_t commit_count,
                          std::string_view commits);
std::string encode_record(const Record& record);
/// Whether it begins with the version of newer software; nothing else of it is then known.
bool has_unknown_version(std::string_view record_bytes);
std::expected<RecordHeader, DecodeError> decode_record_header(std::string_view bytes);
/// Takes exactly one record: every byte is read, every limit checked.
std::expected<Record, DecodeError> decode_record(std::string_view bytes);

/// hash(n) = SHA-256(record n).
Hash hash_of(std::string_view record_bytes);
/// hash(0) = SHA-256(platform_id): the prev_hash of a platform's first record.
Hash first_prev_hash(domain::PlatformId platform);
std::string to_hex(const Hash& hash);

}  // namespace meent::eventstore
