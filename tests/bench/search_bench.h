#pragma once
#include <cstddef>

/// How fast search finds and indexes, without server and log around it.
namespace meent::bench {

struct SearchFigures {
  std::size_t document_count = 0;
  bool is_real_data = false;  ///< the motions, over and over; else words drawn by rank
  double p50_ms = 0, p99_ms = 0,
         slowest_ms = 0;            ///< of one thread's searches, nothing else going on
  double p99_while_writing_ms = 0;  ///< while 200 documents a second come in
  double visible_p50_ms = 0, visible_p99_ms = 0;  ///< from `apply` to being found, meanwhile
  double indexed_per_s = 0;
  double megabytes = 0;  ///< on disk
};

/// Builds a view with so many contributions in a scratch folder and asks it.
SearchFigures measure_search(std::size_t document_count);

}  // namespace meent::bench
