#pragma once
#include <functional>
#include <memory>
#include <string>

#include "api/consumers.h"
#include "eventstore/cloud_event.h"
#include "eventstore/kafka_options.h"
#include "eventstore/sequencer.h"

/// What only the composition root can give the command line: api does not know consumers.
namespace meent::api::cli {

/// Where public events go.
struct Publishing {
  std::string name = "publisher";  ///< whose checkpoints in the log they are
  eventstore::KafkaOptions kafka;
  eventstore::EventOrigin origin;  ///< with a public address
};

struct Wiring {
  /// Store, keys and sequencer outlive what it gives. Throws StartRefused.
  std::function<std::unique_ptr<RunningConsumers>(const eventstore::Store&, const eventstore::Keys&,
                                                  eventstore::Sequencer&, const Publishing&)>
      publish;
};

}  // namespace meent::api::cli
