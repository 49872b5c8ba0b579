#include "api/pages/pages.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "api/pages/routes.h"
#include "api/pages/web_files.h"
#include "api/seals.h"

namespace meent::api {

namespace {

using namespace pages;

/// "meent.css" as "/style/meent.<digest>.css": its name changes with it, so it is kept for ever.
std::string lasting_name(std::string_view stem, std::string_view extension,
                         std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
  return "/style/" + std::string(stem) + "." +
         base64url({reinterpret_cast<const char*>(hash.data()), 9}) + "." + std::string(extension);
}

void add_file(Router& router, const std::string& path, const std::string& id,
              std::string_view content_type, std::string bytes) {
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  router.add(
      page_route(Method::get, path, id, "open: the same for everyone",
                 [shared, type = std::string(content_type)](const Request&, Respond respond) {
                   Response response(200, type, Body(shared));
                   response.headers.add("Cache-Control", "public, max-age=31536000, immutable");
                   respond(std::move(response));
                 }));
}

}  // namespace

void find_own_host(const Node& node, Request& request) {
  constexpr std::array<std::string_view, 9> shared{
      "api", "internal", "p", "style", "healthz", "readyz", "metrics", "problems", "openapi"};
  const auto host = request.header("host");
  const bool is_shared = !request.segments.empty() &&
                         std::ranges::find(shared, request.segments.front()) != shared.end();
  if (!host || is_shared) return;
  const auto platform = find_platform_of_host(node.store, *host);
  if (!platform) return;
  request.segments.insert(request.segments.begin(), {"p", platform->record.slug});
}

void add_pages(Router& router, const Node& node) {
  auto style = web_file("style/meent.css");
  auto icon = web_file("style/meent.svg");
  const auto style_href = lasting_name("meent", "css", style);
  const auto icon_href = lasting_name("meent", "svg", icon);
  const std::shared_ptr<const Site> site(
      new Site{node, Templates(web_file, page_names()), style_href, icon_href});
  add_file(router, style_href, "styleSheet", "text/css; charset=utf-8", std::move(style));
  add_file(router, icon_href, "styleIcon", "image/svg+xml", std::move(icon));
  add_feed_pages(router, site);
  add_contribution_pages(router, site);
  add_comment_pages(router, site);
  add_history_pages(router, site);
  add_search_page(router, site);
  add_person_page(router, site);
  add_contribution_forms(router, site);
  add_comment_forms(router, site);
  add_moderation_forms(router, site);
  add_demo_pages(router, site);
  router.set_problem_page([site](const Request& request, const Problem& problem) {
    return show_problem(*site, request, problem);
  });
}

}  // namespace meent::api
