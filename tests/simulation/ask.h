#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "eventstore/sequencer.h"
#include "tests/simulation/schedule.h"

namespace meent::simulation {

/// What a client was told of a platform's history; it may ask for at least that much.
struct Token {
  std::uint64_t position = 0;
  eventstore::Hash hash{};
};

/// One command of one client, the same in all its tries.
struct Ask {
  std::size_t client = 0;
  std::string key;
  domain::PlatformId platform;
  domain::Actor actor;
  domain::Role role = domain::Role::person;
  /// The command as the owner makes it of the request: keys are drawn there.
  std::function<domain::Command(eventstore::Keys&)> make;
  std::optional<Token> after;
};
using AskPtr = std::shared_ptr<const Ask>;

/// What is known of a submission when its outcome is checked.
struct Judged {
  eventstore::Submission submission;
  SteadyTime submitted_at;
  std::uint64_t tip = 0;  ///< the node's then
};

}  // namespace meent::simulation
