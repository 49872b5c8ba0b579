#include "domain/platform.h"

#include <algorithm>
#include <set>

#include "domain/person.h"

namespace meent::domain {

namespace {

constexpr std::size_t longest_name = 120;
constexpr std::size_t longest_introduction = 4000;
constexpr std::size_t most_hosts = 16;

using Events = std::vector<PlatformEvent>;
using Answer = Result<Events, PlatformRejection>;

std::string slug_name(const std::string& slug) {
  return "slug:" + slug;
}
std::string host_name(const std::string& host) {
  return "host:" + host;
}

/// Labels of letters, digits and inner hyphens, joined by dots; at most 253 characters.
bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  while (true) {
    const auto label = host.substr(0, host.find('.'));
    const bool plain = std::ranges::all_of(
        label, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    if (label.empty() || label.size() > 63 || !plain || label.front() == '-' ||
        label.back() == '-') {
      return false;
    }
    if (label.size() == host.size()) return true;
    host.remove_prefix(label.size() + 1);
  }
}

bool are_hosts(const std::vector<std::string>& hosts) {
  return hosts.size() <= most_hosts && std::ranges::all_of(hosts, is_host) &&
         std::set<std::string>(hosts.begin(), hosts.end()).size() == hosts.size();
}

bool is_taken(const State& state, const std::string& name, PlatformId by_other_than) {
  const auto owner = find<PlatformNameRecord>(state, name);
  return owner && owner->platform != by_other_than;
}

bool may_found(const State& state, const Context& context) {
  return may_act(context.actor, role_of_actor(state, context), Capability::found, {});
}

Answer decide_on(const State& state, const CreatePlatform& command, const Context& context) {
  if (!may_found(state, context)) return refuse(PlatformRejection::not_allowed);
  if (find<PlatformRecord>(state, {})) return refuse(PlatformRejection::already_created);
  if (!is_slug(command.slug)) return refuse(PlatformRejection::bad_slug);
  if (!is_label(command.name, longest_name)) return refuse(PlatformRejection::bad_name);
  if (!is_language_tag(command.language)) return refuse(PlatformRejection::bad_language);
  if (!is_text(command.introduction) || length(command.introduction) > longest_introduction) {
    return refuse(PlatformRejection::introduction_too_long);
  }
  Events events{PlatformPlaced{.log = command.log},
                PlatformCreated{.platform_key = command.platform_key,
                                .slug = command.slug,
                                .name = command.name,
                                .language = command.language,
                                .introduction = command.introduction}};
  if (context.platform == directory_id() && command.level > 1) {
    events.emplace_back(LevelRaised{command.level});
  }
  return events;
}

Answer decide_on(const State& state, const RegisterPlatform& command, const Context& context) {
  if (!may_found(state, context)) return refuse(PlatformRejection::not_allowed);
  if (context.platform != directory_id() || !find<PlatformRecord>(state, {})) {
    return refuse(PlatformRejection::not_the_directory);
  }
  if (!is_slug(command.slug)) return refuse(PlatformRejection::bad_slug);
  if (is_taken(state, slug_name(command.slug), command.platform)) {
    return refuse(PlatformRejection::slug_taken);
  }
  if (!is_label(command.name, longest_name)) return refuse(PlatformRejection::bad_name);
  if (!are_hosts(command.hosts)) return refuse(PlatformRejection::bad_host);
  for (const auto& host : command.hosts) {
    if (is_taken(state, host_name(host), command.platform)) {
      return refuse(PlatformRejection::host_taken);
    }
  }
  const auto known = find<DirectoryRecord>(state, command.platform);
  if (known && known->slug == command.slug && known->name == command.name &&
      known->hosts == command.hosts && known->partition == command.partition) {
    return refuse(PlatformRejection::already_registered);
  }
  return Events{PlatformRegistered{.platform = command.platform,
                                   .slug = command.slug,
                                   .name = command.name,
                                   .hosts = command.hosts,
                                   .partition = command.partition}};
}

Answer decide_on(const State& state, const MovePlatform& command, const Context& context) {
  if (!may_found(state, context)) return refuse(PlatformRejection::not_allowed);
  const auto record = find<PlatformRecord>(state, {});
  if (!record) return refuse(PlatformRejection::not_founded);
  if (context.platform == directory_id()) return refuse(PlatformRejection::directory_stays);
  if (record->log == command.log) return refuse(PlatformRejection::lives_there);
  return Events{PlatformPlaced{.log = command.log}};
}

Answer decide_on(const State& state, const RaiseLevel& command, const Context& context) {
  if (!may_found(state, context)) return refuse(PlatformRejection::not_allowed);
  if (context.platform != directory_id() || !find<PlatformRecord>(state, {})) {
    return refuse(PlatformRejection::not_the_directory);
  }
  if (command.level <= level_in(state)) return refuse(PlatformRejection::level_reached);
  if (command.level > command.newest) return refuse(PlatformRejection::level_unknown);
  return Events{LevelRaised{command.level}};
}

// Which log the platform lives in comes before what it is called, so this makes the record.
void apply(MutableState& state, const PlatformPlaced& event, const EventContext& context) {
  auto record = find<PlatformRecord>(state, {}).value_or(PlatformRecord{});
  record.log = event.log;
  if (record.created_at == Timestamp{}) record.created_at = context.recorded_at;
  put(state, {}, record);
}

void apply(MutableState& state, const PlatformCreated& event, const EventContext&) {
  auto record = must_find<PlatformRecord>(state, {});
  record.platform_key = event.platform_key;
  record.slug = event.slug;
  record.name = event.name;
  record.language = event.language;
  record.introduction = event.introduction;
  put(state, {}, record);
}

// Slugs a platform has left stay its own, so that old addresses redirect; hosts are given back.
void apply(MutableState& state, const PlatformRegistered& event, const EventContext&) {
  if (const auto earlier = find<DirectoryRecord>(state, event.platform)) {
    for (const auto& host : earlier->hosts) erase<PlatformNameRecord>(state, host_name(host));
  }
  const PlatformNameRecord owner{event.platform};
  put(state, slug_name(event.slug), owner);
  for (const auto& host : event.hosts) put(state, host_name(host), owner);
  put(state, event.platform,
      DirectoryRecord{.slug = event.slug,
                      .name = event.name,
                      .hosts = event.hosts,
                      .partition = event.partition});
}

void apply(MutableState& state, const LevelRaised& event, const EventContext&) {
  put(state, {}, LevelRecord{std::max(event.level, level_in(state))});
}

}  // namespace

std::uint32_t level_in(const State& directory) {
  return find<LevelRecord>(directory, {}).value_or(LevelRecord{}).level;
}

Answer decide(const State& state, const PlatformCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const PlatformEvent& event, const EventContext& context) {
  std::visit([&](const auto& one) { apply(state, one, context); }, event);
}

Reason explain(PlatformRejection rejection) {
  using enum PlatformRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case not_allowed:
      return {"not-allowed", "Only operators and importers make platforms; ask an operator.",
              forbidden};
    case already_created:
      return {"already-created", "This platform exists already; use it, or draw another id.",
              conflict};
    case not_the_directory:
      return {"not-the-directory",
              "Platforms are registered in the directory, once it exists; send this there.",
              conflict};
    case bad_slug:
      return {"bad-slug", "A slug has 1 to 64 lower-case letters, digits and single hyphens.",
              invalid, "slug"};
    case slug_taken:
      return {"slug-taken", "Another platform has or had this slug; choose another one.", conflict,
              "slug"};
    case bad_name:
      return {"bad-name", "Give the platform a name of 1 to 120 characters.", invalid, "name"};
    case bad_language:
      return {"bad-language", "Give the language as a tag such as nl, en-GB or zh-Hant.", invalid,
              "language"};
    case introduction_too_long:
      return {"introduction-too-long", "Keep the introduction to text of at most 4000 characters.",
              invalid, "introduction"};
    case bad_host:
      return {"bad-host", "Give 0 to 16 different host names, in lower case and without a port.",
              invalid, "hosts"};
    case host_taken:
      return {"host-taken", "Another platform uses this host name; choose another one.", conflict,
              "hosts"};
    case already_registered:
      return {"already-registered", "The directory says exactly this already; nothing to do.",
              conflict};
    case not_founded:
      return {"not-founded", "There is no such platform here to move; check its id.", conflict};
    case directory_stays:
      return {"directory-stays", "The directory belongs to its log; move the platforms it lists.",
              conflict};
    case lives_there:
      return {"lives-there", "The platform lives in that log already; nothing to do.", conflict};
    case level_reached:
      return {"level-reached", "The log is at this level or above; nothing to do.", conflict};
    case level_unknown:
      return {"level-unknown", "This software does not know that level; install newer software.",
              conflict};
  }
  std::abort();
}

}  // namespace meent::domain
