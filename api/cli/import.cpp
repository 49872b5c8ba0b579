#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/exchange/importer.h"

namespace meent::api::cli {

namespace {

struct ImportOptions {
  Place place;
  std::string source;
  ImportTarget target{
      .platform = {}, .platform_name = {}, .space = {}, .space_title = {}, .language = "nl"};
  std::string text_language;
};

using Read = ImportSource (*)(const std::filesystem::path&, const std::string&);

int import(const ImportOptions& options, Read read) {
  auto target = options.target;
  if (target.platform_name.empty()) target.platform_name = target.platform;
  if (target.space_title.empty()) target.space_title = target.space;
  const auto source =
      read(options.source, options.text_language.empty() ? target.language : options.text_language);
  const auto caller = options.place.open();
  ImportReport result;
  {
    Progress bar(source.name);
    result = run_import(*caller, source, target, [&](auto row, auto all) { bar.show(row, all); });
  }
  std::cout << source.name << ": " << result.row_count << " rows, " << result.done_before
            << " done before, " << result.accepted << " accepted, " << result.refused
            << " refused\n";
  for (const auto& refusal : result.refusals) std::cerr << "  " << refusal << "\n";
  return result.refused == 0 ? done : refused;
}

void add_one(CLI::App& parent, Run& run, const std::string& name, const std::string& what,
             const std::string& source_help, Read read) {
  auto options = std::make_shared<ImportOptions>();
  auto* command = parent.add_subcommand(name, what);
  command->add_option("source", options->source, source_help)->required();
  command->add_option("--platform", options->target.platform, "Slug; founded when there is none")
      ->required();
  command->add_option("--platform-name", options->target.platform_name,
                      "Name of one that is founded");
  command->add_option("--space", options->target.space, "Slug; created when there is none")
      ->required();
  command->add_option("--space-title", options->target.space_title, "Title of one that is created");
  command->add_option("--language", options->target.language, "Of a platform that is founded")
      ->capture_default_str();
  command->add_option("--text-language", options->text_language,
                      "Of the texts; the platform's when left out");
  add_place(*command, options->place);
  command->callback(
      [options, read, &run] { run = [options, read] { return import(*options, read); }; });
}

}  // namespace

void add_import(CLI::App& app, Run& run) {
  auto* parent =
      app.add_subcommand("import",
                         "Bring in what was elsewhere, with its times. Goes through commands, "
                         "keeps its progress in the "
                         "log: run it again after an interruption; a second run changes nothing.");
  parent->require_subcommand(1);
  add_one(*parent, run, "polis", "A Polis conversation: statements, authors, every vote event",
          "Folder with comments.csv and votes.csv", read_polis);
  add_one(*parent, run, "contributions", "Contributions, one JSON object a line (docs/import.md)",
          "File (.ndjson)", read_contributions);
}

}  // namespace meent::api::cli
