#include <spdlog/spdlog.h>

#include <csignal>
#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/exchange/demo.h"
#include "api/serving.h"

namespace meent::api::cli {

namespace {

struct ServeOptions {
  std::string folder;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  unsigned thread_count = 0;
  bool is_demo = false;
  eventstore::EventOrigin origin;
};

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

/// SIGTERM and SIGINT wait to be taken by `sigwait`, in every thread made from here on.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// What is wrong with how events are to be told from where they come; nothing when all is well.
std::optional<std::string> fault_in(const eventstore::EventOrigin& origin) {
  if (const auto fault = eventstore::fault_in_source(origin.source)) {
    return "--event-source: " + *fault;
  }
  if (origin.public_url.empty()) return std::nullopt;
  const auto fault = eventstore::fault_in_public_url(origin.public_url);
  return fault ? std::optional("--public-url: " + *fault) : std::nullopt;
}

void fill_demo(const Node& node) {
  const auto report = load_demo(node);
  if (report.accepted > 0) {
    spdlog::info("demo: {} communities, {} acts", report.platform_count, report.accepted);
  }
}

int serve(const ServeOptions& options) {
  if (const auto fault = fault_in(options.origin)) {
    std::cerr << "meent: " << *fault << "\n";
    return wrong_arguments;
  }
  if (options.is_demo && !is_loopback(options.address)) {
    std::cerr << "meent: --demo lets anyone act as a demo person, so it serves loopback only.\n"
                 "Leave --demo out, or use --address 127.0.0.1.\n";
    return wrong_arguments;
  }
  const auto signals = block_stop_signals();
  Serving serving({.folder = options.folder, .is_demo = options.is_demo, .origin = options.origin},
                  nullptr);
  if (options.is_demo) fill_demo(serving.node());
  serving.listen(
      {.address = options.address, .port = options.port, .thread_count = options.thread_count});
  std::cout << "Meent serves at http://" << options.address << ":" << serving.port() << "/"
            << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("stopping on signal {}: finishing what is in flight", signal);
  serving.stop(std::chrono::seconds(10));
  return done;
}

}  // namespace

void add_serve(CLI::App& app, Run& run) {
  auto options = std::make_shared<ServeOptions>();
  auto* command = app.add_subcommand("serve", "Serve the API and the pages");
  command->add_option("--data", options->folder, "Data folder; made when it is not there")
      ->required();
  command->add_option("--address", options->address, "Address to listen on")->capture_default_str();
  command->add_option("--port", options->port, "Port; 0 takes a free one")->capture_default_str();
  command->add_option("--threads", options->thread_count, "Event loops; 0: one per core")
      ->capture_default_str();
  command->add_flag(
      "--demo", options->is_demo,
      "Fill with the demo communities, and let visitors act as demo people (loopback)");
  command->add_option("--public-url", options->origin.public_url,
                      "Address at which readers find this server, as in https://meent.example; "
                      "CloudEvents name their schemas by it");
  command
      ->add_option("--event-source", options->origin.source,
                   "URN of organisation and system that CloudEvents name as their source, as in "
                   "urn:nld:oin:00000001823288444000:systeem:meent")
      ->capture_default_str();
  command->callback([options, &run] { run = [options] { return serve(*options); }; });
}

}  // namespace meent::api::cli
