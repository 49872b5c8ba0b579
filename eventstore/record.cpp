#include "eventstore/record.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "eventstore/bytes.h"

// Grammar: docs/log-format.md.
namespace meent::eventstore {
namespace {

constexpr std::size_t longest_type = 64;
constexpr std::size_t least_sealed = 24 + 16;  // nonce and authentication tag
constexpr std::uint8_t has_occurred_at = 1, has_import_progress = 2;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_type_name(std::string_view name) {
  if (name.empty() || name.size() > longest_type) return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

void encode_event(const RawEvent& event, std::string& out) {
  require(is_type_name(event.type) && event.version > 0 && event.sealed.size() <= 0xFFFF);
  out += static_cast<char>(event.type.size());
  out += event.type;
  put_number(out, event.version);
  put_number(out, static_cast<std::uint32_t>(event.facts.size()));
  out += event.facts;
  put_number(out, static_cast<std::uint16_t>(event.sealed.size()));
  for (const auto& part : event.sealed) {
    require(part.bytes.size() >= least_sealed);
    put_id(out, part.key);
    put_number(out, static_cast<std::uint32_t>(part.bytes.size()));
    out += part.bytes;
  }
}

/// Reads one record; the first thing that is wrong stays in `error_`.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : size_(bytes.size()), in_(bytes) {}

  RecordHeader header() {
    RecordHeader out;
    if (size_ > largest_record_bytes) fail("a record is at most 900 KiB");
    if (in_.number<std::uint16_t>() != record_version) fail("unknown record version", 0);
    out.platform = in_.id<domain::PlatformId>();
    out.base_position = in_.number<std::uint64_t>();
    out.event_count = in_.number<std::uint32_t>();
    out.prev_hash = in_.array<32>();
    check_end();
    if (out.base_position == 0) fail("positions begin at 1");
    if (out.event_count == 0) fail("a record has at least one event");
    if (out.base_position + out.event_count < out.base_position) fail("positions beyond 64 bits");
    return out;
  }

  Record record() {
    Record out;
    out.header = header();
    const auto commit_count = in_.number<std::uint32_t>();
    check_end();
    if (commit_count == 0 || commit_count > most_commits) fail("a record has 1 to 1000 commits");
    std::uint64_t events = 0;
    for (std::uint32_t i = 0; i < commit_count && good(); ++i) {
      commit(out.commits.emplace_back());
      events += out.commits.back().events.size();
    }
    if (good() && events != out.header.event_count)
      fail("the commits hold another count of events");
    if (good() && !in_.complete()) fail("bytes after the last commit");
    return out;
  }

  [[nodiscard]] bool good() const { return error_.what.empty(); }
  [[nodiscard]] const DecodeError& error() const { return error_; }

 private:
  void commit(Commit& out) {
    out.command_id = in_.id<domain::CommandId>();
    out.request_mac = in_.array<32>();
    const auto kind = in_.number<std::uint8_t>();
    if (kind > static_cast<std::uint8_t>(domain::ActorKind::clock)) fail("unknown kind of actor");
    out.actor.kind = static_cast<domain::ActorKind>(kind);
    out.actor.id = in_.array<16>();
    out.recorded_at.ms = static_cast<std::int64_t>(in_.number<std::uint64_t>());
    const auto flags = in_.number<std::uint8_t>();
    if ((flags & ~(has_occurred_at | has_import_progress)) != 0) fail("unknown flags of a commit");
    if ((flags & has_occurred_at) != 0) {
      out.occurred_at = domain::Timestamp{static_cast<std::int64_t>(in_.number<std::uint64_t>())};
    }
    if ((flags & has_import_progress) != 0) {
      const auto source = in_.id<domain::SourceDigest>();
      out.import_progress = ImportProgress{source, in_.number<std::uint64_t>()};
    }
    const auto event_count = in_.number<std::uint32_t>();
    check_end();
    if (event_count == 0) fail("a commit has at least one event");
    for (std::uint32_t i = 0; i < event_count && good(); ++i) event(out.events.emplace_back());
  }

  void event(RawEvent& out) {
    out.type = in_.bytes(in_.number<std::uint8_t>());
    out.version = in_.number<std::uint16_t>();
    out.facts = in_.bytes(in_.number<std::uint32_t>());
    const auto sealed_count = in_.number<std::uint16_t>();
    check_end();
    if (!is_type_name(out.type)) fail("an event type is 1 to 64 of a-z, 0-9 and hyphen");
    if (out.version == 0) fail("event versions begin at 1");
    for (std::uint16_t i = 0; i < sealed_count && good(); ++i) {
      auto& part = out.sealed.emplace_back();
      part.key = in_.id<domain::KeyId>();
      part.bytes = in_.bytes(in_.number<std::uint32_t>());
      check_end();
      if (part.bytes.size() < least_sealed) fail("a sealed part has at least 40 bytes");
    }
  }

  void check_end() {
    if (!in_.good()) fail("the record ends early");
  }
  void fail(const char* what) { fail(what, in_.at()); }
  void fail(const char* what, std::size_t at) {
    if (good()) error_ = {what, at};
  }

  std::size_t size_;
  ByteReader in_;
  DecodeError error_;
};

}  // namespace

void encode_commit(const Commit& commit, std::string& out) {
  require(!commit.events.empty());
  put_id(out, commit.command_id);
  put_bytes(out, commit.request_mac);
  out += static_cast<char>(commit.actor.kind);
  put_bytes(out, commit.actor.id);
  put_number(out, static_cast<std::uint64_t>(commit.recorded_at.ms));
  out += static_cast<char>((commit.occurred_at ? has_occurred_at : 0) |
                           (commit.import_progress ? has_import_progress : 0));
  if (commit.occurred_at) put_number(out, static_cast<std::uint64_t>(commit.occurred_at->ms));
  if (commit.import_progress) {
    put_id(out, commit.import_progress->source);
    put_number(out, commit.import_progress->row_count);
  }
  put_number(out, static_cast<std::uint32_t>(commit.events.size()));
  for (const auto& event : commit.events) encode_event(event, out);
}

std::string encode_record(const RecordHeader& header, std::uint32_t commit_count,
                          std::string_view commits) {
  require(header.base_position > 0 && header.event_count > 0);
  require(commit_count > 0 && commit_count <= most_commits);
  std::string out;
  out.reserve(record_header_bytes + commits.size());
  put_number(out, record_version);
  put_id(out, header.platform);
  put_number(out, header.base_position);
  put_number(out, header.event_count);
  put_bytes(out, header.prev_hash);
  put_number(out, commit_count);
  out += commits;
  require(out.size() <= largest_record_bytes);
  return out;
}

std::string encode_record(const Record& record) {
  std::string commits;
  std::size_t events = 0;
  for (const auto& commit : record.commits) {
    encode_commit(commit, commits);
    events += commit.events.size();
  }
  require(events == record.header.event_count);
  return encode_record(record.header, static_cast<std::uint32_t>(record.commits.size()), commits);
}

bool has_unknown_version(std::string_view record_bytes) {
  ByteReader in(record_bytes);
  const auto version = in.number<std::uint16_t>();
  return in.good() && version != record_version;
}

std::expected<RecordHeader, DecodeError> decode_record_header(std::string_view bytes) {
  RecordReader reader(bytes);
  const auto header = reader.header();
  if (!reader.good()) return std::unexpected(reader.error());
  return header;
}

std::expected<Record, DecodeError> decode_record(std::string_view bytes) {
  RecordReader reader(bytes);
  auto record = reader.record();
  if (!reader.good()) return std::unexpected(reader.error());
  return record;
}

Hash hash_of(std::string_view record_bytes) {
  // Fetched once: looking an algorithm up costs more than hashing a small record.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Hash out{};
  unsigned int size = 0;
  require(sha256 != nullptr && context != nullptr &&
          EVP_DigestInit_ex2(context.get(), sha256, nullptr) == 1 &&
          EVP_DigestUpdate(context.get(), record_bytes.data(), record_bytes.size()) == 1 &&
          EVP_DigestFinal_ex(context.get(), out.data(), &size) == 1 && size == out.size());
  return out;
}

Hash first_prev_hash(domain::PlatformId platform) {
  return hash_of({reinterpret_cast<const char*>(platform.value().data()), 16});
}

std::string to_hex(const Hash& hash) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(hash.size() * 2);
  for (const auto byte : hash) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace meent::eventstore
