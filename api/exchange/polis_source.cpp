#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "api/exchange/csv.h"
#include "api/exchange/source.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::string_view hidden_reason = "Rejected by the moderators of the Polis conversation.";

std::int64_t number_of(const CsvTable& table, std::size_t row, std::size_t column) {
  const auto& text = table.rows[row][column];
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw SourceError(table.file + " row " + std::to_string(row + 2) + ": " + table.header[column] +
                      " is no whole number: " + text);
  }
  return value;
}

/// Row indices by (timestamp, file row).
std::vector<std::size_t> by_time(const CsvTable& table) {
  const auto time = table.column("timestamp");
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    order.emplace_back(number_of(table, row, time), row);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> out;
  for (const auto& [at, row] : order) out.push_back(row);
  return out;
}

void add_people(const CsvTable& comments, const CsvTable& votes, ImportSource& source) {
  std::set<std::int64_t> people;
  const auto author = comments.column("author-id");
  const auto voter = votes.column("voter-id");
  for (std::size_t row = 0; row < comments.rows.size(); ++row) {
    people.insert(number_of(comments, row, author));
  }
  for (std::size_t row = 0; row < votes.rows.size(); ++row) {
    people.insert(number_of(votes, row, voter));
  }
  for (const auto person : people) {
    source.rows.push_back(ImportedPerson{.id = std::to_string(person), .name = {}});
  }
}

void add_statements(const CsvTable& comments, const std::string& language, ImportSource& source) {
  const auto id = comments.column("comment-id");
  const auto author = comments.column("author-id");
  const auto body = comments.column("comment-body");
  const auto time = comments.column("timestamp");
  std::set<std::string> seen;
  for (const auto row : by_time(comments)) {
    const auto& fields = comments.rows[row];
    if (!seen.insert(fields[id]).second) {
      throw SourceError(comments.file + " row " + std::to_string(row + 2) + ": comment-id " +
                        fields[id] + " stands twice");
    }
    source.rows.push_back(ImportedContribution{
        .id = fields[id],
        .author = std::to_string(number_of(comments, row, author)),
        .kind = source.kind,
        .text = {.title = {}, .body = fields[body], .form = {}, .themes = {}, .language = language},
        .occurred_at = Timestamp{number_of(comments, row, time)}});
  }
}

void add_votes(const CsvTable& votes, ImportSource& source) {
  const auto comment = votes.column("comment-id");
  const auto voter = votes.column("voter-id");
  const auto vote = votes.column("vote");
  const auto time = votes.column("timestamp");
  for (const auto row : by_time(votes)) {
    const auto value = number_of(votes, row, vote);
    if (value < -1 || value > 1) {
      throw SourceError(votes.file + " row " + std::to_string(row + 2) +
                        ": vote is not -1, 0 or 1");
    }
    const auto stance = value == 1 ? Stance::agree : value == 0 ? Stance::pass : Stance::disagree;
    source.rows.push_back(ImportedSupport{.contribution = votes.rows[row][comment],
                                          .person = std::to_string(number_of(votes, row, voter)),
                                          .stance = stance,
                                          .occurred_at = Timestamp{number_of(votes, row, time)}});
  }
}

void add_verdicts(const CsvTable& comments, ImportSource& source) {
  const auto id = comments.column("comment-id");
  const auto moderated = comments.column("moderated");
  for (const auto row : by_time(comments)) {
    const auto verdict = number_of(comments, row, moderated);
    if (verdict == 0) continue;
    const bool hide = verdict < 0;
    source.rows.push_back(ImportedVerdict{.contribution = comments.rows[row][id],
                                          .hide = hide,
                                          .reason = std::string(hide ? hidden_reason : "")});
  }
}

}  // namespace

IdBytes digest_of(const std::vector<std::string_view>& parts) {
  std::string all;
  for (const auto part : parts) all += pack(std::string(part));
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), hash);
  IdBytes out{};
  std::copy_n(hash, out.size(), out.begin());
  return out;
}

ImportSource read_polis(const std::filesystem::path& folder, const std::string& language) {
  const auto comments_text = read_file(folder / "comments.csv");
  const auto votes_text = read_file(folder / "votes.csv");
  const auto comments = read_csv(comments_text, "comments.csv");
  const auto votes = read_csv(votes_text, "votes.csv");
  ImportSource source{
      .name = folder.filename().string(),
      .digest = SourceDigest(digest_of({"polis", language, comments_text, votes_text})),
      .kind = "statement",
      .rows = {}};
  add_people(comments, votes, source);
  add_statements(comments, language, source);
  add_votes(votes, source);
  add_verdicts(comments, source);
  return source;
}

}  // namespace meent::api
