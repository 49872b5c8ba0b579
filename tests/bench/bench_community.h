#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/exchange/caller.h"
#include "tests/bench/load_client.h"

/// What is loaded: one platform, one space, people with tokens, contributions.
namespace meent::bench {

struct BenchPerson {
  std::string id;
  std::string token;
};

struct BenchCommunity {
  std::string base;  ///< "/api/v1/platforms/<id>"
  std::string space;
  std::vector<BenchPerson> people{};
  std::vector<std::string> contributions{};

  [[nodiscard]] std::string space_path() const { return base + "/spaces/" + space; }
};

/// A caller with a person's token, or the operator's when it is empty.
using CallerWith = std::function<std::unique_ptr<api::ApiCaller>(const std::string& token)>;

/// Registers people, each with a token, and places contributions. Throws when one is refused.
void populate(BenchCommunity& community, const CallerWith& caller_with, std::size_t people_count,
              std::size_t contribution_count);

/// Random supports of random people. Throws when one is not accepted.
LoadResult load_supports(const BenchCommunity& community, const LoadOptions& options);

/// The text of a field of an answer's JSON. Throws, with what was answered, when it is no success.
std::string field_of(const api::ApiAnswer& answer, const char* field);

}  // namespace meent::bench
