#include "tests/contract/log_node.h"

namespace meent::eventstore::contract {

/// On the broker that all cases of this executable share.
std::vector<LogKind> contract_logs() {
  return {LogKind::kafka};
}

}  // namespace meent::eventstore::contract
