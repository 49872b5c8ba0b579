#pragma once

#include "api/router.h"

#include <span>
#include <string>

namespace meent::api {

struct OpenApiInfo {
  std::string title = "Meent";
  std::string description = {};
  std::string contact_name = {};
  std::string contact_url = {};
  std::string server_url = "/";
  /// Tags in the order in which readers should meet them.
  std::vector<std::pair<std::string, std::string>> tags = {};
};

/// Problem statuses that any operation can answer with: the server below the router makes them.
std::span<const unsigned> shared_problem_statuses();

/// The OpenAPI 3.1 document (JSON text) of every row under /api/. The same rows give the same
/// bytes. Throws std::invalid_argument, naming row and field: a schema or example that is not JSON,
/// a reference to a schema that is not registered, a tag that is not in `info`, an operation
/// without summary or responses.
std::string openapi_document(const Router& router, const OpenApiInfo& info);

}  // namespace meent::api
