#pragma once
#include <string>
#include <vector>

/// Real data for tests, when there is any (see ops/test).
namespace meent::data {

/// One motion of the Dutch House of Representatives.
struct Motion {
  std::string id, date, theme, title, text;
};

/// From motions/motions.ndjson.gz below the folder MEENT_TEST_DATA; empty when that is not set.
/// Throws std::runtime_error when the file cannot be read.
std::vector<Motion> motions();

}  // namespace meent::data
