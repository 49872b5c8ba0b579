#include "api/serving.h"

#include <spdlog/spdlog.h>

#include "api/pages/pages.h"
#include "api/routes/routes.h"

namespace meent::api {

namespace {

std::unique_ptr<LocalNode> make_local(LocalNodeOptions options,
                                      std::unique_ptr<eventstore::Replicated> replicated) {
  if (!replicated) return std::make_unique<LocalNode>(std::move(options));
  return std::make_unique<LocalNode>(std::move(options), std::move(replicated));
}

}  // namespace

Serving::Serving(LocalNodeOptions options, std::unique_ptr<eventstore::Replicated> replicated)
    : replicated_(replicated.get()),
      hub_((local_ = make_local(std::move(options), std::move(replicated)))->node().store) {
  add_routes(router_, node(), hub_, [this] {
    const Server* server = running_;
    return server != nullptr ? server->counts() : Server::Counts{};
  });
  if (replicated_ == nullptr) return;
  cluster_ = std::make_unique<Cluster>(node(), *replicated_, router_);
  local_->node().cluster = cluster_.get();
}

Serving::~Serving() {
  stop(std::chrono::milliseconds(0));
}

void Serving::add_pages() {
  api::add_pages(router_, node());
}

void Serving::dispatch(Request& request, Respond respond) {
  if (cluster_) return cluster_->dispatch(request, std::move(respond));
  find_own_host(node(), request);
  router_.dispatch(request, std::move(respond));
}

void Serving::listen(const Server::Options& options) {
  server_ = std::make_unique<Server>(options, [this](Request& request, Respond respond) {
    dispatch(request, std::move(respond));
  });
  running_ = server_.get();
}

void Serving::join(const std::string& url, eventstore::MembershipOptions pace) {
  replicated_->join(url, std::move(pace));
}

void Serving::stop(std::chrono::milliseconds patience) {
  if (replicated_ != nullptr && patience.count() > 0 && !replicated_->leave(patience)) {
    spdlog::warn("no other node has taken over; stopping all the same");
  }
  hub_.stop();
  if (server_) server_->stop(patience);
  // What is in flight answers into the cluster's part, which must still be there.
  if (replicated_ != nullptr) replicated_->stop();
  running_ = nullptr;
  server_ = nullptr;
}

}  // namespace meent::api
