#include "domain/action.h"

#include <iterator>

namespace meent::domain {

Result<std::vector<Event>, Rejection> decide(const State& state, const Command& command,
                                             const Context& context) {
  return std::visit(
      [&](const auto& one) -> Result<std::vector<Event>, Rejection> {
        auto decided = decide(state, one, context);
        using Why = decltype(decided)::error_type;
        if (context.occurred_at && context.actor.kind != ActorKind::importer) {
          return refuse(Rejection(Why::not_allowed));
        }
        if (!decided) return refuse(Rejection(decided.error()));
        return std::vector<Event>(std::move_iterator(decided->begin()),
                                  std::move_iterator(decided->end()));
      },
      command);
}

void evolve(MutableState& state, const Event& event, const EventContext& context) {
  std::visit([&](const auto& one) { evolve(state, one, context); }, event);
}

Reason explain(const Rejection& rejection) {
  return std::visit([](const auto one) { return explain(one); }, rejection);
}

}  // namespace meent::domain
