#include <algorithm>
#include <deque>
#include <iostream>
#include <map>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "eventstore/envelope.h"
#include "eventstore/store.h"

namespace meent::api::cli {

namespace {

using namespace eventstore;

/// Anybody may have written it, so nothing of it may steer the terminal.
std::string printable(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

/// What an envelope says, in one line.
std::string described(const StoredEnvelope& stored) {
  const auto envelope = decode_envelope(stored.bytes);
  if (!envelope) return std::to_string(stored.bytes.size()) + " bytes that are no envelope";
  struct Says {
    std::string operator()(const Genesis& genesis) const {
      return "genesis of log " + genesis.log_id.text() + ", partition " +
             std::to_string(genesis.partition) + " of " + std::to_string(genesis.partitions);
    }
    std::string operator()(const Claim& claim) const {
      return "claim" + (claim.url.empty() ? std::string() : " by " + printable(claim.url));
    }
    std::string operator()(const Group& group) const {
      const auto header = decode_record_header(group.record);
      if (!header) return "group whose record cannot be read";
      return "group of platform " + header->platform.text() + ", positions " +
             std::to_string(header->base_position) + " to " +
             std::to_string(header->last_position());
    }
    std::string operator()(const CheckpointMark& mark) const {
      return "checkpoint of " + printable(mark.consumer) + ", platform " + mark.platform.text() +
             ", position " + std::to_string(mark.position);
    }
  };
  return std::visit(Says{}, envelope->body) + ", epoch " + std::to_string(envelope->epoch);
}

int show_log(const std::string& folder, std::size_t last_count) {
  const auto store = Store::open({.folder = folder, .read_only = true}, real_files());
  std::map<std::string, std::uint64_t> voids;
  std::deque<StoredEnvelope> last;
  std::uint64_t count = 0;
  const auto all = store->next_offset();
  {
    Progress bar("log");
    store->read(0, [&](const StoredEnvelope& stored) {
      ++count;
      bar.show(stored.offset + 1, all);
      if (stored.void_reason) ++voids[name_of(*stored.void_reason)];
      last.push_back(stored);
      if (last.size() > last_count) last.pop_front();
      return true;
    });
  }
  std::uint64_t void_count = 0;
  for (const auto& [reason, number] : voids) void_count += number;
  std::cout << count << " envelopes, " << void_count << " void\n";
  for (const auto& [reason, number] : voids) std::cout << "  " << reason << ": " << number << "\n";
  for (const auto& stored : last) {
    std::cout << "partition " << stored.entry.partition << " offset " << stored.entry.offset << ": "
              << described(stored);
    if (stored.void_reason) std::cout << "  (void: " << name_of(*stored.void_reason) << ")";
    std::cout << "\n";
  }
  return done;
}

}  // namespace

void add_log(CLI::App& app, Run& run) {
  struct Options {
    std::string folder;
    std::size_t last = 20;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "log",
      "Show what lies in the log: void envelopes counted by reason, and the last envelopes. Works "
      "beside a running server.");
  command->add_option("--data", options->folder, "Data folder")->required();
  command->add_option("--last", options->last, "How many of the last envelopes to show")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command->callback(
      [options, &run] { run = [options] { return show_log(options->folder, options->last); }; });
}

}  // namespace meent::api::cli
