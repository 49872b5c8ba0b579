#pragma once
#include <cstdio>
#include <cstdlib>

/// For fuzz targets: a property that does not hold ends the process, which the fuzzer reports with
/// the input that did it.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}
