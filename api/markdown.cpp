#include "api/markdown.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>
#include <md4c.h>

namespace meent::api {
namespace {

constexpr unsigned flavour = MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH |
                             MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_PERMISSIVEWWWAUTOLINKS;
constexpr unsigned smallest_heading = 6;

void append_utf8(std::string& out, std::uint32_t point) {
  if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) point = 0xFFFD;
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
  };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// "&#x41;" as "A". Names other than the five of XML stay as they are written: then nothing that a
/// browser would make of them can differ from what was checked.
void append_entity(std::string& out, std::string_view entity) {
  if (entity.size() > 3 && entity[1] == '#') {
    const bool is_hex = entity[2] == 'x' || entity[2] == 'X';
    const char* begin = entity.data() + (is_hex ? 3 : 2);
    const char* end = entity.data() + entity.size() - 1;
    std::uint32_t point = 0;
    if (std::from_chars(begin, end, point, is_hex ? 16 : 10).ptr == end) {
      append_utf8(out, point);
      return;
    }
  }
  constexpr std::array<std::pair<std::string_view, char>, 5> named{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  for (const auto& [name, letter] : named) {
    if (name == entity) {
      out += letter;
      return;
    }
  }
  out += entity;
}

/// An attribute (address, title) as plain text.
std::string plain(const MD_ATTRIBUTE& attribute) {
  std::string out;
  for (unsigned i = 0; attribute.text != nullptr && attribute.substr_offsets[i] < attribute.size;
       ++i) {
    const auto begin = attribute.substr_offsets[i];
    const std::string_view part(attribute.text + begin, attribute.substr_offsets[i + 1] - begin);
    if (attribute.substr_types[i] == MD_TEXT_ENTITY) {
      append_entity(out, part);
    } else if (attribute.substr_types[i] != MD_TEXT_NULLCHAR) {
      out += part;
    }
  }
  return out;
}

bool is_safe_address(std::string_view address) {
  const bool has_control = std::ranges::any_of(
      address, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (has_control) return false;
  constexpr std::array<std::string_view, 3> schemes{"http://", "https://", "mailto:"};
  return std::ranges::any_of(schemes, [&](std::string_view scheme) {
    return address.size() > scheme.size() &&
           std::ranges::equal(scheme, address.substr(0, scheme.size()), [](char a, char b) {
             return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
           });
  });
}

/// Writes the HTML of one source.
class Writer {
 public:
  std::string out;

  void enter(MD_BLOCKTYPE type, void* detail) {
    close_spans(0);
    switch (type) {
      case MD_BLOCK_QUOTE: out += "<blockquote>"; break;
      case MD_BLOCK_UL: out += "<ul>"; break;
      case MD_BLOCK_OL: open_ordered(static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start); break;
      case MD_BLOCK_LI: out += "<li>"; break;
      case MD_BLOCK_HR: out += "<hr>"; break;
      case MD_BLOCK_H: heading(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level, "<"); break;
      case MD_BLOCK_CODE: out += "<pre><code>"; break;
      case MD_BLOCK_P: out += "<p>"; break;
      case MD_BLOCK_TABLE: out += "<table>"; break;
      case MD_BLOCK_THEAD: out += "<thead>"; break;
      case MD_BLOCK_TBODY: out += "<tbody>"; break;
      case MD_BLOCK_TR: out += "<tr>"; break;
      case MD_BLOCK_TH: out += "<th scope=\"col\">"; break;
      case MD_BLOCK_TD: out += "<td>"; break;
      case MD_BLOCK_DOC:
      case MD_BLOCK_HTML: break;
    }
  }

  void leave(MD_BLOCKTYPE type, void* detail) {
    close_spans(0);
    switch (type) {
      case MD_BLOCK_QUOTE: out += "</blockquote>"; break;
      case MD_BLOCK_UL: out += "</ul>"; break;
      case MD_BLOCK_OL: out += "</ol>"; break;
      case MD_BLOCK_LI: out += "</li>"; break;
      case MD_BLOCK_H: heading(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level, "</"); break;
      case MD_BLOCK_CODE: out += "</code></pre>"; break;
      case MD_BLOCK_P: out += "</p>"; break;
      case MD_BLOCK_TABLE: out += "</table>"; break;
      case MD_BLOCK_THEAD: out += "</thead>"; break;
      case MD_BLOCK_TBODY: out += "</tbody>"; break;
      case MD_BLOCK_TR: out += "</tr>"; break;
      case MD_BLOCK_TH: out += "</th>"; break;
      case MD_BLOCK_TD: out += "</td>"; break;
      case MD_BLOCK_DOC:
      case MD_BLOCK_HR:
      case MD_BLOCK_HTML: break;
    }
  }

  void enter(MD_SPANTYPE type, void* detail) {
    std::string_view end;
    switch (type) {
      case MD_SPAN_EM: end = open_span("<em>", "</em>"); break;
      case MD_SPAN_STRONG: end = open_span("<strong>", "</strong>"); break;
      case MD_SPAN_CODE: end = open_span("<code>", "</code>"); break;
      case MD_SPAN_DEL: end = open_span("<del>", "</del>"); break;
      case MD_SPAN_A: end = open_link(plain(static_cast<MD_SPAN_A_DETAIL*>(detail)->href)); break;
      case MD_SPAN_IMG:
        end = open_link(plain(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src));
        break;
      case MD_SPAN_LATEXMATH:
      case MD_SPAN_LATEXMATH_DISPLAY:
      case MD_SPAN_WIKILINK:
      case MD_SPAN_U: break;
    }
    spans_.push_back({type, end});
  }

  /// md4c 0.4.8 tells no end of a span that a bare address runs out of (`*http://a.nl*@`): so what
  /// is still open inside is closed first, and what is not open is not closed.
  void leave(MD_SPANTYPE type) {
    const auto opened = std::ranges::find(spans_.rbegin(), spans_.rend(), type, &Span::type);
    if (opened == spans_.rend()) return;
    close_spans(static_cast<std::size_t>(spans_.rend() - opened) - 1);
  }

  void text(MD_TEXTTYPE type, std::string_view words) {
    switch (type) {
      case MD_TEXT_NULLCHAR: append_utf8(out, 0); break;
      case MD_TEXT_BR: out += "<br>"; break;
      case MD_TEXT_SOFTBR: out += '\n'; break;
      case MD_TEXT_ENTITY: {
        std::string letter;
        append_entity(letter, words);
        append_escaped(out, letter);
        break;
      }
      case MD_TEXT_NORMAL:
      case MD_TEXT_CODE:
      case MD_TEXT_HTML:
      case MD_TEXT_LATEXMATH: append_escaped(out, words); break;
    }
  }

 private:
  void heading(unsigned level, std::string_view bracket) {
    out.append(bracket).append("h");
    out.append(std::to_string(std::min(level + 2, smallest_heading))).append(">");
  }
  void open_ordered(unsigned start) {
    out += "<ol";
    if (start != 1) out.append(" start=\"").append(std::to_string(start)).append("\"");
    out += '>';
  }
  std::string_view open_span(std::string_view begin, std::string_view end) {
    out += begin;
    return end;
  }
  /// Links do not nest (an image in a link does): the outer one stands.
  std::string_view open_link(const std::string& address) {
    constexpr std::string_view end = "</a>";
    const bool is_in_link = std::ranges::find(spans_, end, &Span::end) != spans_.end();
    if (is_in_link || !is_safe_address(address)) return {};
    out += "<a href=\"";
    append_escaped(out, address);
    out += "\" rel=\"nofollow noopener ugc\">";
    return end;
  }
  /// The innermost first, until `remaining` are open.
  void close_spans(std::size_t remaining) {
    while (spans_.size() > remaining) {
      out += spans_.back().end;
      spans_.pop_back();
    }
  }

  struct Span {
    MD_SPANTYPE type;
    std::string_view end;  // what closes it; empty when nothing was written
  };
  std::vector<Span> spans_;  // that are open
};

/// Gathers words until there are enough. White space counts once a letter follows it.
struct Gatherer {
  std::string out;
  std::size_t most = 0;
  std::size_t count = 0;
  bool is_full = false;
  bool space_is_due = false;

  void add(std::string_view words) {
    if (is_full) return;
    for (const char c : words) {
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
        space_is_due = !out.empty();
        continue;
      }
      const bool starts_letter = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      if (starts_letter) {
        count += space_is_due ? 2 : 1;
        if (count > most) {
          is_full = true;
          return;
        }
        if (std::exchange(space_is_due, false)) out += ' ';
      }
      out += c;
    }
  }
};

/// False when a callback asked to stop, or memory ran out. md4c 0.4.8 looks at the byte behind the
/// last one (`[a](b`, then `)`) and goes on reading from there: so the text ends in a line end of
/// our own, which changes nothing in CommonMark.
bool parse(std::string_view source, MD_PARSER parser, void* self) {
  parser.flags = flavour;
  std::string text;
  text.reserve(source.size() + 1);
  text.append(source).append("\n");
  return md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, self) == 0;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

std::string markdown_html(std::string_view source) {
  Writer writer;
  MD_PARSER parser{};
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
    static_cast<Writer*>(self)->enter(type, detail);
    return 0;
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
    static_cast<Writer*>(self)->leave(type, detail);
    return 0;
  };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
    static_cast<Writer*>(self)->enter(type, detail);
    return 0;
  };
  parser.leave_span = [](MD_SPANTYPE type, void*, void* self) {
    static_cast<Writer*>(self)->leave(type);
    return 0;
  };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* self) {
    static_cast<Writer*>(self)->text(type, {text, size});
    return 0;
  };
  if (!parse(source, parser, &writer)) {
    writer.out = "<p>";  // only memory can run out here; the words are still shown
    append_escaped(writer.out, source);
    writer.out += "</p>";
  }
  return writer.out;
}

std::string markdown_words(std::string_view source, std::size_t most) {
  Gatherer gatherer;
  gatherer.most = most;
  MD_PARSER parser{};
  parser.enter_block = [](MD_BLOCKTYPE, void*, void*) { return 0; };
  parser.leave_block = [](MD_BLOCKTYPE, void*, void* self) {
    auto& gatherer = *static_cast<Gatherer*>(self);
    gatherer.add(" ");
    return gatherer.is_full ? 1 : 0;
  };
  parser.enter_span = [](MD_SPANTYPE, void*, void*) { return 0; };
  parser.leave_span = [](MD_SPANTYPE, void*, void*) { return 0; };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* self) {
    auto& gatherer = *static_cast<Gatherer*>(self);
    std::string letter;
    if (type == MD_TEXT_ENTITY) {
      append_entity(letter, {text, size});
      gatherer.add(letter);
    } else if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) {
      gatherer.add(" ");
    } else if (type != MD_TEXT_NULLCHAR) {
      gatherer.add({text, size});
    }
    return gatherer.is_full ? 1 : 0;
  };
  parse(source, parser, &gatherer);
  if (gatherer.is_full) {
    const auto word_end = gatherer.space_is_due ? std::string::npos : gatherer.out.rfind(' ');
    if (word_end != std::string::npos && word_end > gatherer.out.size() / 2) {
      gatherer.out.resize(word_end);
    }
    gatherer.out += "…";
  }
  return gatherer.out;
}

}  // namespace meent::api
