#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "api/markdown.h"
#include "api/pages/visit.h"
#include "api/seals.h"

namespace meent::api::pages {

using namespace domain;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds longest_wait{2000};
constexpr std::size_t longest_description = 160;

void frame(Values& values, const Site& site, const Request& request, const Page& page) {
  values["page_description"] =
      markdown_words(page.description.empty() ? page.title : page.description, longest_description);
  values["og_type"] = page.is_article ? "article" : "website";
  values["og_title"] = page.title;
  const auto origin = origin_of(request);
  values["canonical"] = or_false(origin.empty() || page.status != 200
                                     ? std::nullopt
                                     : std::optional(origin + std::string(request.raw_path())));
  values["no_index"] = !page.is_indexed || page.status != 200;
  values["style_href"] = site.style_href;
  values["icon_href"] = site.icon_href;
  values["search_text"] = page.search_text;
}

/// The notice that an act left behind: "commented.<id>".
void frame_notice(Values& values, const Visit& visit) {
  const auto cookie = visit.request.cookie(notice_cookie);
  const auto word = cookie ? cookie->substr(0, cookie->find('.')) : std::string_view();
  const std::string key = "notice." + std::string(word);
  const bool known = cookie && visit.texts.has(key) && key != "notice.see";
  values["notice"] = false;
  values["notice_href"] = false;
  if (!known) return;
  const auto& person = visit.viewer().person;
  const auto name = person ? visit.name_of(*person).value_or("") : std::string();
  values["notice"] = visit.texts(key, {{"name", name}});
  const auto id = cookie->size() > word.size() ? CommentId::parse(cookie->substr(word.size() + 1))
                                               : std::nullopt;
  if (!id) return;
  values["notice_href"] = visit.href(*id);
  values["notice_link"] = visit.texts("notice.see");
}

void frame_nav(Values& values, const Visit& visit, const Page& page) {
  Values nav(Values::type::list);
  const auto add = [&](const std::string& href, const std::string& label, bool is_here) {
    Values entry;
    entry["nav_href"] = href;
    entry["nav_label"] = label;
    const bool is_exact = is_here && href == visit.request.raw_path();
    entry["nav_current"] = is_exact;
    entry["nav_within"] = is_here && !is_exact;
    nav.push_back(entry);
  };
  add(visit.home, visit.texts("nav.home"), page.is_home);
  for (const auto& [id, record] : visit.spaces) {
    add(visit.href(id), record.description.title, page.space == id);
  }
  values["nav"] = std::move(nav);
}

/// What only visitors who act carry: their answers are nobody else's.
bool is_personal(const Request& request) {
  constexpr std::array<std::string_view, 4> cookies{session_cookie, after_cookie, notice_cookie,
                                                    visit_cookie};
  return std::ranges::any_of(cookies, [&](auto name) { return request.cookie(name).has_value(); });
}

Response html(const Visit& visit, std::string text, unsigned status) {
  Response response = Response::html(std::move(text), status);
  response.headers.add("Cache-Control",
                       is_personal(visit.request) ? "private, no-store" : "no-cache");
  response.headers.add("Vary", "Cookie");
  if (visit.request.cookie(notice_cookie) && visit.request.method == Method::get) {
    response.headers.add("Set-Cookie", cookie_line(visit, notice_cookie, {}, seconds(0)));
  }
  return response;
}

std::string digest(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return base64url({reinterpret_cast<const char*>(hash.data()), 12});
}

Response if_changed(const Request& request, Response response, const std::string& etag) {
  const auto wanted = request.header("if-none-match");
  if (wanted && wanted->find(etag) != std::string_view::npos) {
    Response same(304);
    same.headers.add("ETag", etag);
    return same;
  }
  response.headers.add("ETag", etag);
  return response;
}

Response answer(const Visit& visit, const std::function<PageAnswer(const Visit&)>& make) {
  auto made = make(visit);
  if (!made) return show_problem(visit, made.error());
  return show(visit, std::move(*made));
}

std::string cache_key(const Request& request) {
  return "page " + std::string(request.header("x-forwarded-proto").value_or("")) + " " +
         std::string(request.header("host").value_or("")) + " " + request.target;
}

/// One guest's answer serves the next as long as nothing it rests on has changed.
std::optional<Response> from_cache(const Site& site, const Request& request) {
  const auto platform = find_platform(site.node.store, request.path_parameter("platform"));
  if (!platform) return std::nullopt;
  const auto cached = site.node.cache.find(cache_key(request), site.node.stamp(platform->id));
  if (!cached) return std::nullopt;
  Response response(200, cached->content_type, cached->body);
  response.headers.append(cached->headers);
  return if_changed(request, std::move(response), cached->etag);
}

Response guests_answer(const Visit& visit, const std::function<PageAnswer(const Visit&)>& make) {
  const auto stamp = visit.site.node.stamp(visit.platform.id);
  auto response = answer(visit, make);
  if (response.status != 200) return response;
  auto kept = std::make_shared<CachedAnswer>();
  kept->content_type = response.headers.find("content-type").value_or("");
  kept->headers = response.headers;
  kept->headers.remove("content-type");
  kept->etag = '"' + digest(response.body.view()) + '"';
  kept->body = std::make_shared<const std::string>(response.body.view());
  response.body = Body(kept->body);
  const auto etag = kept->etag;
  visit.site.node.cache.store(cache_key(visit.request), stamp, std::move(kept));
  return if_changed(visit.request, std::move(response), etag);
}

/// Waits for one view after the other, then goes on whatever came of it: a page that is a little
/// old is better than none.
void when_fresh(std::shared_ptr<Visit> visit, std::uint64_t position,
                std::vector<std::string> views, std::function<void()> go_on) {
  if (views.empty()) return go_on();
  const std::string view = std::move(views.back());
  views.pop_back();
  auto& runner = visit->site.node.runner;
  const auto platform = visit->platform.id;
  runner.when_reached(view, platform, position, longest_wait,
                      [visit = std::move(visit), position, views = std::move(views),
                       go_on = std::move(go_on)](projections::WaitOutcome) mutable {
                        when_fresh(std::move(visit), position, std::move(views), std::move(go_on));
                      });
}

std::optional<std::uint64_t> position_asked(const Visit& visit) {
  const auto cookie = visit.request.cookie(after_cookie);
  if (!cookie) return std::nullopt;
  const auto place = unseal(visit.site.node.keys, visit.site.node.store, visit.platform.id,
                            visit.platform.record.platform_key, Seal::token, {}, *cookie);
  return place ? std::optional(place->position) : std::nullopt;
}

}  // namespace

Values or_false(const std::optional<std::string>& present) {
  return present ? Values(*present) : Values(false);
}

std::string hue_of(std::string_view slug) {
  constexpr std::uint32_t start = 0x811C9DC5;
  constexpr std::uint32_t factor = 0x01000193;
  std::uint32_t hash = start;
  for (const char c : slug) hash = (hash ^ static_cast<unsigned char>(c)) * factor;
  return std::to_string((hash >> 18U) % 6);
}

std::string cookie_line(const Visit& visit, std::string_view name, std::string_view value,
                        seconds lifetime) {
  std::string line = std::string(name) + "=" + std::string(value) + "; Path=" + visit.home +
                     "; Max-Age=" + std::to_string(lifetime.count()) + "; HttpOnly; SameSite=Lax";
  if (visit.request.header("x-forwarded-proto") == "https") line += "; Secure";
  return line;
}

Response show(const Visit& visit, Page page) {
  Values& values = page.values;
  const auto& record = visit.platform.record;
  frame(values, visit.site, visit.request, page);
  frame_notice(values, visit);
  frame_nav(values, visit, page);
  values["page_language"] = record.language;
  values["hue"] = hue_of(record.slug);
  values["page_title"] = page.is_home ? page.title : page.title + " – " + record.name;
  values["site_name"] = record.name;
  values["platform_name"] = record.name;
  values["in_platform"] = true;
  values["brand_href"] = visit.home;
  values["base"] = visit.base;
  const auto& person = visit.viewer().person;
  const auto name = person ? visit.name_of(*person) : std::nullopt;
  values["viewer_name"] = or_false(person ? name.value_or(visit.texts("author.unknown"))
                                          : std::optional<std::string>());
  values["viewer_href"] = person ? visit.href(*person) : "";
  values["viewer_role"] = or_false(visit.viewer().role > Role::person && person
                                       ? std::optional(visit.texts("role.moderator"))
                                       : std::nullopt);
  const auto back = "?back=" + percent_encode(visit.request.raw_path());
  const auto demo =
      visit.site.node.is_demo ? std::optional(visit.base + "/demo" + back) : std::nullopt;
  values["demo_href"] = or_false(demo);
  values["join_href"] = or_false(demo);
  values["sign_out_href"] =
      or_false(person ? std::optional(visit.base + "/sign-out") : std::nullopt);
  values["csrf"] = visit.form_seal();
  return html(visit, visit.site.templates.render(page.name, record.language, values), page.status);
}

Response show(const Site& site, const Request& request, Page page) {
  const auto& texts = site.templates.texts("nl");
  Values& values = page.values;
  frame(values, site, request, page);
  values["page_language"] = texts.language();
  values["hue"] = "0";
  values["page_title"] = page.title;
  values["site_name"] = texts("installation.name");
  values["in_platform"] = false;
  values["brand_href"] = "/";
  values["base"] = "";
  for (const auto* absent :
       {"viewer_name", "demo_href", "notice", "notice_href", "sign_out_href"}) {
    values[absent] = false;
  }
  return Response::html(site.templates.render(page.name, texts.language(), values), page.status);
}

Handler page(std::shared_ptr<const Site> site, std::vector<std::string> views,
             std::function<PageAnswer(const Visit&)> make) {
  return [site = std::move(site), views = std::move(views), make = std::move(make)](
             const Request& request, Respond respond) {
    const bool is_guest = !is_personal(request);
    if (is_guest) {
      if (auto cached = from_cache(*site, request)) return respond(std::move(*cached));
    }
    auto visit = Visit::find(*site, request);
    if (!visit) return respond(std::move(visit.error()));
    if (is_guest) return respond(guests_answer(**visit, make));
    const auto position = position_asked(**visit);
    if (!position) return respond(answer(**visit, make));
    auto shared = std::make_shared<Respond>(std::move(respond));
    const auto held = *visit;
    when_fresh(held, *position, views, [held, make, shared] { (*shared)(answer(*held, make)); });
  };
}

Route page_route(Method method, std::string path, std::string id, std::string guard,
                 Handler handler) {
  Route route{
      .method = method, .path = std::move(path), .operation = {}, .handler = std::move(handler)};
  route.operation.id = std::move(id);
  route.operation.summary = "Page";
  route.operation.guard = std::move(guard);
  if (method == Method::post) {
    route.operation.body.media_types = {"application/x-www-form-urlencoded"};
  }
  return route;
}

}  // namespace meent::api::pages
