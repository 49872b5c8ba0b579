#pragma once
#include <functional>
#include <optional>
#include <string>

#include "api/http.h"
#include "api/requester.h"
#include "eventstore/sequencer.h"

/// From a request to the sequencer and back: the one way in which routes and pages change anything.
namespace meent::api {

/// Idempotency-Key of the request, or a fresh one. Errors: invalid_parameters.
std::expected<std::string, Problem> idempotency_key_of(const Request& request);

/// Everything about an act but the request it came in.
struct Act {
  domain::PlatformId platform;
  domain::Command command;
  Requester requester;
  std::optional<domain::Timestamp> occurred_at;
  std::optional<eventstore::ImportProgress> import_progress;
  std::string idempotency_key;
  std::string request;      ///< what a repeat must be equal in
  std::uint64_t after = 0;  ///< the platform's position that must have been applied before
};

/// Method, address, If-Match and body, as the idempotency rule compares them.
std::string request_bytes(const Request& request);

using ActResult = std::expected<eventstore::Accepted, Problem>;

/// Submits and calls `done` once, from another thread, with what was accepted or the problem.
void perform(eventstore::Sequencer& sequencer, Act act, std::function<void(ActResult)> done);

/// The problem for everything but acceptance: a rejection names its code, sentence and field.
Problem problem_of(const eventstore::Outcome& outcome);

/// Of several accepted events the first of this type; null if there is none.
template <class EventT>
const EventT* first_event(const eventstore::Accepted& accepted) {
  const auto as_wanted = [](const auto& event) -> const EventT* {
    if constexpr (std::is_same_v<std::decay_t<decltype(event)>, EventT>) {
      return &event;
    } else {
      return nullptr;
    }
  };
  for (const auto& event : accepted.events) {
    const auto* found =
        std::visit([&](const auto& nested) { return std::visit(as_wanted, nested); }, event);
    if (found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace meent::api
