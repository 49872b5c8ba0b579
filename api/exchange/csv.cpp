#include "api/exchange/csv.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace meent::api {

namespace {

/// One record from `text`, which is moved past it. Throws with `where` on an open quote.
std::vector<std::string> take_record(std::string_view& text, const std::string& where) {
  std::vector<std::string> fields(1);
  bool in_quotes = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (in_quotes) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        in_quotes = false;
      }
    } else if (c == '"' && fields.back().empty()) {
      in_quotes = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      ++i;
      break;
    } else if (c != '\r' || i + 1 >= text.size() || text[i + 1] != '\n') {
      fields.back() += c;
    }
  }
  if (in_quotes) throw SourceError(where + ": a quote is opened and never closed");
  text.remove_prefix(i);
  return fields;
}

}  // namespace

std::size_t CsvTable::column(std::string_view name) const {
  const auto it = std::find(header.begin(), header.end(), name);
  if (it == header.end()) throw SourceError(file + ": there is no column " + std::string(name));
  return static_cast<std::size_t>(it - header.begin());
}

CsvTable read_csv(std::string_view text, std::string file) {
  CsvTable table{.file = std::move(file), .header = {}, .rows = {}};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.empty()) throw SourceError(table.file + ": the file is empty");
  table.header = take_record(text, table.file + " row 1");
  while (!text.empty()) {
    const auto where = table.file + " row " + std::to_string(table.rows.size() + 2);
    auto fields = take_record(text, where);
    if (fields.size() == 1 && fields.front().empty()) continue;
    if (fields.size() != table.header.size()) {
      throw SourceError(where + ": " + std::to_string(fields.size()) + " fields, the header has " +
                        std::to_string(table.header.size()));
    }
    table.rows.push_back(std::move(fields));
  }
  return table;
}

std::string csv_row(const std::vector<std::string>& fields) {
  std::string out;
  for (const auto& field : fields) {
    if (&field != &fields.front()) out += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      out += field;
      continue;
    }
    out += '"';
    for (const char c : field) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += '\n';
  return out;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  if (in) out << in.rdbuf();
  if (!in) throw SourceError(path.string() + ": cannot be read");
  return std::move(out).str();
}

}  // namespace meent::api
