#include <cstdlib>
#include <iostream>
#include <vector>

#include "tests/bench/figure.h"
#include "tests/bench/search_bench.h"

namespace {

void print(const meent::bench::SearchFigures& figures) {
  const auto at = " at " + std::to_string(figures.document_count) + " documents" +
                  (figures.is_real_data ? "" : " (drawn words)");
  const auto emit = [](meent::bench::Figure figure) {
    std::cout << meent::bench::to_json(figure) << std::endl;
  };
  emit({.name = "search" + at + ", median", .value = figures.p50_ms, .unit = "ms"});
  emit({.name = "search" + at + ", p99", .value = figures.p99_ms, .unit = "ms"});
  emit({.name = "search" + at + ", p99 while 200 documents/s come in",
        .value = figures.p99_while_writing_ms,
        .unit = "ms"});
  emit({.name = "from applied to found" + at + ", p99",
        .value = figures.visible_p99_ms,
        .unit = "ms",
        .aim = "under 1 s",
        .met = figures.visible_p99_ms < 1000});
  emit({.name = "search rebuild" + at, .value = figures.indexed_per_s, .unit = "documents/s"});
  emit({.name = "search on disk" + at, .value = figures.megabytes, .unit = "MB"});
}

}  // namespace

/// search_bench [documents …]: without any, 6000 and 60000. One figure a line.
int main(int argc, char** argv) {
  std::vector<std::size_t> counts;
  for (int i = 1; i < argc; ++i) counts.push_back(std::strtoul(argv[i], nullptr, 10));
  if (counts.empty()) counts = {6000, 60000};
  for (const auto count : counts) print(meent::bench::measure_search(count));
}
