#include <algorithm>
#include <chrono>

#include "api/frames.h"
#include "api/pages/format.h"
#include "api/pages/forms.h"
#include "api/pages/routes.h"
#include "api/pages/rows.h"
#include "domain/person.h"

namespace meent::api::pages {

using namespace domain;
using std::chrono::seconds;

namespace {

constexpr std::size_t people_on_page = 60;
constexpr std::size_t most_looked_at = 2000;
constexpr seconds session_lifetime{12 * 3600};
constexpr seconds visit_lifetime{3600};

/// Acting as someone else is for demos, from this machine only.
std::optional<Problem> refusal(const Visit& visit) {
  if (visit.site.node.is_demo && visit.request.is_loopback) return std::nullopt;
  return not_found();
}

PersonId person_in_key(std::string_view key) {
  IdBytes bytes{};
  std::copy_n(key.begin() + 1, bytes.size(), bytes.begin());
  return PersonId(bytes);
}

struct DemoPerson {
  PersonId id;
  std::string name;
  Role role = Role::person;
};

/// Those who have written something or moderate, by name: the residents only support.
std::vector<DemoPerson> demo_people(const Visit& visit) {
  const auto person = visit.site.node.tables.person.get();
  const auto state = visit.site.node.store.state(visit.platform.id);
  std::vector<DemoPerson> out;
  const auto rows = state->scan(std::string(1, PersonRecord::table), {}, most_looked_at);
  for (const auto& [key, value] : rows) {
    const auto id = person_in_key(key);
    const auto name = visit.name_of(id);
    const auto role = visit.role_of(id);
    if (!name || !role) continue;
    bool has_written = *role >= Role::moderator;
    if (!has_written && person) {
      const auto page = person->page({.platform = visit.platform.id,
                                      .person = id,
                                      .with_support = false,
                                      .limit = 1,
                                      .cursor = {},
                                      .viewer = {}});
      has_written = page.contribution_count + page.comment_count > 0;
    }
    if (has_written) out.push_back({id, *name, *role});
  }
  std::ranges::sort(out, {}, &DemoPerson::name);
  if (out.size() > people_on_page) out.resize(people_on_page);
  return out;
}

/// The page to return to: one of this platform's own, else its first.
std::string back_to(const Visit& visit, std::string_view asked) {
  const bool is_ours = asked.starts_with(visit.base + "/") && !asked.starts_with("//") &&
                       asked.find('\\') == std::string_view::npos &&
                       !asked.starts_with(visit.base + "/demo");
  return is_ours ? std::string(asked) : visit.home;
}

PageAnswer chooser(const Visit& visit) {
  if (const auto problem = refusal(visit)) return std::unexpected(*problem);
  Page page("demo", visit.texts("demo.title"), visit.texts("demo.lead"));
  page.is_indexed = false;
  Values people(Values::type::list);
  for (const auto& person : demo_people(visit)) {
    Values entry;
    entry["person_id"] = person.id.text();
    entry["person_name"] = person.name;
    entry["person_initials"] = initials(person.name);
    entry["person_role"] =
        or_false(person.role >= Role::moderator ? std::optional(visit.texts("role.moderator"))
                                                : std::nullopt);
    entry["person_current"] = visit.viewer().person == person.id;
    people.push_back(entry);
  }
  page.values["people"] = std::move(people);
  page.values["back"] = back_to(visit, visit.request.query_value("back").value_or(""));
  set_pager(page.values, {}, {});
  return page;
}

/// Guests get a cookie of their own first: the form's seal rests on it.
void show_chooser(const std::shared_ptr<const Site>& site, const Request& request,
                  Respond respond) {
  const auto visit = Visit::find(*site, request);
  if (!visit) return respond(visit.error());
  if (refusal(**visit)) return respond(show_problem(**visit, not_found()));
  if ((*visit)->session.empty() && !request.cookie(visit_cookie)) {
    const auto back = back_to(**visit, request.query_value("back").value_or(""));
    auto response = Response::see_other((*visit)->base + "/demo" + query_of({{"back", back}}));
    response.headers.add(
        "Set-Cookie", cookie_line(**visit, visit_cookie, to_hex(draw_id_bytes()), visit_lifetime));
    return respond(std::move(response));
  }
  auto page = chooser(**visit);
  respond(page ? show(**visit, std::move(*page)) : show_problem(**visit, page.error()));
}

/// A session is a token, and a token is an event that can be revoked.
void sign_in(const std::shared_ptr<const Site>& site, const Request& request, Respond respond) {
  const auto found = Visit::find(*site, request);
  if (!found) return respond(found.error());
  const auto& visit = *found;
  if (const auto problem = refusal(*visit)) return respond(show_problem(*visit, *problem));
  const auto form = Form::read(request);
  if (!form || !is_own_form(*visit, *form)) {
    return respond(Response::see_other(visit->base + "/demo"));
  }
  const auto person = PersonId::parse((*form)["person"]);
  const auto role = person ? visit->role_of(*person) : std::nullopt;
  if (!role) return respond(show_problem(*visit, not_found()));
  const auto token = TokenText::draw();
  auto scopes = static_cast<TokenScopes>(TokenScope::act);
  if (*role >= Role::moderator) scopes |= static_cast<TokenScopes>(TokenScope::moderate);
  const auto lifetime_ms = std::chrono::milliseconds(session_lifetime).count();
  IssueToken command{.token = token.id,
                     .secret_hash = token.hash(),
                     .person = person,
                     .scopes = scopes,
                     .expires_at = Timestamp{visit->now.ms + lifetime_ms},
                     .label = "demo"};
  perform(site->node.sequencer,
          Act{.platform = visit->platform.id,
              .command = TokenCommand(command),
              .requester = local_operator(),
              .occurred_at = {},
              .import_progress = {},
              .idempotency_key = "demo:" + token.id.text(),
              .request = "demo",
              .after = request.least_applied},
          [visit, text = token.text(), back = back_to(*visit, (*form)["back"]),
           shared = std::make_shared<Respond>(std::move(respond))](ActResult result) {
            if (!result) return (*shared)(show_problem(*visit, result.error()));
            // The next page must know the session, whichever node shows it.
            auto response = go_to(*visit, {back, "signed_in"}, *result);
            response.headers.add("Set-Cookie",
                                 cookie_line(*visit, session_cookie, text, session_lifetime));
            (*shared)(std::move(response));
          });
}

void sign_out(const std::shared_ptr<const Site>& site, const Request& request, Respond respond) {
  const auto found = Visit::find(*site, request);
  if (!found) return respond(found.error());
  const auto& visit = *found;
  const auto form = Form::read(request);
  const auto leave = [visit](const eventstore::Accepted& accepted) {
    auto response = go_to(*visit, {visit->home, "signed_out"}, accepted);
    response.headers.add("Set-Cookie", cookie_line(*visit, session_cookie, {}, seconds(0)));
    return response;
  };
  if (!form || !is_own_form(*visit, *form) || !visit->requester.token) {
    return respond(Response::see_other(visit->home));
  }
  perform(site->node.sequencer,
          Act{.platform = visit->platform.id,
              .command = TokenCommand(RevokeToken{*visit->requester.token}),
              .requester = local_operator(),
              .occurred_at = {},
              .import_progress = {},
              .idempotency_key = "sign-out:" + visit->requester.token->text(),
              .request = "sign-out",
              .after = request.least_applied},
          [visit, leave,
           shared = std::make_shared<Respond>(std::move(respond))](const ActResult& result) {
            (*shared)(result ? leave(*result) : show_problem(*visit, result.error()));
          });
}

}  // namespace

void add_demo_pages(Router& router, const std::shared_ptr<const Site>& site) {
  const std::string path = "/p/{platform}/demo";
  router.add(page_route(Method::get, path, "pageDemo", "open: on a demo, from this machine only",
                        [site](const Request& request, Respond respond) {
                          show_chooser(site, request, std::move(respond));
                        }));
  router.add(page_route(Method::post, path, "formDemo", "open: on a demo, from this machine only",
                        [site](const Request& request, Respond respond) {
                          sign_in(site, request, std::move(respond));
                        }));
  router.add(page_route(Method::post, "/p/{platform}/sign-out", "formSignOut",
                        "open: everyone may end their own session",
                        [site](const Request& request, Respond respond) {
                          sign_out(site, request, std::move(respond));
                        }));
}

}  // namespace meent::api::pages
