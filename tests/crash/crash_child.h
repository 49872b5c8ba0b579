#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "eventstore/embedded.h"

/// The process that is killed: many writers, each acknowledging over a pipe what was accepted.
namespace meent::eventstore::crash {

/// Writers are people; a writer's commands are numbered from 1 and made from its number alone.
inline constexpr std::uint32_t writer_count = 24;

/// One answered command, as the child writes it to the pipe: fixed size, one write each.
struct Receipt {
  std::uint32_t writer = 0;
  std::uint32_t is_repeat = 0;
  std::uint64_t number = 0;
  std::uint64_t first_position = 0, last_position = 0;
  std::uint64_t recorded_at_ms = 0;
  std::uint8_t record_hash[32] = {};
};

domain::PlatformId platform_of(std::uint32_t writer);  ///< three platforms in one log
domain::PersonId person_of(std::uint32_t writer);
/// Writer and number, in every id that a command draws.
domain::CommentId comment_of(std::uint32_t writer, std::uint64_t number);
std::vector<domain::PlatformId> platforms();

/// Platforms, people and contributions; repeatable, so that a kill in its midst does no harm.
void found_platforms(Embedded& embedded);
/// The writer's command with this number: a comment, or a support now and then.
Submission command_of(std::uint32_t writer, std::uint64_t number);

/// Runs until it is killed. `from`: each writer's first number; the one before it, which was
/// acknowledged, is repeated first. Returns the exit code when it ends by itself: a fault.
int run_child(const std::filesystem::path& folder, int pipe,
              const std::map<std::uint32_t, std::uint64_t>& from);

}  // namespace meent::eventstore::crash
