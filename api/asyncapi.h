#pragma once
#include <string>

/// The AsyncAPI 3 document (JSON text) of what Meent sends: the public topic, and a platform's
/// history as lines and as server-sent events. Made from the codec, so the same program gives the
/// same bytes; docs/asyncapi.yaml is the same as YAML, which a test compares.
namespace meent::api {

std::string asyncapi_document();

}  // namespace meent::api
