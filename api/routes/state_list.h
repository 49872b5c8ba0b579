#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "api/frames.h"

/// Lists that are read from a platform's state, in the order of its keys.
namespace meent::api {

/// The id that a state record is kept under; `key` without its table.
template <class IdT>
IdT id_of_key(std::string_view key) {
  domain::IdBytes bytes{};
  std::copy_n(key.begin(), std::min(key.size(), bytes.size()), bytes.begin());
  return IdT(bytes);
}

/// One page of all records of a sort. `write_one(json, key, record)` adds an element, or none.
/// Errors: invalid_parameters, invalid_cursor.
template <class Record, class WriteOne>
Answer state_list(const Node& node, const Call& call, std::string_view name, std::size_t most,
                  const WriteOne& write_one) {
  const auto limit = limit_of(call.request, 50, most);
  if (!limit) return std::unexpected(limit.error());
  const auto cursor = cursor_of(node, call, name);
  if (!cursor) return std::unexpected(cursor.error());
  const auto state = node.store.state(call.platform.id);
  const auto rows = state->scan(std::string(1, Record::table), cursor->value_or(""), *limit);
  JsonWriter json;
  json.open_object().open_array("items");
  for (const auto& [key, value] : rows) {
    const auto record = domain::unpack<Record>(value);
    if (record) write_one(json, std::string_view(key).substr(1), *record);
  }
  json.close_array();
  json.field("next", rows.size() == *limit
                         ? std::optional(seal_cursor(node, call.platform, name, rows.back().first))
                         : std::nullopt);
  return Response::json(json.close_object().take());
}

}  // namespace meent::api
