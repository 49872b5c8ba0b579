#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/json_body.h"
#include "api/json_writer.h"
#include "api/requester.h"

namespace meent::api::cli {

namespace {

constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1000;

struct TokenOptions {
  Place place;
  std::string platform = "directory";
  std::string label, person, token;
  std::vector<std::string> scopes{"operate"};
  int days = 90;
};

std::string tokens_path(const TokenOptions& options) {
  const auto platform =
      options.platform == "directory" ? domain::directory_id().text() : options.platform;
  return "/api/v1/platforms/" + platform + "/tokens";
}

int create(const TokenOptions& options) {
  JsonWriter body;
  body.open_object()
      .field("label", options.label)
      .field("expires_at", domain::Timestamp{wall_clock().ms + options.days * day_ms});
  if (!options.person.empty()) body.field("person", options.person);
  body.open_array("scopes");
  for (const auto& scope : options.scopes) body.element(scope);
  body.close_array().close_object();
  return report(options.place.open()->call(
      {.method = Method::post, .path = tokens_path(options), .body = body.take(), .headers = {}}));
}

int list(const TokenOptions& options) {
  return report(options.place.open()->call(
      {.method = Method::get, .path = tokens_path(options), .body = {}, .headers = {}}));
}

int revoke(const TokenOptions& options) {
  return report(options.place.open()->call({.method = Method::remove,
                                            .path = tokens_path(options) + "/" + options.token,
                                            .body = {},
                                            .headers = {}}));
}

CLI::App* add_one(CLI::App& parent, Run& run, const std::string& name, const std::string& what,
                  const std::shared_ptr<TokenOptions>& options, int (*act)(const TokenOptions&)) {
  auto* command = parent.add_subcommand(name, what);
  command
      ->add_option("--platform", options->platform,
                   "Slug or id; `directory`: an operator's token, good for every platform")
      ->capture_default_str();
  add_place(*command, options->place);
  command->callback([options, act, &run] { run = [options, act] { return act(*options); }; });
  return command;
}

}  // namespace

void add_token(CLI::App& app, Run& run) {
  auto options = std::make_shared<TokenOptions>();
  auto* token = app.add_subcommand("token", "Bearer tokens for the API");
  token->require_subcommand(1);
  auto* made =
      add_one(*token, run, "create", "Make a token; its secret is shown once", options, create);
  made->add_option("--label", options->label, "What it is for")->required();
  made->add_option("--person", options->person, "Id of the person it acts as");
  made->add_option("--scope", options->scopes,
                   "act, moderate, import, operate, analyse; may be given again")
      ->capture_default_str();
  made->add_option("--days", options->days, "How long it is valid")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  add_one(*token, run, "list", "List tokens, without their secrets", options, list);
  auto* revoked = add_one(*token, run, "revoke", "Revoke a token", options, revoke);
  revoked->add_option("id", options->token, "Id of the token")->required();
}

}  // namespace meent::api::cli
