#include "tests/bench/bench_community.h"

#include <random>
#include <stdexcept>
#include <nlohmann/json.hpp>

namespace meent::bench {

using nlohmann::json;

namespace {

class SupportWriter {
 public:
  explicit SupportWriter(const BenchCommunity& community) : community_(community) {}
  void operator()(std::string& out) {
    constexpr const char* bodies[] = {R"({"stance":"agree"})", R"({"stance":"pass"})",
                                      R"({"stance":"disagree"})"};
    const std::string body = bodies[random_() % 3];
    const auto& contributions = community_.contributions;
    out += "PUT " + community_.base + "/contributions/" +
           contributions[random_() % contributions.size()] +
           "/support HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
           community_.people[random_() % community_.people.size()].token +
           "\r\nContent-Type: application/json\r\nIdempotency-Key: " + std::to_string(random_()) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  const BenchCommunity& community_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace

std::string field_of(const api::ApiAnswer& answer, const char* field) {
  if (!answer.is_good()) {
    throw std::runtime_error("status " + std::to_string(answer.status) + ": " + answer.body);
  }
  return json::parse(answer.body).at(field);
}

void populate(BenchCommunity& community, const CallerWith& caller_with, std::size_t people_count,
              std::size_t contribution_count) {
  const auto post = [](api::ApiCaller& caller, const std::string& path, const json& body) {
    return caller.call(
        {.method = api::Method::post, .path = path, .body = body.dump(), .headers = {}});
  };
  const auto operator_caller = caller_with({});
  for (std::size_t i = 0; i < people_count; ++i) {
    const auto person = field_of(post(*operator_caller, community.base + "/people",
                                      {{"name", "Bewoner " + std::to_string(i)}}),
                                 "id");
    community.people.push_back({person, field_of(post(*operator_caller, community.base + "/tokens",
                                                      {{"label", "bench"},
                                                       {"person", person},
                                                       {"scopes", {"act"}},
                                                       {"expires_at", "2035-01-01T00:00:00Z"}}),
                                                 "secret")});
  }
  for (std::size_t i = 0; i < contribution_count; ++i) {
    const auto number = std::to_string(i);
    const json wanted{
        {"kind", "idea"},
        {"title", "Idee " + number + " voor het dorp"},
        {"body", "Een bankje bij het pad naar de molen, zodat ouderen kunnen rusten. **Nummer " +
                     number + "**. Wie denkt mee over de plek en het hout?"},
        {"themes", {"groen"}},
        {"language", "nl"}};
    const auto caller = caller_with(community.people[i % community.people.size()].token);
    community.contributions.push_back(
        field_of(post(*caller, community.space_path() + "/contributions", wanted), "id"));
  }
}

LoadResult load_supports(const BenchCommunity& community, const LoadOptions& options) {
  SupportWriter write(community);
  auto result =
      run_load(options, [&](std::size_t, std::uint64_t, std::string& out) { write(out); });
  if (result.count_of(200) != result.answer_count) {
    throw std::runtime_error("a support was not accepted");
  }
  return result;
}

}  // namespace meent::bench
