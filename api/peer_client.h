#pragma once

#include "api/http.h"

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace meent::api {

/// Requests to other nodes: kept connections, a bounded number of them for each node, and a bounded
/// queue behind them. One thread of its own. Threads: any.
class PeerClient {
 public:
  struct Options {
    std::size_t connection_limit = 64;   // for each node
    std::size_t waiting_limit = 4096;    // requests, for each node
    std::size_t body_limit = 16U << 20;  // bytes of one answer
    std::chrono::milliseconds connect_limit{1000};
    std::chrono::milliseconds answer_limit{8000};
  };
  struct PeerRequest {
    std::string method = "POST";
    std::string target = "/";
    Headers headers = {};  // Host too; Content-Length is added
    std::string body = {};
  };
  /// An answer, or what went wrong: then nobody knows whether the other node took the request.
  using Done = std::move_only_function<void(std::expected<Response, std::string>)>;

  PeerClient();
  explicit PeerClient(Options options);
  /// Drops what is under way, unanswered.
  ~PeerClient();
  PeerClient(const PeerClient&) = delete;
  PeerClient& operator=(const PeerClient&) = delete;

  /// `url`: "http://host:port". `done` is called once, on the client's thread.
  void send(const std::string& url, PeerRequest request, Done done);
  /// Runs a short function on the client's thread after a while.
  void after(std::chrono::milliseconds delay, std::move_only_function<void()> function);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meent::api
