#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http.h"
#include "domain/ids.h"
#include "eventstore/seal.h"

namespace meent::api {

/// The header line that carries it.
inline constexpr std::string_view node_seal_header = "Meent-Node";

/// How a request between nodes proves itself: an HMAC under the cluster's secret over everything
/// that counts, valid for half a minute.
class NodeSeal {
 public:
  explicit NodeSeal(const eventstore::KeyBytes& secret) : secret_(secret) {}

  struct Passed {
    std::uint64_t applied = 0;  ///< positions of the platform that the sender has applied
    bool is_loopback = false;   ///< the client sat on the sender's machine
    bool is_operator = false;   ///< asked by an operator who has the cluster's secret
    bool is_first_hop = false;  ///< from the operator directly: it may be forwarded
  };
  /// The header line's value: "Meent-Node".
  [[nodiscard]] std::string make(std::string_view method, std::string_view target,
                                 std::string_view authorization, std::string_view body,
                                 const Passed& passed, domain::Timestamp now) const;
  /// Nothing: no such seal, not of this cluster, of another request, or too old.
  [[nodiscard]] std::optional<Passed> open(const Request& request, domain::Timestamp now) const;

 private:
  [[nodiscard]] std::string mac(std::string_view head, std::string_view method,
                                std::string_view target, std::string_view authorization,
                                std::string_view body) const;
  eventstore::KeyBytes secret_;
};

}  // namespace meent::api
