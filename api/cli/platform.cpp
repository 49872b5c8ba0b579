#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/json_writer.h"

namespace meent::api::cli {

namespace {

struct PlatformOptions {
  Place place;
  std::string slug, name, language = "nl", introduction;
  std::vector<std::string> hosts;
};

int create(const PlatformOptions& options) {
  JsonWriter body;
  body.open_object()
      .field("slug", options.slug)
      .field("name", options.name.empty() ? options.slug : options.name)
      .field("language", options.language)
      .field("introduction", options.introduction)
      .open_array("hosts");
  for (const auto& host : options.hosts) body.element(host);
  body.close_array().close_object();
  return report(options.place.open()->call(
      {.method = Method::post, .path = "/api/v1/platforms", .body = body.take(), .headers = {}}));
}

}  // namespace

void add_platform(CLI::App& app, Run& run) {
  auto options = std::make_shared<PlatformOptions>();
  auto* platform = app.add_subcommand("platform", "Platforms: one community site each");
  platform->require_subcommand(1);
  auto* command = platform->add_subcommand(
      "create", "Found a platform, with the kinds idea, statement and discussion");
  command->add_option("slug", options->slug, "Its name in addresses: a-z, 0-9 and hyphens")
      ->required();
  command->add_option("--name", options->name, "Its name for people");
  command->add_option("--language", options->language, "Language tag")->capture_default_str();
  command->add_option("--introduction", options->introduction, "CommonMark");
  command->add_option("--host", options->hosts, "A host name of its own; may be given again");
  add_place(*command, options->place);
  command->callback([options, &run] { run = [options] { return create(*options); }; });
}

}  // namespace meent::api::cli
