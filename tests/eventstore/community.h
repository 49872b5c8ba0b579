#pragma once
#include <string>
#include <vector>

#include "eventstore/sequencer.h"

/// A small platform, made through commands: people, one space, contributions. Ids and keys of
/// requests are counted, so that the same calls make the same commands.
namespace meent::eventstore {

class Community {
 public:
  /// `number`: tells several communities of one sequencer apart.
  Community(Sequencer& sequencer, Store& store, Keys& keys, std::uint8_t number = 1);

  /// Platform, default kinds, one space; aborts unless all is accepted.
  void found();
  domain::PersonId add_person(const std::string& name = "Noor de Wit");
  domain::ContributionId add_idea(domain::PersonId author, const std::string& body = "Meer bomen");

  [[nodiscard]] Submission by_person(domain::PersonId person, domain::Command command);
  [[nodiscard]] Submission by_operator(domain::Command command);
  [[nodiscard]] Submission support(domain::PersonId person, domain::ContributionId contribution,
                                   domain::Stance stance = domain::Stance::agree);
  [[nodiscard]] Submission comment(domain::PersonId person, domain::ContributionId contribution,
                                   const std::string& body);
  Accepted must_accept(Submission submission);
  [[nodiscard]] domain::PlatformId platform() const { return platform_; }
  [[nodiscard]] domain::SpaceId space() const { return space_; }

  template <class Id>
  Id next_id() {
    domain::IdBytes bytes{};
    bytes[0] = number_;
    for (std::size_t i = 0; i < 8; ++i)
      bytes[1 + i] = static_cast<std::uint8_t>(last_id_ >> (8 * i));
    ++last_id_;
    return Id(bytes);
  }

 private:
  Submission submission(domain::Command command, domain::Actor actor, domain::Role role);

  Sequencer& sequencer_;
  Store& store_;
  Keys& keys_;
  std::uint8_t number_;
  std::uint64_t last_id_ = 1;
  domain::PlatformId platform_;
  domain::SpaceId space_;
};

}  // namespace meent::eventstore
