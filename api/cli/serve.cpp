#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <thread>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/cluster.h"
#include "api/exchange/demo.h"
#include "api/serving.h"
#include "eventstore/kafka_log.h"
#include "eventstore/kafka_topic.h"

namespace meent::api::cli {

namespace {

struct ServeOptions {
  std::string folder;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  unsigned thread_count = 0;
  bool is_demo = false;
  std::string log = "embedded";
  std::string cluster_secret;  ///< file
  std::string url;
  eventstore::EventOrigin origin;
  eventstore::KafkaOptions kafka;
  std::string kafka_config;  ///< file
  std::string publish_to;    ///< empty: nowhere
  std::string publish_as = "publisher";
};

constexpr std::chrono::seconds longest_wait_for_owners{10};

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

/// Whoever owns a platform fills it; who comes second finds it filled.
void fill_demo(Serving& serving) {
  const auto caller = dispatch_caller([&serving](Request& request, Respond respond) {
    serving.dispatch(request, std::move(respond));
  });
  try {
    const auto report = load_demo(*caller);
    if (report.accepted > 0) {
      spdlog::info("demo: {} communities, {} acts", report.platform_count, report.accepted);
    }
  } catch (const CallFailed& error) {
    spdlog::warn("{}", error.what());
  }
}

/// The consumers that were asked for; nothing: none were. Throws StartRefused.
std::unique_ptr<RunningConsumers> start_consumers(const ServeOptions& options, const Node& node,
                                                  const Wiring& wiring) {
  if (options.publish_to.empty()) return nullptr;
  Publishing publishing{
      .name = options.publish_as, .kafka = options.kafka, .origin = options.origin};
  eventstore::check_kafka_options(publishing.kafka);
  if (!options.kafka_config.empty()) {
    publishing.kafka.client = eventstore::read_kafka_config(options.kafka_config);
  }
  if (publishing.origin.public_url.empty()) {
    publishing.origin.public_url = "http://" + options.address + ":" + std::to_string(options.port);
  }
  return wiring.publish(node.store, node.keys, node.sequencer, publishing);
}

/// Nothing: one machine by itself.
std::unique_ptr<eventstore::Replicated> open_replicated(const ServeOptions& options) {
  if (options.log != "kafka") return nullptr;
  auto kafka = options.kafka;
  if (!options.kafka_config.empty()) {
    kafka.client = eventstore::read_kafka_config(options.kafka_config);
  }
  auto& files = eventstore::real_files();
  const auto secret = eventstore::read_cluster_secret(options.cluster_secret, files);
  eventstore::ReplicatedParts parts{
      .log = eventstore::KafkaLog::open(kafka),
      .keys = std::make_unique<eventstore::KafkaTopic>(kafka, kafka.keys_topic()),
      .beats = std::make_unique<eventstore::KafkaTopic>(kafka, kafka.beats_topic()),
      .secret = secret};
  return eventstore::Replicated::open(options.folder, files, std::move(parts), {});
}

/// Until this node has read all there is and the directory is among it. False: not in time.
bool wait_for_directory(const Serving& serving) {
  const auto end = std::chrono::steady_clock::now() + longest_wait_for_owners;
  const auto& node = serving.node();
  while (!node.sequencer.behind() || node.store.tip(domain::directory_id()).position == 0) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

/// The signal that stops it. A node says from time to time how far it has read, until it is there.
int wait_for_signal(const sigset_t& signals, const Node& node) {
  const timespec interval{.tv_sec = 2, .tv_nsec = 0};
  while (node.cluster != nullptr && !node.sequencer.behind()) {
    const int signal = sigtimedwait(&signals, nullptr, &interval);
    if (signal > 0) return signal;
    if (!node.sequencer.behind()) spdlog::info("{}", node.cluster->reading_progress());
  }
  if (node.cluster != nullptr) spdlog::info("the log has been read to its end");
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

int serve(const ServeOptions& options, const Wiring& wiring) {
  if (const auto fault = fault_in(options.origin)) {
    std::cerr << "meent: " << *fault << "\n";
    return wrong_arguments;
  }
  if (options.is_demo && !is_loopback(options.address)) {
    std::cerr << "meent: --demo lets anyone act as a demo person, so it serves loopback only.\n"
                 "Leave --demo out, or use --address 127.0.0.1.\n";
    return wrong_arguments;
  }
  if (!options.publish_to.empty() && options.port == 0 && options.origin.public_url.empty()) {
    std::cerr << "meent: a free port is no address that subscribers could rely on.\n"
                 "Give --public-url, or a --port.\n";
    return wrong_arguments;
  }
  const auto signals = block_stop_signals();
  Serving serving({.folder = options.folder, .is_demo = options.is_demo, .origin = options.origin},
                  open_replicated(options));
  serving.add_pages();
  if (options.is_demo && serving.replicated() == nullptr) fill_demo(serving);
  const auto consumers = start_consumers(options, serving.node(), wiring);
  serving.local().node().consumers = consumers.get();
  serving.listen(
      {.address = options.address, .port = options.port, .thread_count = options.thread_count});
  const auto address = "http://" + options.address + ":" + std::to_string(serving.port());
  if (serving.replicated() != nullptr) {
    serving.join(options.url.empty() ? address : options.url);
    if (options.is_demo && wait_for_directory(serving)) fill_demo(serving);
  }
  std::cout << "Meent serves at " << address << "/" << std::endl;
  const int signal = wait_for_signal(signals, serving.node());
  spdlog::info("stopping on signal {}: finishing what is in flight", signal);
  serving.stop(std::chrono::seconds(10));
  if (consumers) consumers->stop();
  return done;
}

}  // namespace

void add_publishing(CLI::App& command, ServeOptions& options) {
  auto* where = command
                    .add_option("--publish", options.publish_to,
                                "Where public events go as CloudEvents (docs/subscribe.md)")
                    ->check(CLI::IsMember({"kafka"}));
  auto& kafka = options.kafka;
  auto* brokers = command.add_option("--kafka", kafka.bootstrap,
                                     "Addresses of some brokers: host:port,host:port");
  command
      .add_option("--topic-prefix", kafka.topic_prefix,
                  "What the topics' names begin with: PREFIX.events")
      ->capture_default_str();
  command.add_option("--kafka-config", options.kafka_config,
                     "File with name=value lines for TLS and SASL (docs/kafka.md)");
  command
      .add_option("--publish-as", options.publish_as,
                  "Whose checkpoints are used; another name publishes from the first event on")
      ->check([](const std::string& name) {
        return name.empty() || name.size() > 60 ? "1 to 60 characters" : "";
      })
      ->capture_default_str();
  where->needs(brokers);
}

void add_serve(CLI::App& app, Run& run, const Wiring& wiring) {
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
  if (wiring.publish) add_publishing(*command, *options);
  auto* cluster = command->add_option_group("Cluster", "Several nodes over one replicated log");
  cluster->add_option("--log", options->log, "embedded: one machine; kafka: one node of several")
      ->check(CLI::IsMember({"embedded", "kafka"}))
      ->capture_default_str();
  cluster
      ->add_option("--replication", options->kafka.replication,
                   "Copies that the log's topic must have at least")
      ->capture_default_str();
  cluster->add_option("--cluster-secret", options->cluster_secret,
                      "File with the cluster's secret; the same on every node");
  cluster->add_option("--url", options->url,
                      "Where the other nodes reach this one (its address and port)");
  command->callback([options, &run, &wiring] {
    if (options->log == "kafka" &&
        (options->kafka.bootstrap.empty() || options->cluster_secret.empty())) {
      throw CLI::ValidationError("--log kafka", "needs --kafka and --cluster-secret");
    }
    run = [options, &wiring] { return serve(*options, wiring); };
  });
}

}  // namespace meent::api::cli
