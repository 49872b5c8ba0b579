// Support commands through the embedded event store, in process, next to a raw RocksDB loop that
// writes the same envelopes with one sync for each write.
//
//   sequencer_bench [COMMANDS] [FOLDER]     one figure a line (figure.h)
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <sstream>

#include "eventstore/embedded.h"
#include "eventstore/lane.h"
#include "tests/bench/figure.h"
#include "tests/bench/raw_loop.h"
#include "tests/eventstore/community.h"

namespace meent::eventstore {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int people_count = 1000;
constexpr int contribution_count = 500;
constexpr std::size_t most_outstanding = 4000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}
double cpu_seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}
/// Processor time of this process's thread of that name.
double thread_seconds(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "stat");
    std::string stat;
    std::getline(file, stat);
    const auto open = stat.find('('), close = stat.rfind(')');
    if (stat.substr(open + 1, close - open - 1) != name) continue;
    std::istringstream fields(stat.substr(close + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  return 0;
}
void print(const std::string& name, double value, const std::string& unit) {
  std::printf("%s\n", bench::to_json({.name = name, .value = value, .unit = unit}).c_str());
  std::fflush(stdout);
}

/// A community and random supports in it.
struct Village {
  Village(Embedded& embedded, std::uint8_t number)
      : community(*embedded.sequencer, *embedded.store, *embedded.keys, number) {
    community.found();
    for (int i = 0; i < people_count; ++i) people.push_back(community.add_person());
    for (int i = 0; i < contribution_count; ++i) {
      ideas.push_back(community.add_idea(people[static_cast<std::size_t>(i)]));
    }
  }
  std::vector<Submission> supports(std::size_t count) {
    std::vector<Submission> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(community.support(people[random() % people.size()],
                                      ideas[random() % ideas.size()],
                                      static_cast<domain::Stance>(random() % 3)));
    }
    return all;
  }
  Community community;
  std::vector<domain::PersonId> people;
  std::vector<domain::ContributionId> ideas;
  std::mt19937_64 random{1};
};

/// Decide, encode and overlay alone: nothing is written; groups are taken and settled at once.
void bench_deciding(Embedded& embedded, Village& village, std::size_t count) {
  auto submissions = village.supports(count);
  Lane lane(*embedded.store, *embedded.keys, village.community.platform(),
            embedded.store->partition().genesis.value().log_id);
  std::vector<Answer> immediate;
  const auto start = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  std::size_t undecided = 0;
  for (auto& submission : submissions) {
    Pending pending{std::move(submission), [](Outcome) {}};
    lane.decide(pending, {1'764'000'000'000}, immediate);
    if (++undecided % most_commits == 0) {
      while (lane.has_group()) {
        const auto group = lane.take_group();
        lane.settle(*group);
      }
    }
  }
  const auto seconds = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
  print("decide, encode, overlay (one core)", static_cast<double>(count) / seconds, "commands/s");
  print("  each", 1e6 * seconds / static_cast<double>(count), "us");
  if (!immediate.empty()) std::printf("refused: %zu\n", immediate.size());
}

/// Returns commands a second.
double bench_sequencer(Embedded& embedded, Village& village, std::size_t count) {
  auto submissions = village.supports(count);
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t outstanding = 0, accepted = 0;
  const auto before = embedded.sequencer->counts();
  const auto cpu_before = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const auto own_before = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  const auto decide_before = thread_seconds("meent-decide");
  const auto log_before = thread_seconds("meent-log");
  const auto start = Clock::now();
  for (auto& submission : submissions) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return outstanding < most_outstanding; });
      ++outstanding;
    }
    embedded.sequencer->submit(std::move(submission), [&](Outcome outcome) {
      const std::lock_guard lock(mutex);
      accepted += std::holds_alternative<Accepted>(outcome) ? 1 : 0;
      if (--outstanding == most_outstanding / 2 || outstanding == 0) changed.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return outstanding == 0; });
  }
  const auto seconds = seconds_since(start);
  const auto after = embedded.sequencer->counts();
  const auto cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before -
                   (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own_before);
  const auto groups = static_cast<double>(after.groups - before.groups);
  print("sequencer, durable supports", static_cast<double>(count) / seconds, "commands/s");
  print("  commands a group", static_cast<double>(count) / groups, "commands");
  print("  processor time a command, without the client", 1e6 * cpu / static_cast<double>(count),
        "us");
  print("processor time a command, deciding thread",
        1e6 * (thread_seconds("meent-decide") - decide_before) / static_cast<double>(count), "us");
  print("processor time a command, log thread",
        1e6 * (thread_seconds("meent-log") - log_before) / static_cast<double>(count), "us");
  if (accepted != count) std::printf("accepted only %zu of %zu\n", accepted, count);
  return static_cast<double>(count) / seconds;
}

void compare_with_raw(const Store& store, std::uint64_t from, double count, double ours,
                      const std::filesystem::path& folder) {
  const auto raw = bench::run_raw_loop(store, from, folder);
  print("raw RocksDB, the log's bytes, the same syncs", count / raw.envelope_seconds, "commands/s");
  print("  bytes a command", raw.envelope_bytes / count, "bytes");
  print("raw RocksDB, every row, the same syncs", count / raw.row_seconds, "commands/s");
  const auto tell = [&](const char* reference, double seconds) {
    std::printf("%s\n", bench::to_json({.name = "durable supports in process",
                                        .value = ours,
                                        .unit = "commands/s",
                                        .reference = reference,
                                        .ratio = ours * seconds / count})
                            .c_str());
  };
  tell("raw RocksDB, the log's bytes", raw.envelope_seconds);
  tell("raw RocksDB, every row", raw.row_seconds);
}

int run(std::size_t count, const std::filesystem::path& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  auto embedded = Embedded::open(folder / "data", real_files(), {});
  Village village(embedded, 1);
  bench_deciding(embedded, village, count);
  const auto from = embedded.store->next_offset();
  const auto ours = bench_sequencer(embedded, village, count);
  compare_with_raw(*embedded.store, from, static_cast<double>(count), ours, folder / "raw");
  embedded = {};
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace meent::eventstore

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 200'000;
  const std::filesystem::path folder =
      argc > 2 ? argv[2] : std::filesystem::temp_directory_path() / "meent-sequencer-bench";
  return meent::eventstore::run(count, folder);
}
