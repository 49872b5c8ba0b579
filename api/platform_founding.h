#pragma once
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "api/commands.h"
#include "api/node.h"

/// Founding a platform takes two logs: the directory decides name and hosts first, then the
/// platform's own first facts and the kinds the binary ships are written. A repeat with the same
/// key finishes what an interrupted founding began.
namespace meent::api {

struct PlatformFounding {
  domain::LogId log;  ///< of the node's log: eventstore::Store::partition
  std::string slug, name, language, introduction;
  std::vector<std::string> hosts;
  Requester requester;
  std::string idempotency_key;
  std::string request;
};

/// Called once, from another thread, with the platform's id.
using FoundingDone = std::function<void(std::expected<domain::PlatformId, Problem>)>;

void found_platform(const Node& node, PlatformFounding founding, FoundingDone done);
/// The platform's own facts and kinds only, on this node.
void finish_founding(eventstore::Sequencer& sequencer, eventstore::Keys& keys,
                     PlatformFounding founding, domain::PlatformId platform, FoundingDone done);

}  // namespace meent::api
