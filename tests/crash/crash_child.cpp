#include "tests/crash/crash_child.h"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <thread>

#include "tests/crash/crash_views.h"

namespace meent::eventstore::crash {
namespace {

using namespace domain;

constexpr std::uint32_t platform_count = 3;

template <class Id>
Id made_of(std::uint8_t sort, std::uint32_t writer, std::uint64_t number) {
  IdBytes bytes{};
  bytes[0] = sort;
  std::memcpy(bytes.data() + 4, &writer, sizeof writer);
  std::memcpy(bytes.data() + 8, &number, sizeof number);
  return Id(bytes);
}

ContributionId idea_of(PlatformId platform) {
  auto bytes = platform.value();
  bytes[0] = 3;
  return ContributionId(bytes);
}

Submission submission(PlatformId platform, std::string key, Actor actor, Role role,
                      Command command) {
  auto request = "POST " + key;
  return {.platform = platform,
          .command = std::move(command),
          .actor = actor,
          .role = role,
          .occurred_at = std::nullopt,
          .import_progress = std::nullopt,
          .idempotency_key = std::move(key),
          .request = std::move(request)};
}

void must_accept(Embedded& embedded, Submission submission) {
  const auto key = submission.idempotency_key;
  const auto outcome = embedded.sequencer->run(std::move(submission));
  if (!std::holds_alternative<Accepted>(outcome)) {
    throw std::runtime_error("the founding command \"" + key + "\" was not accepted");
  }
}

void found_platform(Embedded& embedded, std::uint32_t first_writer) {
  const auto platform = platform_of(first_writer);
  const Actor clerk{.kind = ActorKind::operator_, .id = {}};
  const auto by_clerk = [&](std::string key, Command command) {
    must_accept(embedded,
                submission(platform, std::move(key), clerk, Role::operator_, std::move(command)));
  };
  const auto kind = default_kinds("nl").front();
  const SpaceId space(idea_of(platform).value());
  by_clerk("found",
           PlatformCommand(CreatePlatform{.log = embedded.store->partition().genesis.value().log_id,
                                          .platform_key = embedded.keys->create(),
                                          .slug = "dorp",
                                          .name = "Ons dorp",
                                          .language = "nl",
                                          .introduction = ""}));
  by_clerk("kind", KindCommand(DefineKind{kind}));
  by_clerk("space", SpaceCommand(CreateSpace{.space = space,
                                             .description = {.slug = "plein",
                                                             .title = "Het plein",
                                                             .introduction = "",
                                                             .kinds = {kind.name},
                                                             .opens_at = std::nullopt,
                                                             .closes_at = std::nullopt}}));
  for (auto writer = first_writer; writer < writer_count; writer += platform_count) {
    by_clerk("enrol " + std::to_string(writer),
             PersonCommand(RegisterPerson{.person = person_of(writer),
                                          .identity_key = embedded.keys->create(),
                                          .content_key = embedded.keys->create(),
                                          .name = "Bewoner " + std::to_string(writer),
                                          .role = Role::person,
                                          .external_id = ""}));
  }
  const auto author = person_of(first_writer);
  must_accept(embedded,
              submission(platform, "idea", Actor::person(author), Role::person,
                         ContributionCommand(PlaceContribution{.contribution = idea_of(platform),
                                                               .space = space,
                                                               .kind = kind.name,
                                                               .author = author,
                                                               .text = {.title = "Een bankje",
                                                                        .body = "Bij de vijver.",
                                                                        .form = {},
                                                                        .themes = {},
                                                                        .language = "nl"},
                                                               .external_id = ""})));
}

void write_commands(Embedded& embedded, int pipe, std::uint32_t writer, std::uint64_t from) {
  // The last acknowledged once more, as a client would whose answer was lost on the way.
  for (auto number = from > 1 ? from - 1 : from;; ++number) {
    const auto outcome = embedded.sequencer->run(command_of(writer, number));
    const auto* accepted = std::get_if<Accepted>(&outcome);
    if (accepted == nullptr) {
      throw std::runtime_error("command " + std::to_string(number) + " of writer " +
                               std::to_string(writer) + " was not accepted");
    }
    Receipt receipt{.writer = writer,
                    .is_repeat = accepted->is_repeat ? 1U : 0U,
                    .number = number,
                    .first_position = accepted->first_position,
                    .last_position = accepted->last_position,
                    .recorded_at_ms = static_cast<std::uint64_t>(accepted->recorded_at.ms)};
    std::memcpy(receipt.record_hash, accepted->record_hash.data(), sizeof receipt.record_hash);
    if (::write(pipe, &receipt, sizeof receipt) != static_cast<ssize_t>(sizeof receipt)) return;
  }
}

}  // namespace

PlatformId platform_of(std::uint32_t writer) {
  return made_of<PlatformId>(1, writer % platform_count, 1);
}
PersonId person_of(std::uint32_t writer) {
  return made_of<PersonId>(2, writer, 1);
}
CommentId comment_of(std::uint32_t writer, std::uint64_t number) {
  return made_of<CommentId>(4, writer, number);
}

std::vector<PlatformId> platforms() {
  std::vector<PlatformId> out;
  for (std::uint32_t i = 0; i < platform_count; ++i) out.push_back(platform_of(i));
  return out;
}

void found_platforms(Embedded& embedded) {
  for (std::uint32_t i = 0; i < platform_count; ++i) found_platform(embedded, i);
}

Submission command_of(std::uint32_t writer, std::uint64_t number) {
  const auto platform = platform_of(writer);
  const auto person = person_of(writer);
  Command command = SupportCommand(
      GiveSupport{idea_of(platform), person, number % 2 == 0 ? Stance::agree : Stance::pass});
  if (number % 3 == 0) {
    command = DiscussCommand(PlaceComment{.comment = comment_of(writer, number),
                                          .contribution = idea_of(platform),
                                          .parent = std::nullopt,
                                          .author = person,
                                          .body = "Reactie " + std::to_string(number),
                                          .language = "nl",
                                          .mentions = {}});
  }
  return submission(platform, std::to_string(writer) + "-" + std::to_string(number),
                    Actor::person(person), Role::person, std::move(command));
}

int run_child(const std::filesystem::path& folder, int pipe,
              const std::map<std::uint32_t, std::uint64_t>& from) {
  try {
    auto embedded = Embedded::open(folder, real_files(), {});
    const CrashViews views(*embedded.store, *embedded.keys, folder);
    found_platforms(embedded);
    std::vector<std::jthread> writers;
    for (std::uint32_t writer = 0; writer < writer_count; ++writer) {
      const auto found = from.find(writer);
      const auto number = found == from.end() ? 1 : found->second;
      writers.emplace_back([&embedded, pipe, writer, number] {
        try {
          write_commands(embedded, pipe, writer, number);
        } catch (const std::exception& error) {
          std::fprintf(stderr, "child: %s\n", error.what());
          std::_Exit(3);
        }
      });
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
    return 2;
  }
  return 4;  // the writers never end by themselves
}

}  // namespace meent::eventstore::crash
