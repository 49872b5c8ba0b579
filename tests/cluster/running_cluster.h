#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <nlohmann/json.hpp>

#include "api/exchange/caller.h"
#include "api/serving.h"
#include "eventstore/checkpoint.h"
#include "eventstore/sim_log.h"
#include "eventstore/sim_topic.h"
#include "tests/eventstore/scratch.h"

/// Whole nodes with their HTTP servers over one simulated log.
namespace meent::api {

using Json = nlohmann::json;

/// A platform with a space, a person and an idea; their ids.
struct Village {
  std::string platform, space, person, idea;
};
/// Made by whoever `create` asks: it gives the answer to a POST.
Village found_village(const std::function<Json(const std::string& path, const Json& body)>& create,
                      const std::string& slug);

class RunningCluster {
 public:
  /// `options`: of every node's sequencer.
  explicit RunningCluster(std::size_t node_count, std::uint32_t partitions = 6,
                          const eventstore::SequencerOptions& options = {});

  /// Waits until every partition has an owner among those that run, and all know it.
  void settle();
  Serving& node(std::size_t number) { return *nodes_[number]; }
  [[nodiscard]] std::string url(std::size_t number) const { return urls_[number]; }
  [[nodiscard]] const eventstore::KeyBytes& secret() const { return secret_; }
  /// Stops as SIGTERM does.
  void stop(std::size_t number);
  /// Ends without a word: nothing is handed over.
  void drop(std::size_t number);
  void start(std::size_t number, const eventstore::SequencerOptions& options = {});
  /// Gives number `to`, which has no folder yet, a checkpoint of running `from`'s.
  eventstore::CheckpointReport copy(std::size_t from, std::size_t to);

  /// As an operator, through this node. Fails the test unless the answer is good.
  Json call(std::size_t through, Method method, const std::string& path, const Json& body = {},
            std::vector<std::pair<std::string, std::string>> headers = {});
  /// The same, whatever the answer is.
  ApiAnswer ask(std::size_t through, Method method, const std::string& path, const Json& body = {},
                std::vector<std::pair<std::string, std::string>> headers = {});
  /// A platform with a space, a person and an idea, made through this node.
  Village found(std::size_t through, const std::string& slug);
  /// Number of the node that owns the platform's partition; -1: none now.
  int owner_of(const std::string& platform);
  /// Every running node has applied the same records.
  bool are_equal();

  eventstore::SimBroker broker;
  eventstore::SimTopicBroker keys, beats;

 private:
  eventstore::ScratchFolder scratch_;
  eventstore::KeyBytes secret_{};
  std::vector<std::string> urls_;
  std::vector<std::unique_ptr<Serving>> nodes_;
};

}  // namespace meent::api
