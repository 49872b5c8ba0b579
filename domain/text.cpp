#include "domain/text.h"

#include <algorithm>

namespace meent::domain {

namespace {

constexpr std::uint32_t malformed = 0xFFFFFFFF;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes one code point off the front; `malformed` (and nothing taken) when there is none.
std::uint32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(0);
  std::size_t size = 0;
  std::uint32_t least = 0, code = 0;
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  if ((lead & 0xE0) == 0xC0) {
    size = 2, least = 0x80, code = lead & 0x1F;
  } else if ((lead & 0xF0) == 0xE0) {
    size = 3, least = 0x800, code = lead & 0x0F;
  } else if ((lead & 0xF8) == 0xF0) {
    size = 4, least = 0x10000, code = lead & 0x07;
  } else {
    return malformed;
  }
  if (text.size() < size) return malformed;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return malformed;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < least || code > 0x10FFFF || surrogate) return malformed;
  text.remove_prefix(size);
  return code;
}

/// Unicode's White_Space, and the format characters that leave nothing to see.
bool is_unseen(std::uint32_t code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 ||
         code == 0xAD || code == 0x1680 || (code >= 0x2000 && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202F) || (code >= 0x205F && code <= 0x2064) ||
         code == 0x3000 || code == 0xFEFF;
}

}  // namespace

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const auto code = take_code_point(text);
    if (code == malformed || code == 0) return false;
  }
  return true;
}

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const auto code = take_code_point(text);
    if (code == malformed || !is_unseen(code)) return false;
  }
  return true;
}

bool is_label(std::string_view text, std::size_t longest) {
  return is_text(text) && !is_blank(text) && length(text) <= longest;
}

bool is_slug(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '-' || text.back() == '-') return false;
  if (text.find("--") != std::string_view::npos) return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; });
}

bool is_language_tag(std::string_view text) {
  if (text.size() < 2 || text.size() > 35) return false;
  enum class Part { language, script, region, variant };
  auto next = Part::language;
  while (true) {
    const auto part = text.substr(0, text.find('-'));
    const bool letters = std::ranges::all_of(part, is_letter);
    const bool digits = std::ranges::all_of(part, is_digit);
    const bool mixed =
        std::ranges::all_of(part, [](char c) { return is_letter(c) || is_digit(c); });
    if (next == Part::language) {
      if (!letters || part.size() < 2 || part.size() > 3) return false;
      next = Part::script;
    } else if (next == Part::script && letters && part.size() == 4) {
      next = Part::region;
    } else if (next <= Part::region &&
               ((letters && part.size() == 2) || (digits && part.size() == 3))) {
      next = Part::variant;
    } else if (mixed && ((part.size() >= 5 && part.size() <= 8) ||
                         (part.size() == 4 && is_digit(part[0])))) {
      next = Part::variant;
    } else {
      return false;
    }
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

}  // namespace meent::domain
