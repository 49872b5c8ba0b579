#pragma once
#include "api/node.h"
#include "api/router.h"

namespace meent::api {

/// Every page and every form, beside the JSON routes: HTML that needs no script, made from the same
/// views and changed through the same commands. Problems outside /api/ become pages too.
/// `node` must outlive the router. Throws std::runtime_error when a template does not load.
void add_pages(Router& router, const Node& node);

/// On a platform's own host name its pages are at "/": the request becomes one for that platform.
/// Before `Router::dispatch`; other requests stay as they are.
void find_own_host(const Node& node, Request& request);

}  // namespace meent::api
