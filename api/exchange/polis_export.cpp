#include "api/exchange/polis_export.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <tuple>
#include <vector>
#include <nlohmann/json.hpp>

#include "api/exchange/csv.h"
#include "api/json_body.h"

namespace meent::api {

using nlohmann::json;

namespace {

struct Statement {
  std::int64_t number = 0;
  std::string author;
  std::string body;
  std::int64_t time_ms = 0;
  int moderated = 0;
};
struct Vote {
  std::string statement, person;
  std::int64_t time_ms = 0;
  int value = 0;
};

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "Wed Jun 18 01:16:54 UTC 2014"
std::string utc(std::int64_t time_ms) {
  using namespace std::chrono;
  const auto seconds =
      static_cast<std::time_t>(floor<std::chrono::seconds>(milliseconds(time_ms)).count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char out[64];
  std::strftime(out, sizeof out, "%a %b %d %H:%M:%S UTC %Y", &parts);
  return out;
}

int value_of(const std::string& stance) {
  return stance == "agree" ? 1 : stance == "disagree" ? -1 : 0;
}

/// External ids as numbers; those without one get the numbers after the greatest.
class Numbers {
 public:
  void add(const std::string& id, const std::string& external_id) {
    const auto number = number_in(external_id);
    numbers_[id] = number;
    if (number) next_ = std::max(next_, *number + 1);
    order_.push_back(id);
  }
  void complete() {
    for (const auto& id : order_) {
      auto& number = numbers_[id];
      if (!number) number = next_++;
    }
  }
  [[nodiscard]] std::int64_t of(const std::string& id) const {
    const auto it = numbers_.find(id);
    return it == numbers_.end() || !it->second ? -1 : *it->second;
  }

 private:
  std::map<std::string, std::optional<std::int64_t>> numbers_;
  std::vector<std::string> order_;
  std::int64_t next_ = 0;
};

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw SourceError(path.string() + ": cannot be written");
}

}  // namespace

struct PolisExport::Impl {
  std::string space_slug;
  std::string space;  ///< id, once it was met
  std::map<std::string, Statement> statements;
  std::map<std::string, std::string> statement_external_ids, person_external_ids;
  std::vector<std::string> statement_order, person_order;
  std::vector<Vote> votes;
  std::map<std::pair<std::string, std::string>, int> matrix;  ///< (person, statement): latest

  void add(const json& event) {
    const auto& facts = event.at("facts");
    const auto type = event.at("type").get<std::string>();
    if (type == "space-created" || type == "space-changed") {
      if (facts.at("slug") == space_slug) space = facts.at("space");
    } else if (type == "person-registered") {
      const auto person = facts.at("person").get<std::string>();
      person_order.push_back(person);
      person_external_ids[person] = facts.at("external_id");
    } else if (facts.value("space", "") == space && !space.empty()) {
      add_in_space(event, facts, type);
    }
  }

  void add_in_space(const json& event, const json& facts, const std::string& type) {
    const auto contribution = facts.at("contribution").get<std::string>();
    if (type == "contribution-placed" && facts.at("kind") == "statement") {
      statement_order.push_back(contribution);
      statement_external_ids[contribution] = facts.at("external_id");
      const auto& body = facts.at("body");
      statements[contribution] = {.number = 0,
                                  .author = facts.at("author"),
                                  .body = body.is_string() ? body.get<std::string>() : "",
                                  .time_ms = time_of(event),
                                  .moderated = 0};
      return;
    }
    const auto statement = statements.find(contribution);
    if (statement == statements.end()) return;
    if (type == "support-given") {
      const auto person = facts.at("person").get<std::string>();
      const auto value = value_of(facts.at("stance"));
      votes.push_back({contribution, person, time_of(event), value});
      matrix[{person, contribution}] = value;
    } else if (type == "support-withdrawn") {
      matrix.erase({facts.at("person").get<std::string>(), contribution});
    } else if (type == "item-hidden" || type == "item-accepted") {
      if (facts.at("item").contains("comment")) return;
      statement->second.moderated = type == "item-hidden" ? -1 : 1;
    }
  }

  static std::int64_t time_of(const json& event) {
    const auto& text = event.at(event.contains("occurred_at") ? "occurred_at" : "recorded_at");
    const auto time = parse_rfc3339(text.get<std::string>());
    if (!time) throw SourceError("an event has no time");
    return time->ms;
  }
};

PolisExport::PolisExport(std::string space) : impl_(std::make_unique<Impl>()) {
  impl_->space_slug = std::move(space);
}
PolisExport::~PolisExport() = default;

void PolisExport::add(std::string_view line) {
  try {
    impl_->add(json::parse(line));
  } catch (const json::exception& error) {
    throw SourceError(
        std::string("the history holds a line this export cannot use (it needs the rights of an "
                    "operator and an analyst): ") +
        error.what());
  }
}

namespace {

/// Everything one export needs, numbered and in the order of the files.
struct Layout {
  Numbers statements, people;
  std::vector<std::pair<std::int64_t, std::string>> columns, participants;  ///< number, id
  std::map<std::string, std::int64_t> placed_count;                         ///< by person
};

}  // namespace

/// Only people who took part in this space: a platform may hold several conversations.
static Layout layout_of(const PolisExport::Impl& all) {
  Layout out;
  for (const auto& id : all.statement_order) {
    out.statements.add(id, all.statement_external_ids.at(id));
  }
  for (const auto& [id, statement] : all.statements) ++out.placed_count[statement.author];
  std::set<std::string> takes_part;
  for (const auto& vote : all.votes) takes_part.insert(vote.person);
  for (const auto& [person, count] : out.placed_count) takes_part.insert(person);
  for (const auto& id : all.person_order) {
    if (takes_part.contains(id)) out.people.add(id, all.person_external_ids.at(id));
  }
  out.statements.complete();
  out.people.complete();
  for (const auto& id : all.statement_order) out.columns.emplace_back(out.statements.of(id), id);
  for (const auto& id : takes_part) out.participants.emplace_back(out.people.of(id), id);
  std::sort(out.columns.begin(), out.columns.end());
  std::sort(out.participants.begin(), out.participants.end());
  return out;
}

static std::string comments_csv(const PolisExport::Impl& all, const Layout& layout) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> tallies;  // agrees, disagrees
  for (const auto& [cell, value] : all.matrix) {
    tallies[cell.second].first += value == 1 ? 1 : 0;
    tallies[cell.second].second += value == -1 ? 1 : 0;
  }
  std::string out =
      "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n";
  for (const auto& [number, id] : layout.columns) {
    const auto& statement = all.statements.at(id);
    const auto tally = tallies[id];
    out += csv_row({std::to_string(statement.time_ms), utc(statement.time_ms),
                    std::to_string(number), std::to_string(layout.people.of(statement.author)),
                    std::to_string(tally.first), std::to_string(tally.second),
                    std::to_string(statement.moderated), statement.body});
  }
  return out;
}

/// By statement, then person, then as it happened.
static std::string votes_csv(const PolisExport::Impl& all, const Layout& layout) {
  std::vector<std::tuple<std::int64_t, std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < all.votes.size(); ++i) {
    order.emplace_back(layout.statements.of(all.votes[i].statement),
                       layout.people.of(all.votes[i].person), i);
  }
  std::sort(order.begin(), order.end());
  std::string out = "timestamp,datetime,comment-id,voter-id,vote\n";
  for (const auto& [statement, person, index] : order) {
    const auto& vote = all.votes[index];
    out += csv_row({std::to_string(vote.time_ms), utc(vote.time_ms), std::to_string(statement),
                    std::to_string(person), std::to_string(vote.value)});
  }
  return out;
}

static std::string matrix_csv(const PolisExport::Impl& all, const Layout& layout) {
  std::vector<std::string> header{"participant", "group-id", "n-comments",
                                  "n-votes",     "n-agree",  "n-disagree"};
  for (const auto& [number, id] : layout.columns) header.push_back(std::to_string(number));
  auto out = csv_row(header);
  for (const auto& [number, person] : layout.participants) {
    std::vector<std::string> cells;
    std::int64_t agree = 0, disagree = 0, count = 0;
    for (const auto& [column, statement] : layout.columns) {
      const auto cell = all.matrix.find({person, statement});
      const bool has_voted = cell != all.matrix.end();
      cells.push_back(has_voted ? std::to_string(cell->second) : "");
      count += has_voted ? 1 : 0;
      agree += has_voted && cell->second == 1 ? 1 : 0;
      disagree += has_voted && cell->second == -1 ? 1 : 0;
    }
    const auto placed = layout.placed_count.find(person);
    std::vector<std::string> row{
        std::to_string(number),
        "",
        std::to_string(placed == layout.placed_count.end() ? 0 : placed->second),
        std::to_string(count),
        std::to_string(agree),
        std::to_string(disagree)};
    row.insert(row.end(), cells.begin(), cells.end());
    out += csv_row(row);
  }
  return out;
}

void PolisExport::write(const std::filesystem::path& folder) const {
  if (impl_->space.empty()) throw SourceError("there is no space " + impl_->space_slug);
  const auto layout = layout_of(*impl_);
  std::filesystem::create_directories(folder);
  write_file(folder / "comments.csv", comments_csv(*impl_, layout));
  write_file(folder / "votes.csv", votes_csv(*impl_, layout));
  write_file(folder / "participants-votes.csv", matrix_csv(*impl_, layout));
}

}  // namespace meent::api
