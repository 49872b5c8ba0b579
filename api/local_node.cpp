#include "api/local_node.h"

namespace meent::api {

using namespace projections;

LocalNode::LocalNode(LocalNodeOptions options)
    : embedded_(eventstore::Embedded::open(options.folder, eventstore::real_files(),
                                           std::move(options.sequencer))),
      cache_(options.cache_bytes) {
  start(options, *embedded_.store, *embedded_.keys, *embedded_.sequencer);
}

LocalNode::LocalNode(LocalNodeOptions options, std::unique_ptr<eventstore::Replicated> replicated)
    : replicated_(std::move(replicated)), cache_(options.cache_bytes) {
  start(options, replicated_->store(), replicated_->keys(), replicated_->sequencer());
}

void LocalNode::start(const LocalNodeOptions& options, eventstore::Store& store,
                      eventstore::Keys& keys, eventstore::Sequencer& sequencer) {
  auto specs = table_view_specs(tables_);
  auto search = view_spec<SearchView>("search", search_,
                                      [&keys] { return std::make_unique<SearchView>(keys); });
  search.parent = "";
  search.lane = "search";
  specs.push_back(std::move(search));
  RunnerOptions runner_options;
  runner_options.folder = options.folder;
  runner_ = Runner::start(store, std::move(specs), runner_options);
  node_ = std::make_unique<Node>(Node{.store = store,
                                      .keys = keys,
                                      .sequencer = sequencer,
                                      .runner = *runner_,
                                      .tables = tables_,
                                      .search = search_,
                                      .cache = cache_,
                                      .origin = options.origin,
                                      .is_demo = options.is_demo});
}

LocalNode::~LocalNode() {
  if (replicated_) replicated_->stop();
  if (embedded_.sequencer) embedded_.sequencer->stop();
  runner_->stop();
}

bool LocalNode::wait_for_views(std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  domain::PlatformId after;
  for (;;) {
    const auto ids = node_->store.platforms(after, 100);
    for (const auto id : ids) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      const auto position = node_->store.tip(id).position;
      if (left.count() <= 0 || runner_->wait_for("", id, position, left) != WaitOutcome::reached) {
        return false;
      }
      after = id;
    }
    if (ids.size() < 100) return true;
  }
}

}  // namespace meent::api
