#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace meent::api {

/// CommonMark (with tables, strikethrough and bare web addresses) as HTML that is safe to show,
/// whoever wrote it: raw HTML is shown as the text it is; links go to http, https and mailto only,
/// with rel="nofollow noopener ugc"; images become links, so that no reader is followed; headings
/// start at <h3>, below the page's own.
/// Shape: any bytes. What is not UTF-8 comes through as it is, escaped.
std::string markdown_html(std::string_view source);

/// The words alone, in one line, cut after `most` characters with an ellipsis.
std::string markdown_words(std::string_view source, std::size_t most);

/// `& < > " '` as entities, for text and quoted attributes.
void append_escaped(std::string& out, std::string_view text);

}  // namespace meent::api
