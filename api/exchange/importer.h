#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "api/exchange/caller.h"
#include "api/exchange/source.h"

/// Brings a source in through the API, so through commands, not around them. What is missing
/// (platform, space) is made; how far it is stands in the log, so a run that was stopped goes on
/// where it was, and a second run changes nothing.
namespace meent::api {

struct ImportTarget {
  std::string platform;  ///< slug; found, or founded with the name below
  std::string platform_name;
  std::string space;  ///< slug; found, or created with the title below
  std::string space_title;
  std::string language;  ///< of a platform that is founded
};

struct ImportReport {
  std::uint64_t row_count = 0;
  std::uint64_t done_before = 0;  ///< by an earlier run
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::vector<std::string> refusals;  ///< the first 20, with row and reason
};

/// Throws CallFailed: what was brought in stays, and the same call goes on from there.
ImportReport run_import(ApiCaller& caller, const ImportSource& source, const ImportTarget& target,
                        const std::function<void(std::uint64_t done, std::uint64_t all)>& progress);

}  // namespace meent::api
