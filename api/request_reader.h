#pragma once

#include "api/http.h"
#include "api/problem.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace meent::api {

/// Bytes of one connection, as they come, to requests. Pure: no socket, no clock.
class RequestReader {
 public:
  struct Limits {
    std::size_t header_bytes = 16 * 1024;
    std::size_t target_bytes = 8 * 1024;
    std::size_t body_bytes = 1024 * 1024;
  };
  enum class State : std::uint8_t {
    idle,     // between requests
    reading,  // in the midst of one: feed more
    awaited,  // head complete, and the client waits for "100 Continue" before it sends the body
    done,     // `request()` is complete; call next() to go on
    broken,   // see problem(); nothing more can be read from this connection
  };

  explicit RequestReader(const Limits& limits);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  /// Reads as far as one request goes, into `request`, which stays the same until it is done.
  /// Returns how many bytes were used; what was not must be given again, with more behind it.
  std::size_t feed(std::string_view bytes, Request& request);
  State state() const { return state_; }
  /// Valid once done.
  bool keep_alive() const { return keep_alive_; }
  bool is_http_1_0() const { return is_http_1_0_; }
  const Problem& problem() const { return *problem_; }
  void next();

 private:
  struct Parser;
  void finish_head(const Parser& parser, const Request& request);
  void fail(const ProblemType& type, std::string detail);

  Limits limits_;
  State state_ = State::idle;
  bool keep_alive_ = false;
  bool is_http_1_0_ = false;
  std::unique_ptr<Parser> parser_;
  std::optional<Problem> problem_;
};

}  // namespace meent::api
