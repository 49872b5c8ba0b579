#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/simulation/moving_world.h"
#include "tests/simulation/world.h"

// meent_simulate --seeds FROM..TO | --seed N | --minutes M [--trouble-ms T] [--tell all]
//                [--world cluster|moving]      only one of the two

namespace {

using namespace meent::simulation;

volatile std::uint64_t seed_under_way = 0;

/// A broken invariant ends the process; the seed is what is needed of it.
void on_abort(int) {
  std::fprintf(stderr, "\naborted in seed %llu: meent_simulate --seed %llu\n",
               static_cast<unsigned long long>(seed_under_way),
               static_cast<unsigned long long>(seed_under_way));
}

[[noreturn]] void usage() {
  std::fputs(
      "simulate --seeds FROM..TO | --seed N | --minutes M  [--trouble-ms T] [--tell all] "
      "[--world cluster|moving]\n",
      stderr);
  std::exit(2);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) usage();
  return out;
}

void print(const RunReport& report, bool is_only) {
  if (!report.failure.empty()) {
    std::printf("seed %llu FAILED: %s\n", static_cast<unsigned long long>(report.seed),
                report.failure.c_str());
    for (const auto& line : report.story) std::printf("    %s\n", line.c_str());
  }
  if (!is_only) return;
  std::printf("digest %016llx, %lld virtual ms, %llu entries applied, %llu void\n",
              static_cast<unsigned long long>(report.digest),
              static_cast<long long>(report.time.count()),
              static_cast<unsigned long long>(report.applied_count),
              static_cast<unsigned long long>(report.void_count));
  std::printf(
      "%llu commands in %llu tries: %llu accepted, %llu as repeats, %llu refused; %llu "
      "reads\n",
      static_cast<unsigned long long>(report.people.asked),
      static_cast<unsigned long long>(report.people.tries),
      static_cast<unsigned long long>(report.people.accepted),
      static_cast<unsigned long long>(report.people.repeated),
      static_cast<unsigned long long>(report.people.refused),
      static_cast<unsigned long long>(report.people.reads));
  for (const auto& [kind, count] : report.faults) {
    std::printf("%6llu %s\n", static_cast<unsigned long long>(count), kind.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t from = 1, to = 0, minutes = 0;
  RunOptions options;
  RunReport (*one_world)(const RunOptions&) = nullptr;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    if (name == "--seed") {
      from = to = number(value);
    } else if (name == "--seeds") {
      const auto dots = value.find("..");
      if (dots == std::string_view::npos) usage();
      from = number(value.substr(0, dots));
      to = number(value.substr(dots + 2));
    } else if (name == "--minutes") {
      minutes = number(value);
    } else if (name == "--tell") {
      options.tells = value == "all";
    } else if (name == "--world") {
      if (value != "cluster" && value != "moving") usage();
      one_world = value == "moving" ? &run_moving : &run;
    } else if (name == "--trouble-ms") {
      options.trouble_for = Millis(number(value));
    } else {
      usage();
    }
  }
  if (argc % 2 == 0 || (to < from && minutes == 0)) usage();
  std::signal(SIGABRT, on_abort);

  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto end = start + std::chrono::minutes(minutes);
  std::uint64_t runs = 0, failures = 0, faults = 0, accepted = 0;
  std::chrono::milliseconds virtual_time{0};
  if (minutes > 0) {
    from = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    to = ~0ULL;
  }
  for (auto seed = from; seed <= to && (minutes == 0 || Clock::now() < end); ++seed) {
    seed_under_way = seed;
    options.seed = seed;
    ++runs;
    bool is_good = true;
    for (auto* world : {&run, &run_moving}) {
      if (one_world != nullptr && world != one_world) continue;
      const auto report = world(options);
      print(report, from == to);
      is_good = is_good && report.failure.empty();
      faults += report.fault_count;
      accepted += report.people.accepted;
      virtual_time += report.time;
    }
    failures += is_good ? 0U : 1U;
    std::fflush(stdout);
  }
  const auto took = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf(
      "%llu seeds, %llu failed; %llu faults, %llu commands accepted, %.1f virtual hours in "
      "%.1f s: %.0f faults an hour\n",
      static_cast<unsigned long long>(runs), static_cast<unsigned long long>(failures),
      static_cast<unsigned long long>(faults), static_cast<unsigned long long>(accepted),
      std::chrono::duration<double, std::ratio<3600>>(virtual_time).count(), took,
      static_cast<double>(faults) / took * 3600);
  return failures == 0 ? 0 : 1;
}
