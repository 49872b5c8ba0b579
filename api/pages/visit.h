#pragma once
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/node.h"
#include "api/pages/templates.h"
#include "api/requester.h"
#include "api/router.h"
#include "domain/kind.h"
#include "domain/space.h"

/// One request for a page, and how it becomes one. Private to api/pages: brings in Mustache.
namespace meent::api::pages {

/// What all pages share; made once.
struct Site {
  const Node& node;
  Templates templates;
  std::string style_href, icon_href;  ///< with a digest in their names: cached for ever
};

/// A request with everything found that pages ask for again and again.
class Visit {
 public:
  /// Errors: the page to answer with (no such platform; its slug has changed).
  static std::expected<std::shared_ptr<Visit>, Response> find(const Site& site,
                                                              const Request& request);

  const Site& site;
  const Request& request;
  const Platform platform;
  const Texts& texts;
  Requester requester;
  std::string session;  ///< the token's text from the cookie; empty for a guest
  domain::Timestamp now;
  /// Open and closed ones that the viewer may see, the first 100 in order of their making.
  std::vector<std::pair<domain::SpaceId, domain::SpaceRecord>> spaces;
  std::map<std::string, domain::Kind, std::less<>> kinds;
  std::string base;  ///< "/p/overijssel"; empty on a host name of its own
  std::string home;  ///< base, or "/"

  [[nodiscard]] const domain::Viewer& viewer() const { return requester.viewer; }
  [[nodiscard]] const domain::SpaceRecord* space(domain::SpaceId id) const;
  [[nodiscard]] const domain::Kind* kind(std::string_view name) const;
  [[nodiscard]] std::string kind_label(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> name_of(domain::PersonId person) const;
  [[nodiscard]] std::optional<domain::Role> role_of(domain::PersonId person) const;
  [[nodiscard]] std::optional<std::string> open(
      const std::optional<domain::PrivateText>& text) const;
  [[nodiscard]] bool may(domain::Capability capability, const domain::Target& target) const;
  /// What a form of this visitor carries, so that no other site can send it in their name.
  [[nodiscard]] std::string form_seal() const;

  [[nodiscard]] std::string href(domain::SpaceId space) const;
  [[nodiscard]] std::string href(domain::ContributionId contribution) const;
  [[nodiscard]] std::string href(domain::CommentId comment) const;
  [[nodiscard]] std::string href(domain::PersonId person) const;
  [[nodiscard]] std::string time(domain::Timestamp when) const;

  Visit(const Site& site, const Request& request, Platform found);

 private:
  void find_requester();
  void find_spaces_and_kinds();
  struct Known {
    std::optional<std::string> name;
    std::optional<domain::Role> role;
  };
  const Known& known(domain::PersonId person) const;
  std::unique_ptr<eventstore::StateReader> state_;
  mutable std::unordered_map<domain::PersonId, Known> people_;
};

/// A page before its frame.
struct Page {
  Page(std::string_view template_name, std::string page_title, std::string told)
      : name(template_name), title(std::move(page_title)), description(std::move(told)) {}
  std::string_view name;
  Values values;
  std::string title;
  std::string description;
  unsigned status = 200;
  bool is_article = false;
  bool is_indexed = true;                ///< search engines may list it
  std::optional<domain::SpaceId> space;  ///< where in the platform it is
  bool is_home = false;                  ///< the platform's own page
  std::string search_text;
};

/// The page in the platform's frame.
Response show(const Visit& visit, Page page);
/// A page of the installation, or one that belongs to no platform.
Response show(const Site& site, const Request& request, Page page);
/// A problem as a page in the visitor's platform. `kept`: what they had written, so nothing is
/// lost.
Response show_problem(const Visit& visit, const Problem& problem, std::string_view kept = {});
Response show_problem(const Site& site, const Request& request, const Problem& problem);

using PageAnswer = std::expected<Page, Problem>;
/// GET: waits (bounded, then shows what there is) until `views` hold what the visitor did last;
/// guests' pages are cached.
Handler page(std::shared_ptr<const Site> site, std::vector<std::string> views,
             std::function<PageAnswer(const Visit&)> make);

/// A row for a page or form: its path, and the policy check it makes.
Route page_route(Method method, std::string path, std::string id, std::string guard,
                 Handler handler);

/// The sentence for a problem, in the visitor's language.
std::string words_of(const Texts& texts, const Problem& problem,
                     std::optional<std::size_t> limit = {});

/// `present`, or false: absent values must not be looked for in outer contexts.
Values or_false(const std::optional<std::string>& present);
std::string hue_of(std::string_view slug);
/// `name=value` of a cookie that lives on this platform's pages only; no value: forget it.
std::string cookie_line(const Visit& visit, std::string_view name, std::string_view value,
                        std::chrono::seconds lifetime);

inline constexpr std::string_view session_cookie = "meent_session";
inline constexpr std::string_view after_cookie = "meent_after";
inline constexpr std::string_view notice_cookie = "meent_notice";
inline constexpr std::string_view visit_cookie = "meent_visit";

}  // namespace meent::api::pages
