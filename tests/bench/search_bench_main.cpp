#include <cstdlib>
#include <iostream>
#include <vector>

#include "tests/bench/search_bench.h"

/// search_bench [documents …]: without any, 6000 and 60000.
int main(int argc, char** argv) {
  std::vector<std::size_t> counts;
  for (int i = 1; i < argc; ++i) counts.push_back(std::strtoul(argv[i], nullptr, 10));
  if (counts.empty()) counts = {6000, 60000};
  for (const auto count : counts) {
    const auto figures = meent::bench::measure_search(count);
    std::cout << figures.document_count << " documents ("
              << (figures.is_real_data ? "motions" : "drawn words") << "), " << figures.megabytes
              << " MB: p50 " << figures.p50_ms << " ms, p99 " << figures.p99_ms << " ms, slowest "
              << figures.slowest_ms << " ms; indexed " << figures.indexed_per_s
              << "/s; while 200/s come in: p99 " << figures.p99_while_writing_ms
              << " ms, visible after p50 " << figures.visible_p50_ms << " ms, p99 "
              << figures.visible_p99_ms << " ms\n";
  }
}
