#include <cctype>

#include "projections/search_text.h"

/// CommonMark as its reader sees it. Near enough for finding and excerpts: what looks like markup
/// and is not stays readable.
namespace meent::projections {
namespace {

bool is_punctuation(char c) {
  return std::ispunct(static_cast<unsigned char>(c)) != 0;
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_alnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

/// Without indentation, quote marks, heading and list markers; empty for rules and fences.
std::string_view without_block_markers(std::string_view line) {
  const auto trim = [&] {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  };
  trim();
  while (!line.empty() && line.front() == '>') {
    line.remove_prefix(1);
    trim();
  }
  if (line.starts_with("```") || line.starts_with("~~~")) return {};
  if (line.find_first_not_of("-*_= \t") == std::string_view::npos) return {};
  const auto hashes = line.find_first_not_of('#');
  if (hashes >= 1 && hashes <= 6 && hashes < line.size() && is_blank(line[hashes])) {
    line.remove_prefix(hashes);
  } else if (line.size() > 1 && (line[0] == '-' || line[0] == '*' || line[0] == '+') &&
             is_blank(line[1])) {
    line.remove_prefix(1);
  } else {
    const auto digits = line.find_first_not_of("0123456789");
    if (digits >= 1 && digits <= 9 && digits + 1 < line.size() &&
        (line[digits] == '.' || line[digits] == ')') && is_blank(line[digits + 1])) {
      line.remove_prefix(digits + 1);
    }
  }
  trim();
  return line;
}

constexpr std::size_t longest_target = 1000;

/// Where the target after "](" ends, past the bracket; npos when it is none.
std::size_t end_of_target(std::string_view line, std::size_t open) {
  std::size_t depth = 0;
  if (open >= line.size()) return std::string_view::npos;
  for (std::size_t i = open; i < line.size() && i - open <= longest_target; ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '(') {
      ++depth;
    } else if (line[i] == ')' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

void append_inline(std::string_view line, std::string& out) {
  const auto found = line.rfind("](");
  std::size_t last_link = found == std::string_view::npos ? 0 : found;
  if (end_of_target(line, last_link + 1) == std::string_view::npos) last_link = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && i + 1 < line.size() && is_punctuation(line[i + 1])) {
      out += line[++i];
    } else if (c == '*' || c == '`') {
      continue;
    } else if (c == '~' && i + 1 < line.size() && line[i + 1] == '~') {
      ++i;
    } else if (c == '_') {
      const bool inside =
          i > 0 && i + 1 < line.size() && is_alnum(line[i - 1]) && is_alnum(line[i + 1]);
      if (inside) out += c;
    } else if (c == '!' && i + 1 < line.size() && line[i + 1] == '[') {
      continue;
    } else if (c == '[' && i < last_link) {
      continue;
    } else if (c == ']' && i + 1 < line.size() && line[i + 1] == '(') {
      const auto end = end_of_target(line, i + 1);
      if (end == std::string_view::npos) {
        out += c;
      } else {
        i = end - 1;
      }
    } else {
      out += is_blank(c) || c == '\r' ? ' ' : c;
    }
  }
}

}  // namespace

std::string plain_of(std::string_view common_mark) {
  std::string out;
  out.reserve(common_mark.size());
  while (!common_mark.empty()) {
    const auto end = common_mark.find('\n');
    const auto line = without_block_markers(common_mark.substr(0, end));
    if (!line.empty()) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      append_inline(line, out);
    }
    common_mark.remove_prefix(end == std::string_view::npos ? common_mark.size() : end + 1);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace meent::projections
