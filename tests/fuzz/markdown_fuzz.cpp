#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/markdown.h"
#include "tests/fuzz/expect.h"

namespace {

constexpr std::array<std::string_view, 23> tags{
    "a",  "blockquote", "br",  "code",   "del",   "em",    "h3", "h4", "h5",    "h6", "hr", "li",
    "ol", "p",          "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"};

/// Reads HTML as strictly as its writer promises: known tags, each closed in its turn, no attribute
/// but the four it writes, and every other special character an entity.
class StrictReader {
 public:
  explicit StrictReader(std::string_view html) : rest_(html) {}

  void read() {
    while (!rest_.empty()) {
      if (skip("<")) {
        read_tag();
      } else {
        read_text_character();
      }
    }
    expect(open_.empty(), "every element is closed");
  }

 private:
  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  void read_text_character() {
    if (skip("&")) {
      constexpr std::array<std::string_view, 5> entities{"amp;", "lt;", "gt;", "quot;", "#39;"};
      expect(std::ranges::any_of(entities, [&](auto entity) { return skip(entity); }),
             "an ampersand begins an entity");
      return;
    }
    expect(std::string_view("<>\"'").find(rest_.front()) == std::string_view::npos,
           "special characters are escaped");
    rest_.remove_prefix(1);
  }

  void read_tag() {
    const bool closes = skip("/");
    const auto end = rest_.find_first_of(" >");
    expect(end != std::string_view::npos, "a tag ends");
    const auto name = rest_.substr(0, end);
    expect(std::ranges::binary_search(tags, name), "only known tags are written");
    rest_.remove_prefix(end);
    if (closes) {
      expect(!open_.empty() && open_.back() == name, "elements are closed in their turn");
      open_.pop_back();
    } else {
      read_attributes(name);
      if (name != "br" && name != "hr") open_.push_back(name);
    }
    expect(skip(">"), "a tag ends");
  }

  void read_attributes(std::string_view name) {
    if (name == "a") {
      expect(std::ranges::find(open_, "a") == open_.end(), "links do not nest");
      expect(skip(" href=\""), "a link leads somewhere");
      const auto begins = [&](std::string_view scheme) {
        return rest_.size() >= scheme.size() &&
               std::ranges::equal(scheme, rest_.substr(0, scheme.size()),
                                  [](char a, char b) { return a == (b | 0x20) || a == b; });
      };
      expect(begins("http://") || begins("https://") || begins("mailto:"), "a safe address");
      while (!rest_.empty() && rest_.front() != '"') read_text_character();
      expect(skip("\" rel=\"nofollow noopener ugc\""), "a link promises nothing");
    } else if (name == "ol" && skip(" start=\"")) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of("0123456789"), rest_.size()));
      expect(skip("\""), "a list starts at a number");
    } else if (name == "th") {
      expect(skip(" scope=\"col\""), "a table's head says what it is");
    }
  }

  std::string_view rest_;
  std::vector<std::string_view> open_;
};

std::size_t count_characters(std::string_view text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::ranges::count_if(text, begins));
}

}  // namespace

/// Any text: HTML that is safe to show, and an extract no longer than was asked for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto html = meent::api::markdown_html(source);
  StrictReader(html).read();
  constexpr std::size_t most = 40;
  const auto words = meent::api::markdown_words(source, most);
  expect(count_characters(words) <= most + 1, "an extract is as short as was asked");
  expect(words.find('\n') == std::string::npos, "an extract is one line");
  return 0;
}
