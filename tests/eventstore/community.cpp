#include "tests/eventstore/community.h"

#include <cstdio>
#include <cstdlib>

namespace meent::eventstore {

using namespace domain;

Community::Community(Sequencer& sequencer, Store& store, Keys& keys, std::uint8_t number)
    : sequencer_(sequencer), store_(store), keys_(keys), number_(number) {
  platform_ = next_id<PlatformId>();
  space_ = next_id<SpaceId>();
}

Submission Community::submission(Command command, Actor actor, Role role) {
  const auto key = "key-" + std::to_string(last_id_++);
  return {.platform = platform_,
          .command = std::move(command),
          .actor = actor,
          .role = role,
          .occurred_at = std::nullopt,
          .import_progress = std::nullopt,
          .idempotency_key = key,
          .request = "POST " + key};
}

Submission Community::by_person(PersonId person, Command command) {
  return submission(std::move(command), Actor::person(person), Role::operator_);
}

Submission Community::by_operator(Command command) {
  return submission(std::move(command), {.kind = ActorKind::operator_, .id = {}}, Role::operator_);
}

Accepted Community::must_accept(Submission submission) {
  auto outcome = sequencer_.run(std::move(submission));
  if (auto* accepted = std::get_if<Accepted>(&outcome)) return std::move(*accepted);
  if (const auto* refused = std::get_if<Refused>(&outcome)) {
    std::fprintf(stderr, "refused: %s\n", std::string(explain(refused->rejection).code).c_str());
  }
  if (const auto* unavailable = std::get_if<Unavailable>(&outcome)) {
    std::fprintf(stderr, "unavailable: %s\n", unavailable->detail.c_str());
  }
  std::abort();
}

void Community::found() {
  must_accept(
      by_operator(PlatformCommand(CreatePlatform{.log = store_.partition().genesis.value().log_id,
                                                 .platform_key = keys_.create(),
                                                 .slug = "dorp",
                                                 .name = "Ons dorp",
                                                 .language = "nl",
                                                 .introduction = ""})));
  for (auto& kind : default_kinds("nl")) {
    must_accept(by_operator(KindCommand(DefineKind{std::move(kind)})));
  }
  must_accept(by_operator(
      SpaceCommand(CreateSpace{.space = space_,
                               .description = {.slug = "plein",
                                               .title = "Het plein",
                                               .introduction = "",
                                               .kinds = {"idea", "statement", "discussion"},
                                               .opens_at = std::nullopt,
                                               .closes_at = std::nullopt}})));
}

PersonId Community::add_person(const std::string& name) {
  const auto person = next_id<PersonId>();
  must_accept(by_operator(PersonCommand(RegisterPerson{.person = person,
                                                       .identity_key = keys_.create(),
                                                       .content_key = keys_.create(),
                                                       .name = name,
                                                       .role = Role::person,
                                                       .external_id = ""})));
  return person;
}

ContributionId Community::add_idea(PersonId author, const std::string& body) {
  const auto contribution = next_id<ContributionId>();
  must_accept(by_person(
      author,
      ContributionCommand(PlaceContribution{
          .contribution = contribution,
          .space = space_,
          .kind = "idea",
          .author = author,
          .text = {.title = "Een idee", .body = body, .form = {}, .themes = {}, .language = "nl"},
          .external_id = ""})));
  return contribution;
}

Submission Community::support(PersonId person, ContributionId contribution, Stance stance) {
  return by_person(person, SupportCommand(GiveSupport{contribution, person, stance}));
}

Submission Community::comment(PersonId person, ContributionId contribution,
                              const std::string& body) {
  return by_person(person, DiscussCommand(PlaceComment{.comment = next_id<CommentId>(),
                                                       .contribution = contribution,
                                                       .parent = std::nullopt,
                                                       .author = person,
                                                       .body = body,
                                                       .language = "nl",
                                                       .mentions = {}}));
}

}  // namespace meent::eventstore
