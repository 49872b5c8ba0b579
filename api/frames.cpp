#include "api/frames.h"

#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace meent::api {

using namespace domain;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds longest_wait{2000};
constexpr std::string_view own_only = "Your token acts for yourself only; leave this field out.";
constexpr std::string_view say_for_whom = "This token acts for others: say for whom.";

std::string digest_of(std::string_view body) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), hash);
  return base64url({reinterpret_cast<const char*>(hash), 12});
}

bool names_etag(std::string_view header, std::string_view etag) {
  return header == "*" || header.find(etag) != std::string_view::npos;
}

Response not_modified(std::string_view etag) {
  Response response(304);
  response.headers.add("ETag", etag);
  return response;
}

Response conditional(const Request& request, Response response) {
  if (response.status != 200 || response.stream) return response;
  if (!response.headers.contains("etag")) {
    response.headers.add("ETag", '"' + digest_of(response.body.view()) + '"');
  }
  const auto etag = *response.headers.find("etag");
  const auto wanted = request.header("if-none-match");
  if (wanted && names_etag(*wanted, etag)) return not_modified(std::string(etag));
  return response;
}

/// Guests only: the same target gives everyone the same answer.
bool is_cacheable(const Request& request, const Requester& requester) {
  return !requester.viewer.is_signed_in && !request.header("meent-after") &&
         (request.method == Method::get || request.method == Method::head);
}

Response from_cache(const Request& request, const CachedAnswer& cached) {
  const auto wanted = request.header("if-none-match");
  if (wanted && names_etag(*wanted, cached.etag)) return not_modified(cached.etag);
  Response response(200, cached.content_type, cached.body);
  response.headers.add("ETag", cached.etag);
  response.headers.append(cached.headers);
  return response;
}

/// Moves the body into shared memory so that cache and answer hold one copy.
Response keep(PageCache& cache, const Request& request, CacheStamp stamp, Response response) {
  if (response.status != 200 || response.stream) return response;
  auto cached = std::make_shared<CachedAnswer>();
  cached->content_type = response.headers.find("content-type").value_or("application/json");
  cached->etag = response.headers.find("etag").value_or("");
  cached->headers = response.headers;
  cached->headers.remove("content-type");
  cached->headers.remove("etag");
  cached->body = std::make_shared<const std::string>(response.body.view());
  response.body = Body(cached->body);
  cache.store(request.target, stamp, std::move(cached));
  return response;
}

std::expected<Place, Problem> place_asked(const Node& node, const Platform& platform,
                                          std::string_view token) {
  return unseal(node.keys, node.store, platform.id, platform.record.platform_key, Seal::token, {},
                token);
}

Problem late(projections::WaitOutcome outcome) {
  using enum projections::WaitOutcome;
  if (outcome == stopped) return {&problems::not_ready, "This view has stopped.", {}, seconds(30)};
  return {&problems::not_yet_fresh, {}, {}, seconds(1)};
}

std::expected<Platform, Problem> platform_asked(const Node& node, const Request& request) {
  auto platform = find_platform(node.store, request.path_parameter("platform"));
  if (!platform) return std::unexpected(not_found("There is no such platform."));
  return std::move(*platform);
}

std::string accepted_json(const Node& node, const Platform& platform,
                          const eventstore::Accepted& accepted, const Prepared& prepared,
                          Response& response) {
  const Place place{accepted.last_position, prefix_of(accepted.record_hash), {}, {}};
  const auto token = seal(node.keys, platform.id, platform.record.platform_key, Seal::token, place);
  JsonWriter json;
  json.open_object();
  prepared.answer(accepted, json, response);
  json.field("token", token).field("recorded_at", accepted.recorded_at).close_object();
  response.headers.add("Meent-Token", token);
  return json.take();
}

/// `Meent-Import: <digest>;rows=<n>`: how much of its source an importer has brought with this act.
std::expected<std::optional<eventstore::ImportProgress>, Problem> import_progress_of(
    const Request& request, const Requester& requester) {
  const auto header = request.header("meent-import");
  if (!header) return std::nullopt;
  constexpr std::string_view separator = ";rows=";
  const auto at = header->find(separator);
  const auto digest = SourceDigest::parse(header->substr(0, at));
  eventstore::ImportProgress progress;
  if (digest && at != std::string_view::npos && requester.has(TokenScope::import_)) {
    const auto rows = header->substr(at + separator.size());
    const auto [end, error] =
        std::from_chars(rows.data(), rows.data() + rows.size(), progress.row_count);
    if (error == std::errc() && end == rows.data() + rows.size()) {
      progress.source = *digest;
      return progress;
    }
  }
  return std::unexpected(invalid_parameter(
      "header.Meent-Import", "For tokens with the scope import: <32 digits>;rows=<number>."));
}

/// The problem with every invalid field where the rules named the first.
Problem in_full(Problem problem, const Prepared& prepared, const Actor& actor) {
  if (problem.type != &problems::invalid_fields || !prepared.faults) return problem;
  if (auto faults = prepared.faults(actor); !faults.empty()) {
    problem.errors = std::move(faults);
    if (problem.errors.size() > 1) problem.detail.clear();
  }
  return problem;
}

/// Scope check: whoever may act for others may use every writing route the policy lets them.
std::optional<Problem> missing_scope(const Requester& requester, TokenScope scope) {
  if (!requester.viewer.is_signed_in) {
    return Problem{&problems::not_signed_in, "This needs a bearer token.", {}, {}};
  }
  if (requester.has(scope) || requester.has(TokenScope::operate) ||
      requester.has(TokenScope::import_)) {
    return std::nullopt;
  }
  return Problem{&problems::not_allowed, "The token does not have the scope for this.", {}, {}};
}

}  // namespace

Problem not_found(std::string detail) {
  return {&problems::not_found, std::move(detail), {}, {}};
}

Problem invalid_parameter(std::string_view name, std::string_view detail) {
  return {
      &problems::invalid_parameters, {}, {{std::string(name), "invalid", std::string(detail)}}, {}};
}

Handler reading(const Node& node, std::string_view view,
                std::function<Answer(const Call&)> answer) {
  return [&node, view = std::string(view), answer = std::move(answer)](const Request& request,
                                                                       Respond respond) {
    auto platform = platform_asked(node, request);
    if (!platform) return respond(to_response(platform.error(), request));
    auto requester = find_requester(node.store, platform->id, request);
    if (!requester) return respond(to_response(requester.error(), request));
    const bool cacheable = is_cacheable(request, *requester);
    const auto stamp = cacheable ? node.stamp(platform->id) : CacheStamp{};
    if (cacheable) {
      if (const auto cached = node.cache.find(request.target, stamp)) {
        return respond(from_cache(request, *cached));
      }
    }
    std::optional<Place> place;
    if (const auto after = request.header("meent-after")) {
      auto asked = place_asked(node, *platform, *after);
      if (!asked) return respond(to_response(asked.error(), request));
      place = std::move(*asked);
    }
    const auto id = platform->id;
    auto finish = [&node, &request, platform = std::move(*platform),
                   requester = std::move(*requester), cacheable, stamp,
                   answer](Respond give) mutable {
      auto result = answer(Call{request, platform, requester});
      if (!result) return give(to_response(result.error(), request));
      auto response = conditional(request, std::move(*result));
      if (cacheable) response = keep(node.cache, request, stamp, std::move(response));
      give(std::move(response));
    };
    if (!place) return finish(std::move(respond));
    auto shared = std::make_shared<Respond>(std::move(respond));
    node.runner.when_reached(
        view, id, view.empty() ? 0 : place->position, longest_wait,
        [finish = std::move(finish), shared, &request](projections::WaitOutcome outcome) mutable {
          if (outcome == projections::WaitOutcome::reached) return finish(std::move(*shared));
          (*shared)(to_response(late(outcome), request));
        });
  };
}

Handler reading_installation(std::function<Answer(const Request&)> answer) {
  return [answer = std::move(answer)](const Request& request, Respond respond) {
    auto result = answer(request);
    if (!result) return respond(to_response(result.error(), request));
    respond(conditional(request, std::move(*result)));
  };
}

Handler writing(const Node& node, TokenScope scope,
                std::function<std::expected<Prepared, Problem>(const Call&, JsonBody&)> prepare) {
  return [&node, scope, prepare = std::move(prepare)](const Request& request, Respond respond) {
    const auto refuse = [&](const Problem& problem) { respond(to_response(problem, request)); };
    auto platform = platform_asked(node, request);
    if (!platform) return refuse(platform.error());
    auto requester = find_requester(node.store, platform->id, request);
    if (!requester) return refuse(requester.error());
    if (const auto problem = missing_scope(*requester, scope)) return refuse(*problem);
    const auto key = idempotency_key_of(request);
    if (!key) return refuse(key.error());
    auto least_applied = request.least_applied;
    if (const auto after = request.header("meent-after")) {
      const auto place = place_asked(node, *platform, *after);
      if (!place) return refuse(place.error());
      least_applied = std::max(least_applied, place->position);
    }
    const auto progress = import_progress_of(request, *requester);
    if (!progress) return refuse(progress.error());
    if (*progress) requester->actor.kind = ActorKind::importer;
    auto body = JsonBody::parse(request.body.empty() ? "{}" : std::string_view(request.body));
    if (!body) return refuse(body.error());
    auto prepared = prepare(Call{request, *platform, *requester}, *body);
    if (const auto problem = body->problem()) return refuse(*problem);
    if (!prepared) return refuse(prepared.error());
    if ((prepared->occurred_at || prepared->is_from_source) &&
        requester->has(TokenScope::import_)) {
      requester->actor.kind = ActorKind::importer;
    }
    Act act{.platform = platform->id,
            .command = std::move(prepared->command),
            .requester = *requester,
            .occurred_at = prepared->occurred_at,
            .import_progress = *progress,
            .idempotency_key = *key,
            .request = request_bytes(request),
            .after = least_applied};
    perform(node.sequencer, std::move(act),
            [&node, &request, platform = std::move(*platform), prepared = std::move(*prepared),
             actor = requester->actor,
             shared = std::make_shared<Respond>(std::move(respond))](ActResult result) {
              if (!result) {
                return (*shared)(to_response(in_full(result.error(), prepared, actor), request));
              }
              Response response(200);
              response.headers.add("Content-Type", "application/json");
              response.body = accepted_json(node, platform, *result, prepared, response);
              (*shared)(std::move(response));
            });
  };
}

std::expected<Requester, Problem> directory_operator(const Node& node, const Request& request,
                                                     std::string needs) {
  auto requester = find_requester(node.store, directory_id(), request);
  if (!requester || may_act(requester->actor, requester->role, Capability::found, {})) {
    return requester;
  }
  const auto* type =
      requester->viewer.is_signed_in ? &problems::not_allowed : &problems::not_signed_in;
  return std::unexpected(Problem{type, std::move(needs), {}, {}});
}

PersonId person_concerned(const Call& call, JsonBody& body, std::string_view field) {
  const auto named = body.id<PersonId>(field);
  const auto& own = call.requester.viewer.person;
  if (own && (!named || *named == *own)) return *own;
  if (named && !own) return *named;
  if (named) {
    body.forbid(field, own_only);
  } else {
    body.fault(field, "required", say_for_whom);
  }
  return {};
}

std::expected<PersonId, Problem> person_concerned(const Call& call) {
  const auto text = call.request.query_value("person");
  const auto named = text ? PersonId::parse(*text) : std::nullopt;
  if (text && !named) {
    return std::unexpected(invalid_parameter("query.person", "An id is 32 hexadecimal digits."));
  }
  const auto& own = call.requester.viewer.person;
  if (own && (!named || *named == *own)) return *own;
  if (named && !own) return *named;
  if (!named) return std::unexpected(invalid_parameter("query.person", say_for_whom));
  return std::unexpected(Problem{
      &problems::not_allowed, {}, {{"query.person", "not-allowed", std::string(own_only)}}, {}});
}

std::optional<Timestamp> occurred_at(const Call& call, JsonBody& body) {
  const auto time = body.time("occurred_at");
  if (time && !call.requester.has(TokenScope::import_)) {
    body.forbid("occurred_at", "Only tokens with the scope import bring history.");
  }
  return time;
}

std::expected<std::size_t, Problem> limit_of(const Request& request, std::size_t otherwise,
                                             std::size_t most) {
  if (!request.query_value("limit")) return otherwise;
  const auto limit = request.query_number("limit", 1, static_cast<std::int64_t>(most));
  if (limit) return static_cast<std::size_t>(*limit);
  return std::unexpected(invalid_parameter(
      "query.limit", "This must be a whole number from 1 to " + std::to_string(most) + "."));
}

std::expected<int, Problem> word_of(const Request& request, std::string_view name,
                                    std::initializer_list<std::string_view> words, int otherwise) {
  const auto value = request.query_value(name);
  if (!value) return otherwise;
  const auto it = std::find(words.begin(), words.end(), *value);
  if (it != words.end()) return static_cast<int>(it - words.begin());
  std::string all;
  for (const auto word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return std::unexpected(
      invalid_parameter("query." + std::string(name), "This must be one of: " + all + "."));
}

std::expected<std::optional<std::string>, Problem> cursor_of(const Node& node, const Call& call,
                                                             std::string_view list) {
  const auto text = call.request.query_value("cursor");
  if (!text) return std::nullopt;
  auto place = unseal(node.keys, node.store, call.platform.id, call.platform.record.platform_key,
                      Seal::cursor, list, *text);
  if (!place) return std::unexpected(place.error());
  return std::move(place->rest);
}

std::string seal_cursor(const Node& node, const Platform& platform, std::string_view list,
                        std::string_view rest) {
  const auto tip = node.store.tip(platform.id);
  const Place place{tip.position, tip.position == 0 ? 0 : prefix_of(tip.hash), std::string(list),
                    std::string(rest)};
  return seal(node.keys, platform.id, platform.record.platform_key, Seal::cursor, place);
}

std::expected<std::uint32_t, Problem> if_match_revision(const Request& request) {
  const auto header = request.header("if-match");
  if (!header) return std::unexpected(Problem{&problems::precondition_required, {}, {}, {}});
  auto text = *header;
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.starts_with("\"r")) {
    std::uint32_t revision = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), revision);
    if (error == std::errc() && end != text.data() + text.size() && (*end == '-' || *end == '"')) {
      return revision;
    }
  }
  return std::unexpected(
      Problem{&problems::precondition_failed, "If-Match holds no ETag of this service.", {}, {}});
}

std::string revision_etag(std::uint32_t revision, std::string_view body) {
  return "\"r" + std::to_string(revision) + "-" + digest_of(body) + "\"";
}

}  // namespace meent::api
