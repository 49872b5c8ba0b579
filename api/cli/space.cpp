#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/json_writer.h"

namespace meent::api::cli {

namespace {

struct SpaceOptions {
  Place place;
  std::string platform, slug, title, introduction, opens_at, closes_at;
  std::vector<std::string> kinds{"idea", "statement", "discussion"};
};

int create(const SpaceOptions& options) {
  JsonWriter body;
  body.open_object()
      .field("slug", options.slug)
      .field("title", options.title.empty() ? options.slug : options.title)
      .field("introduction", options.introduction)
      .open_array("kinds");
  for (const auto& kind : options.kinds) body.element(kind);
  body.close_array();
  if (!options.opens_at.empty()) body.field("opens_at", options.opens_at);
  if (!options.closes_at.empty()) body.field("closes_at", options.closes_at);
  body.close_object();
  return report(
      options.place.open()->call({.method = Method::post,
                                  .path = "/api/v1/platforms/" + options.platform + "/spaces",
                                  .body = body.take(),
                                  .headers = {}}));
}

}  // namespace

void add_space(CLI::App& app, Run& run) {
  auto options = std::make_shared<SpaceOptions>();
  auto* space = app.add_subcommand("space", "Spaces: places inside a platform");
  space->require_subcommand(1);
  auto* command = space->add_subcommand("create", "Create a space");
  command->add_option("slug", options->slug, "Its name in addresses")->required();
  command->add_option("--platform", options->platform, "Slug or id of the platform")->required();
  command->add_option("--title", options->title, "Its name for people");
  command->add_option("--introduction", options->introduction, "CommonMark");
  command
      ->add_option("--kind", options->kinds, "A kind that may be placed here; may be given again")
      ->capture_default_str();
  command->add_option("--opens", options->opens_at, "2026-11-24T10:00:00Z");
  command->add_option("--closes", options->closes_at, "2026-12-24T10:00:00Z");
  add_place(*command, options->place);
  command->callback([options, &run] { run = [options] { return create(*options); }; });
}

}  // namespace meent::api::cli
