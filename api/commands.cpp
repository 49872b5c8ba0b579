#include "api/commands.h"

#include <algorithm>

#include "domain/result.h"

namespace meent::api {

using namespace eventstore;
using std::chrono::seconds;

namespace {

constexpr std::size_t longest_key = 255;

Problem of_rejection(const domain::Rejection& rejection) {
  const auto reason = domain::explain(rejection);
  Problem problem{&problems::refused, std::string(reason.sentence), {}, {}};
  const FieldError error{std::string(reason.field), std::string(reason.code),
                         std::string(reason.sentence)};
  using enum domain::Reason::Sort;
  switch (reason.sort) {
    case forbidden: problem.type = &problems::not_allowed; break;
    case unknown: problem.type = &problems::not_found; break;
    case conflict: problem.type = &problems::refused; break;
    case stale: problem.type = &problems::precondition_failed; break;
    case invalid: problem.type = &problems::invalid_fields; break;
  }
  problem.errors.push_back(error);
  return problem;
}

Problem of_unavailable(const Unavailable& unavailable) {
  using enum Unavailable::Why;
  switch (unavailable.why) {
    case outcome_unknown: return {&problems::outcome_unknown, unavailable.detail, {}, seconds(1)};
    case moved: return {&problems::moved, unavailable.detail, {}, seconds(1)};
    case too_large: return {&problems::content_too_large, unavailable.detail, {}, {}};
    case queue_full: return {&problems::not_ready, "Too much at once; repeat.", {}, seconds(1)};
    case no_space:
      return {&problems::not_ready, "The disk is nearly full; nothing was lost.", {}, seconds(60)};
    case platform_stopped:
    case level_too_low:
    case shutting_down: break;
  }
  return {&problems::not_ready, unavailable.detail, {}, seconds(5)};
}

}  // namespace

std::expected<std::string, Problem> idempotency_key_of(const Request& request) {
  const auto key = request.header("idempotency-key");
  if (!key) return domain::to_hex(draw_id_bytes());
  const bool is_visible = std::ranges::all_of(*key, [](char c) { return c > ' ' && c <= '~'; });
  if (key->empty() || key->size() > longest_key || !is_visible) {
    return std::unexpected(Problem{&problems::invalid_parameters,
                                   {},
                                   {{"header.Idempotency-Key", "invalid",
                                     "An Idempotency-Key has 1 to 255 visible ASCII characters."}},
                                   {}});
  }
  return std::string(*key);
}

std::string request_bytes(const Request& request) {
  std::string out = request.method_name;
  out += ' ';
  out += request.target;
  out += ' ';
  out += request.header("if-match").value_or("");
  out += '\n';
  out += request.body;
  return out;
}

void perform(Sequencer& sequencer, Act act, std::function<void(ActResult)> done) {
  Submission submission{.platform = act.platform,
                        .command = std::move(act.command),
                        .actor = act.requester.actor,
                        .role = act.requester.role,
                        .occurred_at = act.occurred_at,
                        .import_progress = act.import_progress,
                        .idempotency_key = std::move(act.idempotency_key),
                        .request = std::move(act.request),
                        .after = act.after};
  sequencer.submit(std::move(submission), [done = std::move(done)](Outcome outcome) {
    if (auto* accepted = std::get_if<Accepted>(&outcome)) {
      done(std::move(*accepted));
    } else {
      done(std::unexpected(problem_of(outcome)));
    }
  });
}

Problem problem_of(const Outcome& outcome) {
  return std::visit(
      domain::overloaded{
          [](const Accepted&) { return Problem{&problems::internal_error, {}, {}, {}}; },
          [](const Refused& refused) { return of_rejection(refused.rejection); },
          [](const KeyReused&) { return Problem{&problems::key_reused, {}, {}, {}}; },
          [](const Unavailable& unavailable) { return of_unavailable(unavailable); }},
      outcome);
}

}  // namespace meent::api
