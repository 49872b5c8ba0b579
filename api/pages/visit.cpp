#include "api/pages/visit.h"

#include <algorithm>

#include "api/pages/format.h"
#include "api/seals.h"
#include "domain/person.h"

namespace meent::api::pages {

using namespace domain;

namespace {

constexpr std::size_t most_spaces = 100;
constexpr std::size_t most_kinds = 500;

/// The path does not name the platform: the host did (see pages.h).
bool is_on_own_host(const Request& request) {
  return !request.raw_path().starts_with("/p/");
}

SpaceId space_in_key(std::string_view key) {
  IdBytes bytes{};
  std::copy_n(key.begin() + 1, bytes.size(), bytes.begin());
  return SpaceId(bytes);
}

}  // namespace

Visit::Visit(const Site& on, const Request& made, Platform found)
    : site(on),
      request(made),
      platform(std::move(found)),
      texts(on.templates.texts(platform.record.language)),
      now(wall_clock()),
      base(is_on_own_host(made) ? "" : "/p/" + platform.record.slug),
      home(base.empty() ? "/" : base),
      state_(on.node.store.state(platform.id)) {
  find_requester();
  find_spaces_and_kinds();
}

std::expected<std::shared_ptr<Visit>, Response> Visit::find(const Site& site,
                                                            const Request& request) {
  const auto name = request.path_parameter("platform");
  auto found = find_platform(site.node.store, name);
  if (!found) {
    return std::unexpected(show_problem(site, request, Problem{&problems::not_found, {}, {}, {}}));
  }
  const bool is_named = !is_on_own_host(request);
  const bool is_read = request.method == Method::get || request.method == Method::head;
  if (is_named && is_read && name != found->record.slug) {
    const auto rest = request.target.find('/', sizeof("/p/") - 1);
    const auto tail = rest == std::string::npos ? std::string() : request.target.substr(rest);
    Response moved(301);
    moved.headers.add("Location", "/p/" + found->record.slug + tail);
    return std::unexpected(std::move(moved));
  }
  return std::make_shared<Visit>(site, request, std::move(*found));
}

void Visit::find_requester() {
  const auto cookie = request.cookie(session_cookie);
  if (!cookie) return;
  auto found = api::find_requester(site.node.store, platform.id, *cookie);
  // A session that has ended leaves a guest, who may still read.
  if (!found || !found->viewer.person) return;
  requester = *found;
  session = *cookie;
}

void Visit::find_spaces_and_kinds() {
  for (const auto& [key, value] :
       state_->scan(std::string(1, SpaceRecord::table), {}, most_spaces)) {
    const auto id = space_in_key(key);
    auto record = unpack<SpaceRecord>(value);
    if (record && may_see(viewer(), Scope::of_space(id, Level::open))) {
      spaces.emplace_back(id, std::move(*record));
    }
  }
  std::ranges::sort(spaces, {}, [](const auto& entry) {
    return std::pair(entry.second.created_at, entry.first);
  });
  for (const auto& [key, value] : state_->scan(std::string(1, KindRecord::table), {}, most_kinds)) {
    if (auto record = unpack<KindRecord>(value)) {
      const auto kind_name = record->kind.name;
      kinds.emplace(kind_name, std::move(record->kind));
    }
  }
}

const SpaceRecord* Visit::space(SpaceId id) const {
  const auto found = std::ranges::find(spaces, id, [](const auto& entry) { return entry.first; });
  return found == spaces.end() ? nullptr : &found->second;
}

const Kind* Visit::kind(std::string_view name) const {
  const auto found = kinds.find(name);
  return found == kinds.end() ? nullptr : &found->second;
}

std::string Visit::kind_label(std::string_view name) const {
  const auto* found = kind(name);
  return found != nullptr ? found->label : std::string(name);
}

const Visit::Known& Visit::known(PersonId person) const {
  const auto [place, is_new] = people_.try_emplace(person);
  if (is_new) {
    if (const auto record = domain::find<PersonRecord>(*state_, person)) {
      place->second = {open(record->name), record->role};
    }
  }
  return place->second;
}

std::optional<std::string> Visit::name_of(PersonId person) const {
  return known(person).name;
}

std::optional<Role> Visit::role_of(PersonId person) const {
  return known(person).role;
}

std::optional<std::string> Visit::open(const std::optional<PrivateText>& text) const {
  return site.node.open(platform.id, text);
}

bool Visit::may(Capability capability, const Target& target) const {
  return viewer().is_signed_in && may_act(requester.actor, requester.role, capability, target);
}

std::string Visit::form_seal() const {
  const std::string whose =
      session.empty() ? std::string(request.cookie(visit_cookie).value_or("")) : session;
  const auto mac = site.node.keys.mac(platform.record.platform_key, {"form", whose});
  if (!mac) return {};
  return base64url({reinterpret_cast<const char*>(mac->data()), 18});
}

std::string Visit::href(SpaceId id) const {
  const auto* record = space(id);
  return base + "/s/" + (record != nullptr ? record->description.slug : id.text());
}
std::string Visit::href(ContributionId id) const {
  return base + "/c/" + id.text();
}
std::string Visit::href(CommentId id) const {
  return base + "/m/" + id.text();
}
std::string Visit::href(PersonId id) const {
  return base + "/people/" + id.text();
}
std::string Visit::time(Timestamp when) const {
  return time_words(texts, when, now);
}

}  // namespace meent::api::pages
