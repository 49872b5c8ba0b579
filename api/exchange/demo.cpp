#include "api/exchange/demo.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "api/exchange/demo_script.h"
#include "api/json_writer.h"

namespace meent::api {

using nlohmann::json;

namespace {

const std::string platforms = "/api/v1/platforms";

[[noreturn]] void fail(const DemoHead& head, const ApiAnswer& answer) {
  throw CallFailed("demo " + head.slug + ": status " + std::to_string(answer.status) + " " +
                   answer.body + ". Nothing is lost: start again to go on from there.");
}

json asked(ApiCaller& caller, const DemoHead& head, Method method, const std::string& path) {
  const auto answer = caller.call({.method = method, .path = path, .body = {}, .headers = {}});
  if (!answer.is_good()) fail(head, answer);
  return json::parse(answer.body);
}

std::uint64_t rows_of(ApiCaller& caller, const DemoHead& head, const std::string& platform) {
  const auto path = platforms + "/" + platform + "/imports/" + demo_source(head.slug).text();
  return asked(caller, head, Method::get, path).at("rows");
}

struct DemoPlace {
  std::string platform;  ///< id
  std::uint64_t row = 0;
};

/// Founds the platform when it is missing; nothing: its slug is somebody else's.
std::optional<DemoPlace> place_for(ApiCaller& caller, const DemoHead& head) {
  const auto found = caller.call(
      {.method = Method::get, .path = platforms + "/" + head.slug, .body = {}, .headers = {}});
  if (found.is_good()) {
    const std::string id = json::parse(found.body).at("id");
    const auto row = rows_of(caller, head, id);
    if (row > 0) return DemoPlace{id, row};
  } else if (found.status != 404) {
    fail(head, found);
  }
  JsonWriter body;
  body.open_object()
      .field("slug", head.slug)
      .field("name", head.name)
      .field("language", head.language)
      .field("introduction", head.introduction)
      .close_object();
  const auto founded = caller.call({.method = Method::post,
                                    .path = platforms,
                                    .body = body.take(),
                                    .headers = {{"Idempotency-Key", "demo/" + head.slug}}});
  if (founded.is_good()) return DemoPlace{json::parse(founded.body).at("id"), 0};
  if (founded.status >= 500) fail(head, founded);
  spdlog::warn("demo {}: not loaded, its slug is somebody else's: {}", head.slug, founded.body);
  return std::nullopt;
}

}  // namespace

DemoReport load_demo(ApiCaller& caller) {
  DemoReport report;
  for (const auto community : demo_communities) {
    const auto head = demo_head(demo_file(community));
    auto place = place_for(caller, head);
    if (!place) continue;
    for (bool is_whole = false; !is_whole;) {
      const auto part =
          asked(caller, head, Method::post, demo_path(place->platform, community, place->row));
      report.accepted += part.at("accepted").get<std::uint64_t>();
      report.refused += part.at("refused").get<std::uint64_t>();
      place->row = part.at("next");
      is_whole = place->row >= part.at("all");
    }
    ++report.platform_count;
  }
  return report;
}

}  // namespace meent::api
