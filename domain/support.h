#pragma once
#include <optional>
#include <variant>
#include <vector>

#include "domain/contribution.h"

/// Support: agree, pass or disagree with a contribution; a later one replaces the earlier.
namespace meent::domain {

enum class Stance : std::uint8_t { agree, pass, disagree };

struct GiveSupport {
  ContributionId contribution;
  PersonId person;
  Stance stance = Stance::agree;
};
struct WithdrawSupport {
  ContributionId contribution;
  PersonId person;
};
using SupportCommand = std::variant<GiveSupport, WithdrawSupport>;

/// Giving the same stance again is an event too: that someone confirmed it is part of history.
struct SupportGiven {
  ContributionId contribution;
  SpaceId space;
  PersonId person;
  Stance stance = Stance::agree;
  std::optional<Stance> replaces;
  bool operator==(const SupportGiven&) const = default;
};
struct SupportWithdrawn {
  ContributionId contribution;
  SpaceId space;
  PersonId person;
  Stance replaces = Stance::agree;
  bool operator==(const SupportWithdrawn&) const = default;
};
using SupportEvent = std::variant<SupportGiven, SupportWithdrawn>;

struct SupportRecord {
  static constexpr char table = 'v';
  struct Key {
    ContributionId contribution;
    PersonId person;
    template <class A>
    void fields(A& a) {
      a(contribution, person);
    }
  };
  Stance stance = Stance::agree;
  template <class A>
  void fields(A& a) {
    a(stance);
  }
};

/// In order of precedence.
enum class SupportRejection : std::uint8_t {
  unknown_contribution,
  unknown_person,
  not_allowed,
  space_not_open,
  cannot_be_supported,
  contribution_not_open,
  nothing_to_withdraw,
};
Result<std::vector<SupportEvent>, SupportRejection> decide(const State&, const SupportCommand&,
                                                           const Context&);
void evolve(MutableState&, const SupportEvent&, const EventContext&);
Reason explain(SupportRejection rejection);

}  // namespace meent::domain
