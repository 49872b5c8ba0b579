#pragma once
#include <optional>
#include <string>

#include "api/consumers.h"
#include "api/page_cache.h"
#include "eventstore/cloud_event.h"
#include "eventstore/sequencer.h"
#include "projections/search.h"
#include "projections/views.h"

/// What routes and pages work with: references to one running node's parts.
namespace meent::api {

class Cluster;

struct Node {
  eventstore::Store& store;
  eventstore::Keys& keys;
  eventstore::Sequencer& sequencer;
  projections::Runner& runner;
  projections::TableViews& tables;
  projections::Slot<projections::SearchView>& search;
  PageCache& cache;
  eventstore::EventOrigin origin{};             ///< what CloudEvents say about where they come from
  const RunningConsumers* consumers = nullptr;  ///< beside the server; nothing: none
  Cluster* cluster = nullptr;  ///< the other nodes; nothing: this one owns all of the log
  bool is_demo = false;        ///< one click acts as a demo person; loopback only

  /// Clear text, or nothing when its key was destroyed.
  [[nodiscard]] std::optional<std::string> open(domain::PlatformId platform,
                                                const domain::PrivateText& text) const;
  [[nodiscard]] std::optional<std::string> open(
      domain::PlatformId platform, const std::optional<domain::PrivateText>& text) const;
  /// A person's name; nothing for someone unnamed, unknown or forgotten.
  [[nodiscard]] std::optional<std::string> name_of(domain::PlatformId platform,
                                                   domain::PersonId person) const;
  /// What a guest's answer about this platform rests on now.
  [[nodiscard]] CacheStamp stamp(domain::PlatformId platform) const;
};

}  // namespace meent::api
