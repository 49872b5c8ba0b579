#pragma once
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/commands.h"
#include "api/json_body.h"
#include "api/json_writer.h"
#include "api/node.h"
#include "api/requester.h"
#include "api/router.h"
#include "api/seals.h"

/// What every JSON route does around its own part: platform, requester, freshness, ETag, cache for
/// reads; token scope, idempotency and the answer with its token for writes.
namespace meent::api {

/// One request, with its platform and its maker found.
struct Call {
  const Request& request;
  const Platform& platform;
  const Requester& requester;
};
using Answer = std::expected<Response, Problem>;

/// GET: answers 404 for an unknown platform, waits until `view` (empty: none) is as fresh as
/// Meent-After asks, adds an ETag unless the answer has one, and answers If-None-Match with 304.
/// Guests' answers are cached.
Handler reading(const Node& node, std::string_view view, std::function<Answer(const Call&)> answer);

/// A command made from a request, and what its acceptance is answered with.
struct Prepared {
  domain::Command command;
  std::optional<domain::Timestamp> occurred_at;
  /// Fields beside token and recorded_at; status and Location too.
  std::function<void(const eventstore::Accepted&, JsonWriter&, Response&)> answer;
  /// It carries the id it had in a source: like `occurred_at`, only an importer may bring that.
  bool is_from_source = false;
  /// Every invalid field, asked for when the rules have refused one; none: that one is all.
  std::function<std::vector<FieldError>(const domain::Actor&)> faults = {};
};
/// Needs a token with `scope` (or import, or operate, for whoever acts for others). The body is
/// read by `prepare`, which reports all that is wrong with it through the JsonBody it is given
/// (empty object when the route takes no body).
Handler writing(const Node& node, domain::TokenScope scope,
                std::function<std::expected<Prepared, Problem>(const Call&, JsonBody&)> prepare);

/// Reading the installation itself, which everybody may: no token is looked at.
Handler reading_installation(std::function<Answer(const Request&)> answer);

/// Whoever may found platforms: operators of the directory. Errors: not_signed_in and not_allowed,
/// with `needs` in words.
std::expected<Requester, Problem> directory_operator(
    const Node& node, const Request& request,
    std::string needs = "This needs a token of the directory with the scope operate.");

/// Whom the command is about: the token's person, or `field` of the body, which only tokens with
/// import or operate may fill with someone else. Notes what is wrong in the body.
domain::PersonId person_concerned(const Call& call, JsonBody& body, std::string_view field);
/// The same from the query's `person`, for requests without a body.
std::expected<domain::PersonId, Problem> person_concerned(const Call& call);
/// `id` of the body, which importers may choose so that a repeat names the same item; else drawn.
template <class IdT>
IdT id_for_new(const Call& call, JsonBody& body) {
  const auto id = body.id<IdT>("id");
  if (!id) return draw_id<IdT>();
  if (!call.requester.has(domain::TokenScope::import_)) {
    body.forbid("id", "Only tokens with the scope import choose ids.");
  }
  return *id;
}
/// `occurred_at` of the body, allowed to importers only.
std::optional<domain::Timestamp> occurred_at(const Call& call, JsonBody& body);

template <class IdT>
std::expected<IdT, Problem> path_id(const Call& call, std::string_view name) {
  const auto id = IdT::parse(call.request.path_parameter(name));
  if (!id) return std::unexpected(Problem{&problems::not_found, {}, {}, {}});
  return *id;
}
Problem not_found(std::string detail = {});
Problem invalid_parameter(std::string_view name, std::string_view detail);

/// limit, 1..most; `otherwise` when absent. Errors: invalid_parameters.
std::expected<std::size_t, Problem> limit_of(const Request& request, std::size_t otherwise,
                                             std::size_t most);
/// One of `words` as its index; `otherwise` when absent.
std::expected<int, Problem> word_of(const Request& request, std::string_view name,
                                    std::initializer_list<std::string_view> words, int otherwise);

/// A list's cursor, opened and on the chain; nothing when the request has none.
std::expected<std::optional<std::string>, Problem> cursor_of(const Node& node, const Call& call,
                                                             std::string_view list);
/// Seals a list's `next`.
std::string seal_cursor(const Node& node, const Platform& platform, std::string_view list,
                        std::string_view rest);

/// The revision in If-Match ("r3-…" or "r3"). Errors: precondition_required, invalid_parameters.
std::expected<std::uint32_t, Problem> if_match_revision(const Request& request);
/// "r<revision>-<digest of the body>": any ETag of the same revision matches on edits.
std::string revision_etag(std::uint32_t revision, std::string_view body);

/// An Operation row about one platform, and the shared pieces of such rows.
Operation operation(std::string tag, std::string id, std::string summary, std::string guard);
/// A row about the installation, for operators of the directory.
Operation directory_operation(std::string id, std::string summary);
Parameter platform_parameter();
Parameter id_parameter(std::string name, std::string description);
Parameter meent_after_parameter();
Parameter person_parameter();
Parameter idempotency_parameter();
Parameter if_match_parameter();
Parameter limit_parameter(std::size_t otherwise, std::size_t most);
Parameter cursor_parameter();
Parameter word_parameter(std::string name, std::string description,
                         std::initializer_list<std::string_view> words);
RequestBody json_request(std::string_view schema_name, std::string example);
OperationResponse json_answer(unsigned status, std::string description,
                              std::string_view schema_name);
/// The schemas that every file of routes refers to.
void add_shared_schemas(Router& router);

}  // namespace meent::api
