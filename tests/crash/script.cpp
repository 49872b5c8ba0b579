#include "tests/crash/script.h"

#include "eventstore/verify.h"

namespace meent::eventstore::crash {
namespace {

using namespace domain;

template <class Id>
Id numbered(std::uint8_t number) {
  IdBytes bytes{};
  bytes.front() = 0xA0;
  bytes.back() = number;
  return Id(bytes);
}

Submission submission(PlatformId platform, const std::string& key, Actor actor, Role role,
                      Command command) {
  return {.platform = platform,
          .command = std::move(command),
          .actor = actor,
          .role = role,
          .occurred_at = std::nullopt,
          .import_progress = std::nullopt,
          .idempotency_key = key,
          .request = "POST " + key};
}

/// Steps of one platform; `number` tells the platforms apart.
std::vector<Step> platform_steps(std::uint8_t number) {
  const auto platform = numbered<PlatformId>(number);
  const auto space = numbered<SpaceId>(number);
  const auto idea = numbered<ContributionId>(number);
  const auto comment = numbered<CommentId>(number);
  const auto anna = numbered<PersonId>(static_cast<std::uint8_t>(number + 1));
  const auto bram = numbered<PersonId>(static_cast<std::uint8_t>(number + 2));
  const Actor clerk{.kind = ActorKind::operator_, .id = {}};
  const auto by_clerk = [=](const std::string& key, Command command) {
    return submission(platform, key, clerk, Role::operator_, std::move(command));
  };
  const auto by = [=](PersonId person, const std::string& key, Command command) {
    return submission(platform, key, Actor::person(person), Role::person, std::move(command));
  };
  const auto enrol = [=](Embedded& embedded, PersonId person, const std::string& name) {
    return by_clerk("enrol " + name,
                    PersonCommand(RegisterPerson{.person = person,
                                                 .identity_key = embedded.keys->create(),
                                                 .content_key = embedded.keys->create(),
                                                 .name = name,
                                                 .role = Role::person,
                                                 .external_id = ""}));
  };
  return {
      [=](Embedded& embedded) {
        return by_clerk("found", PlatformCommand(CreatePlatform{
                                     .log = embedded.store->partition().genesis.value().log_id,
                                     .platform_key = embedded.keys->create(),
                                     .slug = "dorp",
                                     .name = "Ons dorp",
                                     .language = "nl",
                                     .introduction = ""}));
      },
      [=](Embedded&) {
        return by_clerk("kind", KindCommand(DefineKind{default_kinds("nl").front()}));
      },
      [=](Embedded&) {
        return by_clerk("space", SpaceCommand(CreateSpace{
                                     .space = space,
                                     .description = {.slug = "plein",
                                                     .title = "Het plein",
                                                     .introduction = "",
                                                     .kinds = {default_kinds("nl").front().name},
                                                     .opens_at = std::nullopt,
                                                     .closes_at = std::nullopt}}));
      },
      [=](Embedded& embedded) { return enrol(embedded, anna, "Anna"); },
      [=](Embedded& embedded) { return enrol(embedded, bram, "Bram"); },
      [=](Embedded&) {
        return by(anna, "idea",
                  ContributionCommand(PlaceContribution{.contribution = idea,
                                                        .space = space,
                                                        .kind = default_kinds("nl").front().name,
                                                        .author = anna,
                                                        .text = {.title = "Een bankje",
                                                                 .body = "Bij de vijver.",
                                                                 .form = {},
                                                                 .themes = {},
                                                                 .language = "nl"},
                                                        .external_id = ""}));
      },
      [=](Embedded&) {
        return by(bram, "comment",
                  DiscussCommand(PlaceComment{.comment = comment,
                                              .contribution = idea,
                                              .parent = std::nullopt,
                                              .author = bram,
                                              .body = "Goed plan!",
                                              .language = "nl",
                                              .mentions = {}}));
      },
      [=](Embedded&) {
        return by(bram, "support", SupportCommand(GiveSupport{idea, bram, Stance::agree}));
      },
      [=](Embedded&) {
        return by(bram, "second thoughts", SupportCommand(GiveSupport{idea, bram, Stance::pass}));
      },
  };
}

void check_record(const Embedded& embedded, const StoredEnvelope& stored,
                  std::vector<std::string>& faults) {
  const auto envelope = decode_envelope(stored.bytes);
  const auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
  if (group == nullptr || stored.void_reason) return;
  const auto record = decode_record(group->record);
  if (!record) {
    faults.push_back("the record at offset " + std::to_string(stored.offset) + " is not readable");
    return;
  }
  for (const auto& commit : record->commits) {
    for (const auto& event : commit.events) {
      for (const auto& part : event.sealed) {
        if (!embedded.keys->contains(part.key)) faults.push_back("a key is gone: " + event.type);
      }
    }
  }
}

bool is_same(const Accepted& one, const Accepted& other) {
  return one.platform == other.platform && one.first_position == other.first_position &&
         one.last_position == other.last_position && one.record_hash == other.record_hash &&
         one.recorded_at == other.recorded_at && one.events == other.events;
}

}  // namespace

std::vector<Step> script() {
  auto first = platform_steps(0x10);
  const auto second = platform_steps(0x20);
  // The second platform is founded halfway.
  first.insert(first.begin() + 6, second.begin(), second.begin() + 2);
  return first;
}

bool run_steps(Embedded& embedded, std::size_t from, std::size_t to, Acknowledged& acknowledged) {
  const auto steps = script();
  for (auto i = from; i < std::min(to, steps.size()); ++i) {
    auto outcome = embedded.sequencer->run(steps[i](embedded));
    auto* accepted = std::get_if<Accepted>(&outcome);
    if (accepted == nullptr) return false;
    acknowledged.emplace(i, std::move(*accepted));
  }
  return true;
}

std::vector<std::string> faults_of(const Embedded& embedded, const Acknowledged& acknowledged) {
  std::vector<std::string> faults;
  for (const auto& [step, accepted] : acknowledged) {
    if (embedded.store->hash_at(accepted.platform, accepted.last_position) !=
        accepted.record_hash) {
      faults.push_back("step " + std::to_string(step) + " was acknowledged and is not there");
    }
  }
  embedded.store->read(0, [&](const StoredEnvelope& stored) {
    check_record(embedded, stored, faults);
    return true;
  });
  for (const auto& problem : verify(*embedded.store).problems) faults.push_back(problem.what);
  for (const auto& stopped : embedded.sequencer->stopped()) faults.push_back(stopped.why);
  return faults;
}

std::vector<std::string> faults_of_repeating(Embedded& embedded, const Acknowledged& acknowledged) {
  std::vector<std::string> faults;
  Acknowledged again;
  if (!run_steps(embedded, 0, script().size(), again)) {
    faults.push_back("step " + std::to_string(again.size()) + " was not accepted when repeated");
    return faults;
  }
  for (const auto& [step, accepted] : acknowledged) {
    const auto& repeated = again.at(step);
    if (!repeated.is_repeat || !is_same(repeated, accepted)) {
      faults.push_back("step " + std::to_string(step) + " got another answer when repeated");
    }
  }
  // Each step happened once: positions follow each other without one that no step explains.
  std::map<PlatformId, std::uint64_t> ends;
  for (const auto& [step, accepted] : again) {
    auto& end = ends[accepted.platform];
    if (accepted.first_position != end + 1) {
      faults.push_back("step " + std::to_string(step) + " does not follow the one before");
    }
    end = accepted.last_position;
  }
  for (const auto& [platform, end] : ends) {
    if (embedded.store->tip(platform).position != end) {
      faults.push_back("more has happened on " + platform.text() + " than the steps");
    }
  }
  return faults;
}

}  // namespace meent::eventstore::crash
