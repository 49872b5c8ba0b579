#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "eventstore/kafka_init.h"

namespace meent::api::cli {

namespace {

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

}  // namespace

void add_kafka(CLI::App& app, Run& run) {
  auto* kafka = app.add_subcommand("kafka", "The replicated log on Apache Kafka (docs/kafka.md)");
  kafka->require_subcommand(1);
  auto options = std::make_shared<InitOptions>();
  auto& made = options->init;
  auto* command = kafka->add_subcommand(
      "init",
      "Make the topics of an installation as they must be, and begin the log. Run again, it goes "
      "on where it was cut off; what is there and right is left alone.");
  command->add_option("--kafka", made.options.bootstrap, "Brokers, as host:port,host:port")
      ->required();
  command->add_option("--topic-prefix", made.options.topic_prefix, "What topic names start with")
      ->capture_default_str();
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
  command->add_option("--kafka-config,--config", options->config,
                      "File with TLS and SASL options, one name=value a line");
  command->add_flag("--fsync", made.fsync, "Brokers write to disk before they acknowledge");
  command->add_option("--node", made.nodes,
                      "Principal of nodes, as User:meent: may read and write all topics");
  command->add_option("--reader", made.readers,
                      "Principal that may read the public topic; may be given again");
  command->callback([options, &run] { run = [options] { return init(*options); }; });
}

}  // namespace meent::api::cli
