#include <set>

#include "api/exchange/csv.h"
#include "api/exchange/source.h"
#include "api/json_body.h"

namespace meent::api {

using namespace domain;

namespace {

ImportedContribution contribution_from(JsonBody& line, const ImportSource& source,
                                       const std::string& language) {
  ImportedContribution out;
  out.id = line.text("id", JsonBody::Need::required, 120);
  out.author = line.text("author", JsonBody::Need::required, 120);
  out.kind = line.text("kind", JsonBody::Need::optional, 64);
  out.text.title = line.text("title", JsonBody::Need::optional);
  out.text.body = line.text("body");
  out.text.form = line.text_map("form", 30);
  out.text.themes = line.texts("themes", 10, 64);
  out.text.language = line.text("language", JsonBody::Need::optional, 35);
  out.occurred_at = line.time("occurred_at");
  if (out.kind.empty()) out.kind = source.kind;
  if (out.text.language.empty()) out.text.language = language;
  return out;
}

[[noreturn]] void fail(const std::string& where, const Problem& problem) {
  std::string text = where + ": " + problem.detail;
  for (const auto& error : problem.errors) text += " " + error.field + ": " + error.detail;
  throw SourceError(text);
}

}  // namespace

ImportSource read_contributions(const std::filesystem::path& file, const std::string& language) {
  const auto text = read_file(file);
  ImportSource source{.name = file.filename().string(),
                      .digest = SourceDigest(digest_of({"contributions", language, text})),
                      .kind = "idea",
                      .rows = {}};
  std::set<std::string> people, ids;
  std::vector<ImportedRow> contributions;
  std::string_view rest(text);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (is_blank(line)) continue;
    const auto where = source.name + " line " + std::to_string(number);
    auto body = JsonBody::parse(line);
    if (!body) fail(where, body.error());
    auto contribution = contribution_from(*body, source, language);
    const auto author_name = body->text("author_name", JsonBody::Need::optional, 500);
    if (const auto problem = body->problem()) fail(where, *problem);
    if (!ids.insert(contribution.id).second) {
      throw SourceError(where + ": the id " + contribution.id + " stands twice");
    }
    if (people.insert(contribution.author).second) {
      source.rows.push_back(ImportedPerson{.id = contribution.author, .name = author_name});
    }
    contributions.push_back(std::move(contribution));
  }
  source.rows.insert(source.rows.end(), std::make_move_iterator(contributions.begin()),
                     std::make_move_iterator(contributions.end()));
  return source;
}

}  // namespace meent::api
