#include "api/pages/templates.h"

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>
#include <nlohmann/json.hpp>

namespace meent::api::pages {
namespace {

using kainjow::mustache::mustache;

constexpr std::array<std::string_view, 2> languages{"nl", "en"};  // English is the last resort
constexpr int deepest_include = 8;

std::string without_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c != '\n' && c != '\r') out += c;
  }
  return out;
}

/// Replaces `open name close` by what `give` says, from left to right.
template <class Give>
std::string replace_marks(std::string_view text, std::string_view open, std::string_view close,
                          Give give) {
  std::string out;
  while (true) {
    const auto begin = text.find(open);
    if (begin == std::string_view::npos) return out.append(text);
    const auto end = text.find(close, begin + open.size());
    if (end == std::string_view::npos) {
      throw std::runtime_error("not closed: " + std::string(text.substr(begin, 40)));
    }
    out.append(text.substr(0, begin));
    out.append(give(text.substr(begin + open.size(), end - begin - open.size())));
    text.remove_prefix(end + close.size());
  }
}

/// The template with everything it takes in; `page` is what the layout takes in as "page".
std::string compose(const Templates::Source& source, std::string_view name, std::string_view page,
                    int depth) {
  if (depth > deepest_include) {
    throw std::runtime_error("templates take each other in: " + std::string(name));
  }
  const std::string path = "templates/" + std::string(name) + ".mustache";
  return replace_marks(without_line_ends(source(path)), "{{> ", "}}", [&](std::string_view part) {
    return compose(source, part == "page" ? page : part, page, depth + 1);
  });
}

}  // namespace

Texts::Texts(std::string language, std::string_view json) : language_(std::move(language)) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (!document.is_object()) {
    throw std::runtime_error("texts of " + language_ + " are not a JSON object");
  }
  for (const auto& [key, text] : document.items()) {
    if (!text.is_string()) throw std::runtime_error("text " + key + " is not a string");
    texts_.emplace(key, text.get<std::string>());
  }
}

bool Texts::has(std::string_view key) const {
  return texts_.contains(key);
}

const std::string& Texts::operator()(std::string_view key) const {
  const auto found = texts_.find(key);
  if (found == texts_.end()) std::abort();
  return found->second;
}

std::string Texts::operator()(
    std::string_view key,
    std::initializer_list<std::pair<std::string_view, std::string_view>> values) const {
  return replace_marks((*this)(key), "{", "}", [&](std::string_view name) -> std::string {
    for (const auto& [known, value] : values) {
      if (known == name) return std::string(value);
    }
    return "{" + std::string(name) + "}";
  });
}

std::string Texts::number(std::uint64_t n) const {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, (*this)("number.group"));
  }
  return digits;
}

std::string Texts::count(std::string_view key, std::uint64_t n) const {
  const std::string whole = std::string(key) + (n == 1 ? ".one" : ".other");
  return (*this)(whole, {{"n", number(n)}});
}

struct Templates::Edition {
  Texts texts;
  // Rendering writes to a template only when it fails, and what could fail was tried when loading.
  mutable std::map<std::string, mustache, std::less<>> pages;
};

Templates::Templates(const Source& source, const std::vector<std::string>& pages) {
  for (const auto language : languages) {
    auto edition = std::make_unique<Edition>(
        Texts(std::string(language), source("text/" + std::string(language) + ".json")));
    for (const auto& page : pages) {
      const std::string whole =
          replace_marks(compose(source, "layout", page, 0), "[[", "]]", [&](std::string_view key) {
            if (!edition->texts.has(key)) {
              throw std::runtime_error("page " + page + " wants text " + std::string(key));
            }
            return kainjow::mustache::html_escape(edition->texts(key));
          });
      mustache parsed(whole);
      if (!parsed.is_valid()) {
        throw std::runtime_error("page " + page + ": " + parsed.error_message());
      }
      edition->pages.emplace(page, std::move(parsed));
    }
    editions_.push_back(std::move(edition));
  }
}

Templates::~Templates() = default;

const Templates::Edition& Templates::edition(std::string_view language) const {
  const std::string_view primary = language.substr(0, language.find('-'));
  for (const auto& edition : editions_) {
    if (edition->texts.language() == primary) return *edition;
  }
  return *editions_.back();
}

const Texts& Templates::texts(std::string_view language) const {
  return edition(language).texts;
}

std::string Templates::render(std::string_view page, std::string_view language,
                              const Values& values) const {
  auto& pages = edition(language).pages;
  const auto found = pages.find(page);
  if (found == pages.end()) std::abort();
  std::string out;
  out.reserve(std::size_t{32} * 1024);
  found->second.render(values, [&out](const std::string& part) { out += part; });
  return out;
}

const std::vector<std::string>& page_names() {
  static const std::vector<std::string> names{
      "comment",      "contribution", "contribution_form", "demo",   "error", "history",
      "installation", "person",       "platform",          "search", "space"};
  return names;
}

}  // namespace meent::api::pages
