#pragma once
#include <memory>
#include <string>

#include "api/cluster.h"
#include "api/local_node.h"
#include "api/router.h"
#include "api/server.h"
#include "api/stream_hub.h"

/// A node that serves: its parts, routes and, when it listens, its HTTP server.
namespace meent::api {

class Serving {
 public:
  /// With the JSON routes. `replicated`: null for one machine by itself.
  Serving(LocalNodeOptions options, std::unique_ptr<eventstore::Replicated> replicated);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  [[nodiscard]] LocalNode& local() { return *local_; }
  [[nodiscard]] const Node& node() const { return std::as_const(*local_).node(); }
  [[nodiscard]] const Router& router() const { return router_; }
  [[nodiscard]] StreamHub& hub() { return hub_; }
  /// Null when it is alone.
  [[nodiscard]] eventstore::Replicated* replicated() { return replicated_; }

  /// The pages too; before `listen`.
  void add_pages();
  /// Answers here or, among several nodes, lets the owner.
  void dispatch(Request& request, Respond respond);
  /// Serves from then on. Throws std::system_error.
  void listen(const Server::Options& options);
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] bool is_listening() const { return server_ != nullptr; }
  /// Joins the other nodes; `url`: where they, and everybody, reach this one.
  void join(const std::string& url, eventstore::MembershipOptions pace = {});
  /// Hands partitions over, finishes what is in flight for at most `patience`, and stops.
  void stop(std::chrono::milliseconds patience);

 private:
  std::unique_ptr<LocalNode> local_;
  eventstore::Replicated* replicated_;
  StreamHub hub_;
  Router router_;
  std::unique_ptr<Cluster> cluster_;
  std::atomic<Server*> running_ = nullptr;  // asked for by requests, from the first moment on
  std::unique_ptr<Server> server_;
};

}  // namespace meent::api
