#include "api/cluster.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "api/moving_desk.h"
#include "api/pages/pages.h"
#include "api/pages/visit.h"
#include "api/seals.h"
#include "eventstore/forwarding.h"

namespace meent::api {

using namespace domain;
using eventstore::Forwarding;
using eventstore::PartitionRole;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::string_view founding_target = "/internal/v1/foundings";
constexpr milliseconds longest_try{10'000};
constexpr milliseconds look_again{5};
constexpr milliseconds longest_unknown{300};  // for a platform that was founded elsewhere just now
constexpr milliseconds shortest_unseen{1'000}, longest_unseen{2'000};
constexpr milliseconds longest_look{5'000};

/// What the router would have said of it.
Response refusal(const Problem& problem, const Request& request) {
  auto response = to_response(problem, request);
  if (request.target.starts_with("/api/")) {
    response.headers.add("API-Version", Router::api_version);
  }
  return response;
}

Problem moved_problem() {
  return {
      &problems::moved, "No node owns this part of the log just now.", {}, std::chrono::seconds(1)};
}

/// Addresses of the API, and those of nodes among themselves.
bool is_of_platforms(const std::vector<std::string>& path) {
  return path.size() > 2 && (path[0] == "api" || path[0] == "internal") && path[2] == "platforms";
}

bool names_platform_by_id(const Request& request) {
  const auto& path = request.segments;
  return path.size() > 3 && is_of_platforms(path) && PlatformId::parse(path[3]).has_value();
}

bool is_read(Method method) {
  return method == Method::get || method == Method::head || method == Method::options;
}

}  // namespace

// Cluster ----------------------------------------------------------------------------------------

struct Cluster::Impl {
  Impl(const Node& node_in, eventstore::Replicated& replicated_in, const Router& router_in)
      : node(node_in),
        replicated(replicated_in),
        router(router_in),
        seal(replicated_in.secret()),
        moving(node_in, replicated_in.secret()) {}

  [[nodiscard]] std::uint32_t partition_count() const {
    const auto genesis = node.store.partition(0).genesis;
    return genesis ? genesis->partitions : 1;
  }
  [[nodiscard]] bool owns(std::uint32_t partition) const {
    return replicated.sequencer().role(partition) == PartitionRole::owning;
  }
  /// Of the owner, when that is another node.
  [[nodiscard]] std::optional<std::string> url_of_owner(std::uint32_t partition) const {
    auto now = seen(partition);
    if (!Forwarding::is_elsewhere(now)) return std::nullopt;
    return std::move(now.owner_url);
  }
  [[nodiscard]] Forwarding::Seen seen(std::uint32_t partition) const {
    const auto* membership = replicated.membership();
    return {.owns = owns(partition),
            .owner_url = node.store.partition(partition).url,
            .own_url = membership != nullptr ? membership->url() : std::string()};
  }
  /// The platform a request is about; the directory for founding one; nothing: none, or not known
  /// here.
  [[nodiscard]] std::optional<PlatformId> platform_of(const Request& request) const {
    const auto& path = request.segments;
    const bool is_in_api = is_of_platforms(path);
    if (is_in_api && path.size() == 3) return directory_id();
    // The level of the log is in the directory.
    const bool is_level = path.size() == 3 && path[0] == "api" && path[2] == "level";
    if (is_level) return directory_id();
    if (!is_in_api && (path.size() < 2 || path[0] != "p")) return std::nullopt;
    const auto platform = find_platform(node.store, path[is_in_api ? 3 : 1]);
    return platform ? std::optional(platform->id) : std::nullopt;
  }
  void when_reached(Request& request, Respond respond, Clock::time_point since);
  [[nodiscard]] bool is_ahead(const Request& request, PlatformId platform) const;
  void proceed(Request& request, Respond respond, const std::optional<PlatformId>& platform);
  void answer_founding(const Request& request, Respond respond) const;
  void wait_for_platform(PlatformId platform, Clock::time_point until, FoundingDone done);
  void answer_moving(const Request& request, const NodeSeal::Passed& passed, Respond respond);

  const Node& node;
  eventstore::Replicated& replicated;
  const Router& router;
  NodeSeal seal;
  MovingDesk moving;
  std::atomic<std::uint64_t> forwarded = 0, repeated = 0, received = 0, given_up = 0;
  PeerClient client;  // last: its thread ends first
};

/// One command until it is answered: here, by the owner, or not in time. The same key every time,
/// so that it happens once.
struct Cluster::Try : std::enable_shared_from_this<Try> {
  Try(Impl& impl_in, Request& request_in, Respond respond_in, PlatformId platform_in)
      : impl(impl_in),
        request(request_in),
        respond(std::move(respond_in)),
        platform(platform_in),
        partition(eventstore::partition_of(platform_in, impl_in.partition_count())) {}

  void go() {
    try {
      step(way.go(Clock::now(), impl.seen(partition)));
    } catch (const std::exception& fault) {
      spdlog::error("{} {}: {}", request.method_name, request.raw_path(), fault.what());
      respond(refusal(Problem{&problems::internal_error, {}, {}, {}}, request));
    }
  }

  void step(const Forwarding::Step& next) {
    if (std::holds_alternative<Forwarding::Here>(next)) return go_here();
    if (const auto* send = std::get_if<Forwarding::Send>(&next)) return go_to(*send);
    if (const auto* wait = std::get_if<Forwarding::Wait>(&next)) {
      ++impl.repeated;
      return impl.client.after(wait->delay, [self = shared_from_this()] { self->go(); });
    }
    ++impl.given_up;
    respond(refusal(moved_problem(), request));
  }

  void again() { step(way.again(Clock::now())); }

  void go_here() {
    impl.router.dispatch(request, Respond([self = shared_from_this()](Response response) {
                           self->take(std::move(response));
                         }));
  }

  void go_to(const Forwarding::Send& to) {
    ++impl.forwarded;
    PeerClient::PeerRequest out{.method = request.method_name,
                                .target = request.target,
                                .headers = request.headers,
                                .body = request.body};
    if (!out.headers.contains("host")) out.headers.add("Host", "meent");
    out.headers.set(node_seal_header,
                    impl.seal.make(request.method_name, request.target,
                                   request.header("authorization").value_or(""), request.body,
                                   {.applied = impl.node.store.tip(platform).position,
                                    .is_loopback = request.is_loopback,
                                    .is_operator = request.is_local_operator,
                                    .is_first_hop = false},
                                   wall_clock()));
    impl.client.send(
        to.url, std::move(out),
        [self = shared_from_this(), hop = to.hop](std::expected<Response, std::string> answer) {
          if (!self->way.take(hop)) return;  // given up meanwhile
          if (answer) return self->take(std::move(*answer));
          self->again();
        });
    watch(to);
  }

  /// An owner that was replaced while it is silent is not waited for.
  void watch(const Forwarding::Send& sent) {
    impl.client.after(Forwarding::watch_interval, [self = shared_from_this(), sent] {
      if (!self->way.is_awaited(sent.hop)) return;
      if (Forwarding::is_worth_waiting(sent, self->impl.seen(self->partition))) {
        return self->watch(sent);
      }
      self->again();
    });
  }

  void take(Response response) {
    if (response.headers.contains(moved_header)) return again();
    respond(std::move(response));
  }

  Impl& impl;
  Request& request;
  Respond respond;
  PlatformId platform;
  std::uint32_t partition;
  Forwarding way{Clock::now(), longest_try};  ///< once on its way, on the client's thread
};

Cluster::Cluster(const Node& node, eventstore::Replicated& replicated, const Router& router)
    : impl_(std::make_unique<Impl>(node, replicated, router)) {}

Cluster::~Cluster() = default;

void Cluster::dispatch(Request& request, Respond respond) {
  if (request.header(node_seal_header)) {
    const auto passed = impl_->seal.open(request, wall_clock());
    if (!passed) {
      return respond(refusal(
          Problem{&problems::not_allowed,
                  "The seal of a node does not fit: another cluster secret, or clocks that differ.",
                  {},
                  {}},
          request));
    }
    ++impl_->received;
    request.headers.remove(node_seal_header);
    request.least_applied = passed->applied;
    request.is_loopback = passed->is_loopback;
    request.is_local_operator = passed->is_operator;
    if (request.target == founding_target) {
      return impl_->answer_founding(request, std::move(respond));
    }
    if (request.target.starts_with(moving_prefix)) {
      return impl_->answer_moving(request, *passed, std::move(respond));
    }
    request.is_forwarded = !passed->is_first_hop;
  }
  find_own_host(impl_->node, request);
  impl_->when_reached(request, std::move(respond), Clock::now());
}

/// What the request refers to may not have come here yet: then it waits for the log.
void Cluster::Impl::when_reached(Request& request, Respond respond, Clock::time_point since) {
  const auto waited = Clock::now() - since;
  const auto platform = platform_of(request);
  const bool is_young = !platform && names_platform_by_id(request) && waited < longest_unknown;
  if (!is_young && (!platform || !is_ahead(request, *platform))) {
    return proceed(request, std::move(respond), platform);
  }
  const auto behind = replicated.sequencer().behind();
  const bool has_seen_end = behind && *behind < waited - shortest_unseen;
  // Seen to its end since, and long enough ago: the position is not in this history.
  if (!is_young && has_seen_end) return proceed(request, std::move(respond), platform);
  if (waited > longest_unseen) {
    return respond(
        refusal(Problem{&problems::not_yet_fresh, {}, {}, std::chrono::seconds(1)}, request));
  }
  client.after(look_again,
               [this, &request, since, shared = std::make_shared<Respond>(std::move(respond))] {
                 when_reached(request, std::move(*shared), since);
               });
}

bool Cluster::Impl::is_ahead(const Request& request, PlatformId id) const {
  std::vector<std::string_view> places;  // most requests name none, and cost no lookup here
  for (const auto text : {request.header("meent-after"), request.header("last-event-id"),
                          request.query_value("cursor"), request.cookie(pages::after_cookie)}) {
    if (text) places.push_back(*text);
  }
  if (places.empty()) return false;
  const auto record = find<PlatformRecord>(*node.store.state(id), {});
  if (!record) return false;
  const auto tip = node.store.tip(id).position;
  return std::ranges::any_of(places, [&](std::string_view place) {
    const auto position = position_in(node.keys, id, record->platform_key, place);
    return position && *position > tip;
  });
}

void Cluster::Impl::proceed(Request& request, Respond respond,
                            const std::optional<PlatformId>& platform) {
  // A forwarded command is never forwarded again.
  if (request.is_forwarded || is_read(request.method) || !platform) {
    return router.dispatch(request, std::move(respond));
  }
  if (!request.header("idempotency-key")) {
    request.headers.add("Idempotency-Key", to_hex(draw_id_bytes()));
  }
  std::make_shared<Try>(*this, request, std::move(respond), *platform)->go();
}

ClusterCounts Cluster::counts() const {
  return {.forwarded = impl_->forwarded,
          .repeated = impl_->repeated,
          .received = impl_->received,
          .given_up = impl_->given_up};
}

std::vector<eventstore::Ownership::Peer> Cluster::peers() const {
  const auto* membership = impl_->replicated.membership();
  if (membership == nullptr) return {};
  return membership->peers(Clock::now());
}

std::vector<std::chrono::milliseconds> Cluster::without_owner() const {
  const auto* membership = impl_->replicated.membership();
  if (membership == nullptr) return {};
  return membership->without_owner();
}

std::string Cluster::reading_progress() const {
  std::string out = "the log has not been read to its end yet";
  const auto others = peers();
  if (others.empty()) return out;
  std::uint64_t read = 0, all = 0;
  for (const auto& partition : impl_->replicated.sequencer().partitions()) {
    auto end = partition.next_offset;
    for (const auto& peer : others) {
      const auto& theirs = peer.beat.next_offsets;
      if (partition.number < theirs.size()) end = std::max(end, theirs[partition.number]);
    }
    read += partition.next_offset;
    all += end;
  }
  return out + ": " + std::to_string(read) + " of " + std::to_string(all) + " offsets";
}

bool Cluster::is_clock_right() const {
  const auto* membership = impl_->replicated.membership();
  return membership == nullptr || membership->is_clock_right(Clock::now());
}

// Founding ---------------------------------------------------------------------------------------

namespace {

std::string founding_json(const PlatformFounding& founding, PlatformId platform) {
  const auto& actor = founding.requester.actor;
  return nlohmann::json{{"platform", platform.text()},
                        {"slug", founding.slug},
                        {"name", founding.name},
                        {"language", founding.language},
                        {"introduction", founding.introduction},
                        {"actor_kind", static_cast<int>(actor.kind)},
                        {"actor", to_hex(actor.id)},
                        {"role", static_cast<int>(founding.requester.role)},
                        {"key", founding.idempotency_key},
                        {"request", founding.request}}
      .dump();
}

/// Throws nlohmann::json::exception: another version of this software sent it.
std::pair<PlatformFounding, PlatformId> founding_from(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  PlatformFounding out;
  out.slug = json.at("slug");
  out.name = json.at("name");
  out.language = json.at("language");
  out.introduction = json.at("introduction");
  out.idempotency_key = json.at("key");
  out.request = json.at("request");
  out.requester.actor.kind = static_cast<ActorKind>(json.at("actor_kind").get<int>());
  out.requester.actor.id =
      PlatformId::parse(json.at("actor").get<std::string>()).value_or(PlatformId()).value();
  out.requester.role = static_cast<Role>(json.at("role").get<int>());
  return {std::move(out),
          PlatformId::parse(json.at("platform").get<std::string>()).value_or(PlatformId())};
}

Problem problem_from(const Response& response) {
  if (response.headers.contains(moved_header)) return moved_problem();
  const auto json = nlohmann::json::parse(response.body.view(), nullptr, false);
  const auto type = json.is_object() ? json.value("type", "") : std::string();
  const auto* found = find_problem_type(type.substr(type.rfind('/') + 1));
  return {found != nullptr ? found : &problems::outcome_unknown,
          json.is_object() ? json.value("detail", "") : std::string(),
          {},
          {}};
}

}  // namespace

void Cluster::Impl::answer_founding(const Request& request, Respond respond) const {
  try {
    auto [founding, platform] = founding_from(request.body);
    const auto genesis = node.store.partition(0).genesis;
    founding.log = genesis ? genesis->log_id : LogId();
    finish_founding(node.sequencer, node.keys, std::move(founding), platform,
                    [&request, shared = std::make_shared<Respond>(std::move(respond))](
                        const std::expected<PlatformId, Problem>& founded) {
                      if (!founded) return (*shared)(refusal(founded.error(), request));
                      (*shared)(Response::json("{}"));
                    });
  } catch (const nlohmann::json::exception& error) {
    respond(refusal(Problem{&problems::malformed_body, error.what(), {}, {}}, request));
  }
}

void Cluster::found(PlatformFounding founding, PlatformId platform, FoundingDone done) {
  const auto partition = eventstore::partition_of(platform, impl_->partition_count());
  if (impl_->owns(partition)) {
    return finish_founding(impl_->node.sequencer, impl_->node.keys, std::move(founding), platform,
                           std::move(done));
  }
  const auto url = impl_->url_of_owner(partition);
  if (!url) return done(std::unexpected(moved_problem()));
  PeerClient::PeerRequest request{
      .method = "POST",
      .target = std::string(founding_target),
      .headers = {{"Host", "meent"}, {"Content-Type", "application/json"}},
      .body = founding_json(founding, platform)};
  request.headers.add(node_seal_header,
                      impl_->seal.make("POST", request.target, "", request.body, {}, wall_clock()));
  impl_->client.send(
      *url, std::move(request),
      [impl = impl_.get(), platform, done](std::expected<Response, std::string> answer) {
        if (!answer) return done(std::unexpected(moved_problem()));
        if (answer->status != 200) return done(std::unexpected(problem_from(*answer)));
        impl->wait_for_platform(platform, Clock::now() + longest_look, done);
      });
}

// Moving -----------------------------------------------------------------------------------------

/// Here, or once more by the node that must: what it writes, or has to know first.
void Cluster::Impl::answer_moving(const Request& request, const NodeSeal::Passed& passed,
                                  Respond respond) {
  if (!passed.is_operator) {
    return respond(to_response(Problem{&problems::not_allowed, {}, {}, {}}, request));
  }
  const auto partition = MovingDesk::partition_for(request, partition_count());
  if (!partition || owns(*partition)) return moving.answer(request, std::move(respond));
  const auto url = url_of_owner(*partition);
  if (!passed.is_first_hop || !url) return respond(to_response(moved_problem(), request));
  PeerClient::PeerRequest out{.method = request.method_name,
                              .target = request.target,
                              .headers = {{"Host", "meent"}},
                              .body = request.body};
  out.headers.add(
      node_seal_header,
      seal.make(request.method_name, request.target, "", request.body,
                {.applied = 0, .is_loopback = false, .is_operator = true, .is_first_hop = false},
                wall_clock()));
  client.send(*url, std::move(out),
              [&request, shared = std::make_shared<Respond>(std::move(respond))](
                  std::expected<Response, std::string> answer) {
                if (answer) return (*shared)(std::move(*answer));
                (*shared)(to_response(moved_problem(), request));
              });
}

// Founding elsewhere -----------------------------------------------------------------------------

/// What another node wrote comes here through the log.
void Cluster::Impl::wait_for_platform(PlatformId platform, Clock::time_point until,
                                      FoundingDone done) {
  if (find_platform(node.store, platform.text())) return done(platform);
  if (Clock::now() > until) return done(std::unexpected(moved_problem()));
  client.after(look_again, [this, platform, until, done = std::move(done)]() mutable {
    wait_for_platform(platform, until, std::move(done));
  });
}

}  // namespace meent::api
