#include <algorithm>
#include <iomanip>
#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "eventstore/kafka_heal.h"
#include "eventstore/kafka_init.h"
#include "eventstore/shared_keys.h"

namespace meent::api::cli {

namespace {

void add_brokers(CLI::App& command, eventstore::KafkaOptions& kafka, std::string& config) {
  command.add_option("--kafka", kafka.bootstrap, "Brokers, as host:port,host:port")->required();
  command.add_option("--topic-prefix", kafka.topic_prefix, "What topic names start with")
      ->capture_default_str();
  command.add_option("--kafka-config,--config", config,
                     "File with TLS and SASL options, one name=value a line");
}

struct InitOptions {
  eventstore::KafkaInit init;
  std::string config;
  std::uint32_t min_insync = 0;  ///< 0: not given
};

int init(InitOptions options) {
  if (!options.config.empty()) {
    options.init.options.client = eventstore::read_kafka_config(options.config);
  }
  if (options.min_insync > 0) options.init.min_insync = options.min_insync;
  const auto report = eventstore::init_kafka(options.init);
  for (const auto& topic : report.made) std::cout << "made " << topic << "\n";
  if (report.made.empty() && report.genesis_count == 0) {
    std::cout << "all is there already\n";
  } else {
    std::cout << "genesis written to " << report.genesis_count << " of " << options.init.partitions
              << " partitions\n";
  }
  std::cout << "log " << report.log_id.text() << "\n";
  if (!report.has_authorizer) {
    std::cout << "The brokers have no authorizer: whoever reaches them can write into the log.\n"
                 "With one, these rights would have been given:\n";
  }
  for (const auto& right : report.rights) std::cout << "  " << right << "\n";
  if (options.init.options.replication == 1) {
    std::cerr << "meent: the log has one copy; its history is lost with that broker's disk\n";
  }
  return done;
}

struct HealOptions {
  eventstore::KafkaOptions kafka;
  std::string config, folder, cluster_secret;
  bool is_confirmed = false;
};

std::string state_of(const eventstore::HealPlace& place) {
  if (place.parted) {
    return "PARTED from an offset between " + std::to_string(place.parted->first) + " and " +
           std::to_string(place.parted->second) + " on";
  }
  if (place.lost_count > 0) return std::to_string(place.lost_count) + " envelopes lost";
  if (place.topic_end > place.node_end) return "the topic has more than this node";
  return "whole";
}

void show(const std::vector<eventstore::HealPlace>& places) {
  constexpr int width = 24;
  std::cout << std::left << std::setw(width / 2) << "partition" << std::setw(width)
            << "this node ends before" << std::setw(width) << "the topic ends before" << "\n";
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::cout << std::setw(width / 2) << i << std::setw(width) << places[i].node_end
              << std::setw(width) << places[i].topic_end << state_of(places[i]) << "\n";
  }
}

int heal(HealOptions options) {
  auto& files = eventstore::real_files();
  if (!options.config.empty()) {
    options.kafka.client = eventstore::read_kafka_config(options.config);
  }
  const auto secret = eventstore::read_cluster_secret(options.cluster_secret, files);
  eventstore::KafkaHeal healing(options.folder, options.kafka, secret, files);
  std::cout << "log " << healing.log_id().text() << ", topic " << options.kafka.log_topic() << "\n";
  const auto places = [&] {
    Progress bar("compared");
    return healing.compare([&](std::uint64_t part, std::uint64_t all) { bar.show(part, all); });
  }();
  show(places);
  if (std::ranges::any_of(places, [](const auto& place) { return place.parted.has_value(); })) {
    std::cerr << "meent: somebody wrote since the end was lost, so what this node has is no longer "
                 "the same history. Nothing was written. See docs/runbook.md, Lost suffix\n";
    return refused;
  }
  std::uint64_t lost_count = 0;
  for (const auto& place : places) lost_count += place.lost_count;
  if (lost_count == 0) {
    std::cout << "The topic holds all that this node has.\n";
    return done;
  }
  if (!options.is_confirmed) {
    std::cout
        << "Nothing was written. Run this on every node, and compare where they end: only the\n"
           "longest has all. To append from this one, run the same with --yes; where another\n"
           "node ends later in some partition, run it there afterwards too.\n";
    return refused;
  }
  std::size_t key_count = 0;
  {
    Progress bar("appended");
    key_count = healing.append([&](std::uint64_t part, std::uint64_t all) { bar.show(part, all); });
  }
  std::cout << "appended " << lost_count << " envelopes, read back and the same; gave " << key_count
            << " keys that the topic of keys had lost\n";
  return done;
}

void add_heal(CLI::App& kafka, Run& run) {
  auto options = std::make_shared<HealOptions>();
  auto* command = kafka.add_subcommand(
      "heal",
      "After the brokers lost the end of the log: say what this stopped node has that the topic "
      "lacks and, with --yes, append it again, the same bytes at the same offsets. Run again, it "
      "goes on where it was cut off.");
  add_brokers(*command, options->kafka, options->config);
  command->add_option("--data", options->folder, "Data folder of a node that is stopped")
      ->required();
  command->add_option("--cluster-secret", options->cluster_secret, "File with the cluster's secret")
      ->required();
  command
      ->add_option("--replication", options->kafka.replication,
                   "Copies that the log's topic must have at least")
      ->capture_default_str();
  command->add_flag("--yes", options->is_confirmed,
                    "Append; without it nothing is written, and the exit code is 1 when something "
                    "is lost");
  command->callback([options, &run] { run = [options] { return heal(*options); }; });
}

}  // namespace

void add_kafka(CLI::App& app, Run& run) {
  auto* kafka = app.add_subcommand("kafka", "The replicated log on Apache Kafka (docs/kafka.md)");
  kafka->require_subcommand(1);
  add_heal(*kafka, run);
  auto options = std::make_shared<InitOptions>();
  auto& made = options->init;
  auto* command = kafka->add_subcommand(
      "init",
      "Make the topics of an installation as they must be, and begin the log. Run again, it goes "
      "on where it was cut off; what is there and right is left alone.");
  add_brokers(*command, made.options, options->config);
  command
      ->add_option("--partitions", made.partitions,
                   "Partitions of the log: the most nodes that can own some. Never changes later")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--replication", made.options.replication, "Copies of each record")
      ->check(CLI::Range(1, 9))
      ->capture_default_str();
  command
      ->add_option("--min-insync", options->min_insync,
                   "Copies that must have a record before it counts (2; 1 with a single copy)")
      ->check(CLI::Range(1, 9));
  command->add_flag("--fsync", made.fsync, "Brokers write to disk before they acknowledge");
  command->add_option("--node", made.nodes,
                      "Principal of nodes, as User:meent: may read and write all topics");
  command->add_option("--reader", made.readers,
                      "Principal that may read the public topic; may be given again");
  command->callback([options, &run] { run = [options] { return init(*options); }; });
}

}  // namespace meent::api::cli
