#include <fstream>
#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/exchange/csv.h"
#include "api/exchange/polis_export.h"
#include "api/history.h"

namespace meent::api::cli {

namespace {

constexpr std::size_t slice_bytes = 256 * 1024;

struct ExportOptions {
  Place place;
  std::string platform, space, out;
};

using Piece = std::function<void(std::string_view)>;

/// Beside a running server too: nothing is locked.
void read_folder(const ExportOptions& options, const Piece& piece) {
  auto& files = eventstore::real_files();
  const std::filesystem::path folder(options.place.folder);
  const auto store = eventstore::Store::open({.folder = folder, .read_only = true}, files);
  const auto keys = eventstore::Keys::open(folder / "keys", files);
  auto platform = find_platform(*store, options.platform);
  if (!platform) throw SourceError("there is no platform " + options.platform);
  const auto tip = store->tip(platform->id).position;
  const HistoryReader reader{.store = *store,
                             .keys = *keys,
                             .platform = *platform,
                             .viewer = local_operator().viewer,
                             .filter = {},
                             .format = HistoryFormat::ndjson};
  Progress bar("history");
  for (std::uint64_t position = 1; position <= tip;) {
    const auto slice = reader.read(position, tip, slice_bytes, UINT64_MAX);
    if (slice.next_position == position) {
      throw SourceError("the history ends at position " + std::to_string(position) +
                        "; run meent verify");
    }
    piece(slice.text);
    position = slice.next_position;
    bar.show(position - 1, tip);
  }
}

/// Passes on whole lines, the last one only when it is known to be no farewell: a server that stops
/// or finds its reader too slow ends a history early, and says so in a line of its own.
class WholeHistory {
 public:
  explicit WholeHistory(const Piece& piece) : piece_(piece) {}

  void add(std::string_view text) {
    held_ += text;
    if (held_.size() < 2) return;
    const auto end = held_.rfind('\n', held_.size() - 2);
    if (end == std::string::npos) return;
    piece_(std::string_view(held_).substr(0, end + 1));
    held_.erase(0, end + 1);
  }
  /// Throws CallFailed when it is not whole.
  void finish() {
    if (held_.empty()) return;
    if (held_.starts_with(R"({"closed":)") || held_.back() != '\n') {
      throw CallFailed("the server ended the history early; run the same command again");
    }
    piece_(held_);
  }

 private:
  const Piece& piece_;
  std::string held_;
};

void read_server(const ExportOptions& options, const Piece& piece) {
  const auto caller = options.place.open();
  WholeHistory history(piece);
  const auto answer = caller->stream({.method = Method::get,
                                      .path = "/api/v1/platforms/" + options.platform + "/events",
                                      .body = {},
                                      .headers = {}},
                                     [&](std::string_view text) { history.add(text); });
  if (!answer.is_good()) throw CallFailed("refused with status " + std::to_string(answer.status));
  history.finish();
}

void read_history(const ExportOptions& options, const Piece& piece) {
  if (options.place.server.empty()) {
    read_folder(options, piece);
  } else {
    read_server(options, piece);
  }
}

int export_events(const ExportOptions& options) {
  std::ofstream file;
  if (!options.out.empty()) file.open(options.out, std::ios::binary | std::ios::trunc);
  std::ostream& out = options.out.empty() ? std::cout : file;
  read_history(options, [&](std::string_view text) { out << text; });
  out.flush();
  if (!out) throw SourceError(options.out + ": cannot be written");
  return done;
}

int export_polis(const ExportOptions& options) {
  PolisExport polis(options.space);
  std::string rest;
  read_history(options, [&](std::string_view text) {
    rest += text;
    std::size_t start = 0;
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', start)) {
      polis.add(std::string_view(rest).substr(start, end - start));
      start = end + 1;
    }
    rest.erase(0, start);
  });
  polis.write(options.out);
  return done;
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  auto* parent =
      app.add_subcommand("export", "Take history out; works beside a running server too");
  parent->require_subcommand(1);

  auto events_options = std::make_shared<ExportOptions>();
  auto* events = parent->add_subcommand("events", "A platform's history, one JSON object a line");
  events->add_option("--platform", events_options->platform, "Slug or id")->required();
  events->add_option("--out", events_options->out, "File; standard output when left out");
  add_place(*events, events_options->place);
  events->callback([events_options, &run] {
    run = [events_options] { return export_events(*events_options); };
  });

  auto polis_options = std::make_shared<ExportOptions>();
  auto* polis = parent->add_subcommand(
      "polis", "A space as Polis's open-data files, with the ids it was imported with");
  polis->add_option("folder", polis_options->out, "Folder to write to; made when it is not there")
      ->required();
  polis->add_option("--platform", polis_options->platform, "Slug or id")->required();
  polis->add_option("--space", polis_options->space, "Slug")->required();
  add_place(*polis, polis_options->place);
  polis->callback(
      [polis_options, &run] { run = [polis_options] { return export_polis(*polis_options); }; });
}

}  // namespace meent::api::cli
