// Kills a writing process with SIGKILL at random moments, opens what it left, and checks it.
//   meent_crash [--rounds N] [--seed S]       exit code 0: nothing was lost, nothing twice

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "eventstore/verify.h"
#include "tests/crash/crash_child.h"
#include "tests/crash/crash_views.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore::crash {
namespace {

/// Every so many rounds a new folder, so that founding is killed too.
constexpr int rounds_a_folder = 8;
constexpr int longest_life_ms = 900;

/// What all children of one folder have acknowledged.
using Receipts = std::map<std::uint32_t, std::map<std::uint64_t, Receipt>>;

struct Round {
  std::uint64_t receipts = 0, repeats = 0, commits = 0;
  std::vector<std::string> faults;
};

std::string format_from(const Receipts& receipts) {
  std::ostringstream out;
  for (const auto& [writer, by_number] : receipts) {
    out << writer << ':' << by_number.rbegin()->first + 1 << ',';
  }
  return out.str();
}

std::map<std::uint32_t, std::uint64_t> parse_from(const std::string& text) {
  std::map<std::uint32_t, std::uint64_t> out;
  std::istringstream in(text);
  std::uint32_t writer = 0;
  std::uint64_t number = 0;
  char colon = 0, comma = 0;
  while (in >> writer >> colon >> number >> comma) out[writer] = number;
  return out;
}

pid_t start_child(const std::filesystem::path& folder, const Receipts& receipts, int pipe_end) {
  const auto from = format_from(receipts);
  const auto pipe_text = std::to_string(pipe_end);
  const auto folder_text = folder.string();
  const auto child = ::fork();
  if (child == 0) {
    ::execl("/proc/self/exe", "meent_crash", "--child", folder_text.c_str(), pipe_text.c_str(),
            from.c_str(), nullptr);
    ::_exit(127);
  }
  return child;
}

bool is_same(const Receipt& one, const Receipt& other) {
  return one.first_position == other.first_position && one.last_position == other.last_position &&
         one.recorded_at_ms == other.recorded_at_ms &&
         std::memcmp(one.record_hash, other.record_hash, sizeof one.record_hash) == 0;
}

void note_receipt(const Receipt& receipt, Receipts& receipts, Round& round) {
  ++round.receipts;
  auto& by_number = receipts[receipt.writer];
  const auto [found, is_new] = by_number.emplace(receipt.number, receipt);
  if (is_new) return;
  ++round.repeats;
  if (receipt.is_repeat == 0 || !is_same(found->second, receipt)) {
    round.faults.push_back("writer " + std::to_string(receipt.writer) + "'s command " +
                           std::to_string(receipt.number) + " got another answer when repeated");
  }
}

/// One child's life and death; all that it acknowledged is in `receipts` afterwards.
void run_and_kill(const std::filesystem::path& folder, std::chrono::milliseconds life,
                  Receipts& receipts, Round& round) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
  ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  const auto child = start_child(folder, receipts, ends[1]);
  if (child < 0) throw std::runtime_error("cannot start a child");
  ::close(ends[1]);
  std::jthread reaper([&] {
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
  });
  Receipt receipt;
  while (::read(ends[0], &receipt, sizeof receipt) == static_cast<ssize_t>(sizeof receipt)) {
    note_receipt(receipt, receipts, round);
  }
  ::close(ends[0]);
  reaper.join();
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
    round.faults.push_back("the child ended by itself with status " + std::to_string(status));
  }
}

/// Reads the whole history: every command once, comments of each writer without a gap.
class HistoryCheck {
 public:
  explicit HistoryCheck(const Receipts& receipts) : receipts_(receipts) {}

  void record(const StoredEnvelope& stored, Round& round) {
    const auto envelope = decode_envelope(stored.bytes);
    const auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
    if (group == nullptr || stored.void_reason) return;
    const auto record = decode_record(group->record);
    if (!record) {
      round.faults.push_back("the record at offset " + std::to_string(stored.offset) +
                             " cannot be read");
      return;
    }
    for (const auto& commit : record->commits) {
      ++round.commits;
      if (!commands_.insert({record->header.platform, commit.command_id}).second) {
        round.faults.push_back("a command was applied twice, at offset " +
                               std::to_string(stored.offset));
      }
      if (commit.actor.kind == domain::ActorKind::person) {
        ++commits_by_person_[domain::PersonId(commit.actor.id)];
      }
    }
  }

  /// A writer waits for each answer, so at most one of its commands can be there unacknowledged.
  void finish(Round& round) const {
    for (std::uint32_t writer = 0; writer < writer_count; ++writer) {
      const auto receipts = receipts_.find(writer);
      const std::uint64_t acknowledged =
          receipts == receipts_.end() ? 0 : receipts->second.rbegin()->first;
      const auto found = commits_by_person_.find(person_of(writer));
      std::uint64_t commits = found == commits_by_person_.end() ? 0 : found->second;
      if (writer < platforms().size() && commits > 0) --commits;  // it placed the idea, too
      if (commits < acknowledged || commits > acknowledged + 1) {
        round.faults.push_back("writer " + std::to_string(writer) + " has " +
                               std::to_string(commits) + " commits for " +
                               std::to_string(acknowledged) + " acknowledged");
      }
    }
  }

 private:
  const Receipts& receipts_;
  std::set<std::pair<domain::PlatformId, domain::CommandId>> commands_;
  std::map<domain::PersonId, std::uint64_t> commits_by_person_;
};

/// A view goes on where it was, search too: what was left in its directory is still there.
void check_that_views_went_on(const std::filesystem::path& folder, bool is_new, Round& round) {
  for (const auto& place : {folder, folder / "views"}) {
    for (const auto& entry : std::filesystem::directory_iterator(place)) {
      if (!entry.path().filename().string().contains('@')) continue;
      const auto left = entry.path() / "left-by-crash-test";
      if (!is_new && !std::filesystem::exists(left)) {
        round.faults.push_back(entry.path().string() + " was built anew, though the log is whole");
      }
      std::ofstream(left).flush();
    }
  }
}

void check(const std::filesystem::path& folder, const Receipts& receipts, Round& round) {
  auto embedded = Embedded::open(folder, real_files(), {});
  const auto& store = *embedded.store;
  for (const auto& [writer, by_number] : receipts) {
    for (const auto& [number, receipt] : by_number) {
      const auto hash = store.hash_at(platform_of(writer), receipt.last_position);
      if (!hash || std::memcmp(hash->data(), receipt.record_hash, hash->size()) != 0) {
        round.faults.push_back("writer " + std::to_string(writer) + "'s command " +
                               std::to_string(number) + " was acknowledged and is lost");
      }
    }
  }
  HistoryCheck history(receipts);
  store.read(0, [&](const StoredEnvelope& stored) {
    history.record(stored, round);
    return true;
  });
  history.finish(round);
  for (const auto& problem : verify(store).problems) round.faults.push_back(problem.what);
  for (const auto& stopped : embedded.sequencer->stopped()) round.faults.push_back(stopped.why);
  for (auto& line : differences_from_rebuild(store, *embedded.keys, folder)) {
    round.faults.push_back(std::move(line));
  }
}

int run_rounds(int rounds, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::printf("meent_crash --rounds %d --seed %llu\n", rounds,
              static_cast<unsigned long long>(seed));
  std::optional<ScratchFolder> scratch;
  Receipts receipts;
  for (int number = 0; number < rounds; ++number) {
    if (number % rounds_a_folder == 0) {
      receipts.clear();
      scratch.emplace();
    }
    const auto folder = scratch->path() / "data";
    Round round;
    const std::chrono::milliseconds life(random() % longest_life_ms);
    run_and_kill(folder, life, receipts, round);
    check(folder, receipts, round);
    check_that_views_went_on(folder, number % rounds_a_folder == 0, round);
    std::printf("round %3d: killed after %3lld ms, %5llu answers (%llu repeated), %6llu commits\n",
                number + 1, static_cast<long long>(life.count()),
                static_cast<unsigned long long>(round.receipts),
                static_cast<unsigned long long>(round.repeats),
                static_cast<unsigned long long>(round.commits));
    std::fflush(stdout);
    for (const auto& fault : round.faults) std::fprintf(stderr, "FAULT: %s\n", fault.c_str());
    if (!round.faults.empty()) return 1;
  }
  std::puts(
      "Nothing acknowledged was lost, nothing applied twice, every view went on and equals its "
      "rebuild.");
  return 0;
}

int run(int count, char** arguments) {
  int rounds = 20;
  std::uint64_t seed = std::random_device()();
  if (count == 5 && std::strcmp(arguments[1], "--child") == 0) {
    return run_child(arguments[2], std::atoi(arguments[3]), parse_from(arguments[4]));
  }
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(arguments[i], "--rounds") == 0) {
      rounds = std::atoi(arguments[i + 1]);
    } else if (std::strcmp(arguments[i], "--seed") == 0) {
      seed = std::strtoull(arguments[i + 1], nullptr, 10);
    } else {
      rounds = 0;
    }
  }
  if (rounds < 1 || count % 2 == 0) {
    std::fputs("usage: meent_crash [--rounds N] [--seed S]\n", stderr);
    return 2;
  }
  return run_rounds(rounds, seed);
}

}  // namespace
}  // namespace meent::eventstore::crash

int main(int count, char** arguments) {
  try {
    return meent::eventstore::crash::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "FAULT: %s\n", error.what());
    return 1;
  }
}
