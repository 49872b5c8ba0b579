#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "api/frames.h"

/// Pages of earlier texts, newest first: contributions and comments have them alike.
namespace meent::api {

struct RevisionsAsked {
  std::optional<std::uint32_t> before;
  std::size_t limit = 0;
};

/// `before` and `limit` of the query. Errors: invalid_parameters.
std::expected<RevisionsAsked, Problem> revisions_asked(const Request& request);

/// The answer with a page's rows and `next`; `write_text` adds title and body of one.
template <class Page, class WriteText>
Response revision_page(const Page& page, const WriteText& write_text) {
  JsonWriter json;
  json.open_object().open_array("items");
  for (const auto& revision : page.rows) {
    json.open_object().field("revision", revision.revision);
    write_text(json, revision);
    json.field("written_at", revision.written_at).close_object();
  }
  json.close_array().field("next", page.next).close_object();
  return Response::json(json.take());
}

/// Its Operation row; `item` is the parameter that names what has them.
Operation revisions_operation(std::string tag, std::string id, std::string guard, Parameter item);
void add_revisions_schema(Router& router);

}  // namespace meent::api
