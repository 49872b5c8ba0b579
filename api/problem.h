#pragma once

#include "api/http.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meent::api {

/// A kind of failure as clients see it (RFC 9457). `slug` makes the stable `type`:
/// /problems/{slug}.
struct ProblemType {
  std::string_view slug;
  unsigned status;
  std::string_view title;
  std::string_view explanation;  // for the page behind `type`: why it happens and what to do
};

/// Every type there is, in order of status. A new one is a constant in `problems` and a line in
/// this table.
std::span<const ProblemType* const> problem_types();
/// Null if there is none of that name.
const ProblemType* find_problem_type(std::string_view slug);

/// One invalid field. `field` is a path as the client wrote it: "title", "form.themes.2",
/// "query.limit". `code` is stable and for programs ("required", "too-long"), `detail` for people.
/// Without a field it says why the whole was refused, and becomes the problem's own `code`.
struct FieldError {
  std::string field;
  std::string code;
  std::string detail;
};

struct Problem {
  const ProblemType* type;
  std::string detail = {};              // of this occurrence; empty: none
  std::vector<FieldError> errors = {};  // every invalid field, not just the first
  std::optional<std::chrono::seconds> retry_after = {};
};

/// On every answer that says: nothing was written here, ask the owner. Nodes look for it.
inline constexpr std::string_view moved_header = "Meent-Moved";
/// Retry-After and the like.
void add_advice(Response& response, const Problem& problem);

/// application/problem+json with the type's status; 401 gets WWW-Authenticate. `instance` is the
/// path that was asked for; empty: left out.
Response to_response(const Problem& problem, std::string_view instance = {});
Response to_response(const Problem& problem, const Request& request);

namespace problems {

inline constexpr ProblemType bad_request{
    "bad-request", 400, "Bad request",
    "The request is not well-formed HTTP, or its address is not."};
inline constexpr ProblemType malformed_body{
    "malformed-body", 400, "Malformed body",
    "The body is missing, is not valid UTF-8, or is not what its content type says."};
inline constexpr ProblemType invalid_fields{
    "invalid-fields", 400, "Invalid fields",
    "Fields of the body are missing, unknown, of the wrong type or outside their limits; `errors` "
    "names them all."};
inline constexpr ProblemType invalid_parameters{
    "invalid-parameters", 400, "Invalid parameters",
    "Parameters in the address or headers are missing or outside their limits; `errors` names them "
    "all."};
inline constexpr ProblemType invalid_cursor{
    "invalid-cursor", 400, "Invalid cursor",
    "The cursor or token was not given out by this service for this list. Start again without it."};
inline constexpr ProblemType not_signed_in{
    "not-signed-in", 401, "Not signed in",
    "This needs a bearer token, and the one given is absent, unknown, expired or revoked."};
inline constexpr ProblemType not_allowed{
    "not-allowed", 403, "Not allowed",
    "The token is valid, but whoever it stands for may not do this here."};
inline constexpr ProblemType not_found{
    "not-found", 404, "Not found",
    "There is nothing at this address, or nothing that you may see."};
inline constexpr ProblemType method_not_allowed{
    "method-not-allowed", 405, "Method not allowed",
    "The address exists but does not know this method; the header Allow lists those it knows."};
inline constexpr ProblemType not_acceptable{"not-acceptable", 406, "Not acceptable",
                                            "None of the media types in Accept can be given."};
inline constexpr ProblemType request_timeout{
    "request-timeout", 408, "Request timeout",
    "The request did not arrive within the time allowed for it."};
inline constexpr ProblemType refused{
    "refused", 409, "Refused by the rules",
    "The request is in order, but the present state of what it concerns does not admit it."};
inline constexpr ProblemType history_restored{"history-restored", 410, "History was restored",
                                              "The token or cursor belongs to a history that is "
                                              "not this one any more. Start again without it."};
inline constexpr ProblemType precondition_failed{
    "precondition-failed", 412, "Precondition failed",
    "It was changed since you read it (If-Match). Read it again and repeat your change."};
inline constexpr ProblemType content_too_large{"content-too-large", 413, "Content too large",
                                               "The body is larger than this service takes."};
inline constexpr ProblemType target_too_long{"target-too-long", 414, "Address too long",
                                             "The address is longer than this service takes."};
inline constexpr ProblemType unsupported_media_type{
    "unsupported-media-type", 415, "Unsupported media type",
    "The body's Content-Type is not one that this address takes; Accept-Post or Accept-Patch lists "
    "those."};
inline constexpr ProblemType key_reused{
    "key-reused", 422, "Idempotency key used for something else",
    "This Idempotency-Key was used before with another request. Draw a new key for a new request."};
inline constexpr ProblemType precondition_required{
    "precondition-required", 428, "Precondition required",
    "This change needs If-Match with the ETag of what you read, so that nobody's change is lost."};
inline constexpr ProblemType too_many_requests{
    "too-many-requests", 429, "Too many requests",
    "Too much at once; repeat after Retry-After seconds."};
inline constexpr ProblemType headers_too_large{"headers-too-large", 431, "Headers too large",
                                               "The headers are larger than this service takes."};
inline constexpr ProblemType internal_error{
    "internal-error", 500, "Internal error",
    "A fault of this service; it is in its log. Nothing was accepted unless a repeat with the same "
    "key says so."};
inline constexpr ProblemType not_implemented{
    "not-implemented", 501, "Not implemented",
    "The request uses a part of HTTP that this service does not."};
inline constexpr ProblemType not_ready{
    "not-ready", 503, "Not ready",
    "The service is starting, stopping, full or out of order; repeat later."};
inline constexpr ProblemType not_yet_fresh{"not-yet-fresh", 503, "Not yet as fresh as asked",
                                           "What Meent-After asks for has not reached this view in "
                                           "time; repeat after Retry-After seconds."};
inline constexpr ProblemType moved{"moved", 503, "Another node writes here now",
                                   "Nothing was accepted. Repeat after Retry-After seconds with "
                                   "the same Idempotency-Key."};
inline constexpr ProblemType outcome_unknown{"outcome-unknown", 503, "Outcome unknown",
                                             "It may or may not have been accepted. Repeat with "
                                             "the same Idempotency-Key: it will not happen twice."};
inline constexpr ProblemType http_version_not_supported{
    "http-version-not-supported", 505, "HTTP version not supported", "Use HTTP/1.1 (or 1.0)."};

}  // namespace problems
}  // namespace meent::api
