#pragma once
#include <cstdint>

#include "api/exchange/caller.h"

namespace meent::api {

struct DemoReport {
  std::uint64_t platform_count = 0;  ///< that are there and whole
  std::uint64_t accepted = 0;        ///< commands of this run
  std::uint64_t refused = 0;
};

/// Fills an installation with the demo communities of web/demo: platforms, people, spaces,
/// contributions, discussions and thousands of supports, all through commands, which go to whoever
/// owns the platform. A run that was stopped goes on where it was; a second run changes nothing. A
/// platform that others have founded under a demo's slug is left alone. Blocks, a few seconds the
/// first time; what is refused is in the log of the node that owns it.
/// `caller`: an operator of this process. Throws CallFailed: the same call goes on from there.
DemoReport load_demo(ApiCaller& caller);

}  // namespace meent::api
