#include <iostream>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/cli/cli.h"

namespace meent::api::cli {

namespace {

constexpr const char* level_path = "/api/v1/level";

int show(const Place& place) {
  return report(
      place.open()->call({.method = Method::get, .path = level_path, .body = {}, .headers = {}}));
}

/// `to`: 0: the newest that whoever answers knows.
int raise(const Place& place, std::uint32_t to) {
  const auto caller = place.open();
  if (to == 0) {
    const auto known =
        caller->call({.method = Method::get, .path = level_path, .body = {}, .headers = {}});
    if (!known.is_good()) return report(known);
    to = nlohmann::json::parse(known.body).at("newest").get<std::uint32_t>();
  }
  return report(caller->call({.method = Method::post,
                              .path = level_path,
                              .body = nlohmann::json{{"level", to}}.dump(),
                              .headers = {}}));
}

}  // namespace

void add_level(CLI::App& app, Run& run) {
  auto* level = app.add_subcommand(
      "level", "Which events may be written, so that nodes of two versions can work together");
  level->require_subcommand(1);
  auto place = std::make_shared<Place>();
  auto* shown =
      level->add_subcommand("show", "The log's level, and the newest that is known there");
  add_place(*shown, *place);
  shown->callback([place, &run] { run = [place] { return show(*place); }; });
  auto to = std::make_shared<std::uint32_t>(0);
  auto* raised = level->add_subcommand(
      "raise",
      "From now on write what is new at this level. Refused while a live node does not know it; "
      "cannot be undone");
  add_place(*raised, *place);
  raised->add_option("--to", *to, "The level (the newest that is known there)")
      ->check(CLI::Range(1, 1'000'000));
  raised->callback([place, to, &run] { run = [place, to] { return raise(*place, *to); }; });
}

}  // namespace meent::api::cli
