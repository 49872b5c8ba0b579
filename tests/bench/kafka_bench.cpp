// What one record costs on three real brokers: acknowledged, read back through KafkaLog, and in a
// Kafka transaction of its own. One at a time, so that it is latency that is measured.
//
//   kafka_bench [RECORDS]     one figure a line (figure.h); about a minute
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "eventstore/kafka_init.h"
#include "eventstore/kafka_log.h"
#include "eventstore/kafka_producer.h"
#include "tests/bench/figure.h"
#include "tests/bench/raw_kafka.h"
#include "tests/kafka/kafka_cluster.h"

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t small_bytes = 600;
constexpr std::size_t large_bytes = 60'000;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Latency {
  double p50 = 0;
  double p99 = 0;
};

Latency latency_of(std::vector<double> times) {
  std::ranges::sort(times);
  const auto at = [&](std::size_t percent) { return times[(times.size() - 1) * percent / 100]; };
  return {at(50), at(99)};
}

void print(const std::string& name, Latency found, const std::string& reference = {},
           double against = 0) {
  bench::Figure figure{.name = name + ", p50", .value = found.p50, .unit = "ms"};
  if (against > 0) {
    figure.reference = reference;
    figure.ratio = found.p50 / against;
  }
  std::printf("%s\n", to_json(figure).c_str());
  const bench::Figure tail{.name = name + ", p99", .value = found.p99, .unit = "ms"};
  std::printf("%s\n", to_json(tail).c_str());
  std::fflush(stdout);
}

/// Runs `once` so many times, after as many untimed ones as the brokers need to be warm.
template <class Once>
Latency measure(std::size_t count, std::size_t warm_up, Once once) {
  for (std::size_t i = 0; i < warm_up; ++i) once();
  std::vector<double> times;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = Clock::now();
    once();
    times.push_back(ms_since(start));
  }
  return latency_of(std::move(times));
}

Latency acknowledged(const KafkaOptions& options, std::size_t count, std::size_t bytes) {
  KafkaProducer producer(options, options.log_topic());
  const std::string value(bytes, 'x');
  return measure(count, count, [&] {
    producer.store({.partition = 0, .key = {}, .value = value, .headers = {}}, 30s);
  });
}

/// The next entry, whatever it is.
LogEntry take(Log& log) {
  const auto end = Clock::now() + 30s;
  while (Clock::now() < end) {
    if (auto entry = log.next(1s)) return *std::move(entry);
  }
  throw std::runtime_error("nothing comes back");
}

void read_to_end(Log& log) {
  while (log.next(500ms)) {
  }
}

Latency read_back(Log& log, std::size_t count, std::size_t bytes) {
  const std::vector<std::string> envelope = {std::string(bytes, 'x')};
  return measure(count, count, [&] {
    log.append(0, envelope);
    take(log);
  });
}

Latency in_transactions(const KafkaOptions& options, std::size_t count) {
  const std::vector<std::string> messages(count, std::string(small_bytes, 'x'));
  bench::RawKafka raw(options.bootstrap, options.events_topic(), 0);
  const auto times = raw.in_transactions(messages);
  const auto at = [&](double share) {
    return std::chrono::duration<double, std::milli>(times.percentile(share)).count();
  };
  return {at(0.5), at(0.99)};
}

/// Records a second, with so many on their way at once, until each was read back.
double throughput(Log& log, std::size_t count, std::size_t window) {
  const std::vector<std::string> envelope = {std::string(small_bytes, 'x')};
  std::size_t appended = 0;
  const auto start = Clock::now();
  for (std::size_t came = 0; came < count; ++came) {
    while (appended < count && appended < came + window) {
      log.append(0, envelope);
      ++appended;
    }
    take(log);
  }
  return static_cast<double>(count) / (ms_since(start) / 1000);
}

/// How long one record takes whose leader is killed just before.
double longest_with_a_killed_leader(tests::KafkaCluster& cluster, Log& log,
                                    std::uint32_t partitions) {
  cluster.kill(1);
  const auto start = Clock::now();
  std::vector<bool> is_back(partitions);
  for (std::uint32_t i = 0; i < partitions; ++i) log.append(i, std::vector<std::string>{"x"});
  while (std::ranges::count(is_back, true) < static_cast<std::ptrdiff_t>(partitions)) {
    if (ms_since(start) > 60'000) throw std::runtime_error("nothing comes back");
    try {
      if (const auto entry = log.next(100ms)) is_back[entry->partition] = true;
    } catch (const StorageError&) {
      continue;  // until another leads
    }
  }
  return ms_since(start);
}

void run(std::size_t count) {
  tests::KafkaCluster cluster({.brokers = 3, .secure = false, .settings = {}});
  KafkaOptions options{.bootstrap = cluster.addresses()};
  constexpr std::uint32_t partitions = 3;
  init_kafka({.options = options, .partitions = partitions});
  const auto small = acknowledged(options, count, small_bytes);
  print("one record of 600 B, acknowledged", small);
  const auto log = KafkaLog::open(options);
  read_to_end(*log);
  const auto back = read_back(*log, count, small_bytes);
  print("one record of 600 B, read back through KafkaLog", back, "acknowledged", small.p50);
  const auto large = read_back(*log, count / 4, large_bytes);
  print("one record of 60,000 B, read back through KafkaLog", large);
  print("one record of 600 B in a transaction, read back", in_transactions(options, count / 20),
        "read back through KafkaLog", back.p50);
  for (const std::size_t window : {64U, 512U}) {
    const bench::Figure figure{
        .name = "records of 600 B read back, " + std::to_string(window) + " on their way",
        .value = throughput(*log, count * 10, window),
        .unit = "/s"};
    std::printf("%s\n", to_json(figure).c_str());
  }
  const bench::Figure figure{.name = "leader killed: longest wait for a record",
                             .value = longest_with_a_killed_leader(cluster, *log, partitions),
                             .unit = "ms"};
  std::printf("%s\n", to_json(figure).c_str());
}

}  // namespace
}  // namespace meent::eventstore

int main(int argc, char** argv) {
  spdlog::set_level(spdlog::level::off);  // standard output is for figures
  try {
    meent::eventstore::run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 4000);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kafka_bench: %s\n", error.what());
    return 1;
  }
}
