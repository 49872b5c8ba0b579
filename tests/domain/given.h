#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "domain/action.h"
#include "tests/domain/memory_state.h"

/// given({events}).when(command, context).then({events}) or .then_rejected(why).
namespace meent::tests {

using Events = std::vector<domain::Event>;

/// "CommentPlaced", "PlatformCreated CommentPlaced"
inline std::string words(const Events& events) {
  const auto word = [](const auto& event) -> std::string {
    const std::string_view mangled = typeid(event).name();  // …13CommentPlacedE
    const auto start = mangled.find_last_of("0123456789") + 1;
    return std::string(mangled.substr(start, mangled.size() - start - 1));
  };
  std::string out;
  for (const auto& event : events) {
    if (!out.empty()) out += ' ';
    out += std::visit([&](const auto& one) { return std::visit(word, one); }, event);
  }
  return out;
}

template <class E>
const E* as(const domain::Event& event) {
  const auto match = [](const auto& one) -> const E* {
    if constexpr (std::is_same_v<std::decay_t<decltype(one)>, E>) {
      return &one;
    } else {
      return nullptr;
    }
  };
  return std::visit([&](const auto& group) { return std::visit(match, group); }, event);
}

/// The state after these events.
inline MemoryState state_after(const Events& events) {
  MemoryState state;
  domain::EventContext context;
  context.recorded_at = {1'000};
  for (const auto& event : events) {
    ++context.position;
    domain::evolve(state, event, context);
  }
  return state;
}

class Outcome {
 public:
  explicit Outcome(domain::Result<Events, domain::Rejection> decided)
      : decided_(std::move(decided)) {}

  void then(const Events& expected) const {
    ASSERT_TRUE(decided_.has_value()) << "refused: " << reason();
    EXPECT_EQ(words(*decided_), words(expected));
    EXPECT_TRUE(*decided_ == expected) << "the events differ in their fields";
  }
  template <class Why>
  void then_rejected(Why why) const {
    ASSERT_FALSE(decided_.has_value()) << "accepted: " << words(*decided_);
    EXPECT_TRUE(decided_.error() == domain::Rejection(why))
        << "refused with " << reason() << " instead of " << domain::explain(why).code;
  }
  void then_accepted() const { EXPECT_TRUE(decided_.has_value()) << "refused: " << reason(); }
  /// The only event; it must be of this type.
  template <class E>
  [[nodiscard]] E only() const {
    const auto* event = decided_ && decided_->size() == 1 ? as<E>(decided_->front()) : nullptr;
    if (event) return *event;
    ADD_FAILURE() << (decided_ ? words(*decided_) : "refused: " + reason());
    return {};
  }

 private:
  [[nodiscard]] std::string reason() const {
    return decided_ ? "" : std::string(domain::explain(decided_.error()).code);
  }

  domain::Result<Events, domain::Rejection> decided_;
};

class Given {
 public:
  explicit Given(Events events) : events_(std::move(events)) {}
  [[nodiscard]] Given and_given(const Events& more) const {
    auto all = events_;
    all.insert(all.end(), more.begin(), more.end());
    return Given(all);
  }
  [[nodiscard]] Outcome when(const domain::Command& command, const domain::Context& context) const {
    return Outcome(domain::decide(state_after(events_), command, context));
  }
  [[nodiscard]] MemoryState state() const { return state_after(events_); }

 private:
  Events events_;
};

inline Given given(Events events) {
  return Given(std::move(events));
}

/// All that a decision rests on; rows of tables change one thing in it.
struct Case {
  Events events;
  domain::Command command;
  domain::Context context;
};

/// Why a case is refused, and what is wrong with it (or, in `expect_precedence`, what mends it).
template <class Why>
struct Row {
  Why why;
  std::function<void(Case&)> change;
};

template <class Why>
void expect_rejected(const Case& one, Why why) {
  SCOPED_TRACE(std::string(domain::explain(why).code));
  given(one.events).when(one.command, one.context).then_rejected(why);
}

/// Each row, alone, spoils a case that would be accepted.
template <class Why>
void expect_reasons(const Case& good, const std::vector<Row<Why>>& rows) {
  given(good.events).when(good.command, good.context).then_accepted();
  for (const auto& row : rows) {
    auto spoilt = good;
    row.change(spoilt);
    expect_rejected(spoilt, row.why);
  }
}

/// Each change goes as far as a limit allows, so the case stays good.
inline void expect_within_limits(const Case& good,
                                 const std::vector<std::function<void(Case&)>>& changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    auto stretched = good;
    changes[i](stretched);
    given(stretched.events).when(stretched.command, stretched.context).then_accepted();
  }
}

/// `count` different slugs.
inline std::vector<std::string> slugs(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back("s" + std::to_string(i));
  return out;
}

/// From a case with everything wrong: each row names the refusal that comes first and mends it,
/// until the case is accepted. The refusals come in the order of their enumerators.
template <class Why>
void expect_precedence(Case worst, const std::vector<Row<Why>>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) EXPECT_LT(rows[i - 1].why, rows[i].why);
    expect_rejected(worst, rows[i].why);
    rows[i].change(worst);
  }
  given(worst.events).when(worst.command, worst.context).then_accepted();
}

/// The nested command of a case, to change its fields.
template <class Group, class One>
One& in(Case& one) {
  return std::get<One>(std::get<Group>(one.command));
}

}  // namespace meent::tests
