#include "tests/contract/log_node.h"

namespace meent::eventstore::contract {

std::vector<LogKind> contract_logs() {
  return {LogKind::rocks, LogKind::sim};
}

}  // namespace meent::eventstore::contract
