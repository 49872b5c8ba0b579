#pragma once

#include "tests/bench/bench_server.h"
#include "tests/bench/figure.h"

/// Figures of a running server over HTTP, one function a question.
namespace meent::bench {

/// Durable support commands a second, against a raw RocksDB loop that writes the same envelopes
/// with one sync each. Restarts the server to read them.
void support_rate(BenchServer& server, double seconds, const Emit& emit);
/// A 20-item feed page against nginx serving the same bytes from a file.
void feed_page_against_nginx(BenchServer& server, const Emit& emit);
/// The same page, not from the cache, at 10 thousand, 100 thousand and `most_events` events; then
/// resident memory.
void feed_page_as_history_grows(BenchServer& server, std::uint64_t most_events, const Emit& emit);
/// First page of a thread of 10,000 comments.
void long_thread(BenchServer& server, const Emit& emit);
/// From a command's answer to its being visible, at `rate` commands a second.
void visibility_delay(BenchServer& server, double rate, const Emit& emit);
/// SSE clients fed at `rate` events a second.
void stream_clients(BenchServer& server, std::size_t count, double rate, const Emit& emit);

}  // namespace meent::bench
