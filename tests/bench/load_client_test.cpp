#include "tests/bench/load_client.h"

#include "api/server.h"
#include "tests/bench/stream_clients.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <gtest/gtest.h>

namespace meent::bench {
namespace {

using namespace std::chrono_literals;
using api::Request;
using api::Respond;
using api::Response;

void write_numbered(std::size_t, std::uint64_t sequence, std::string& out) {
  out += "GET /" + std::to_string(sequence) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

TEST(LoadClient, AsksOnceForEverySequenceAndMatchesItsAnswers) {
  std::atomic<std::uint64_t> asked = 0;
  api::Server server({.thread_count = 1}, [&](Request& request, Respond respond) {
    ++asked;
    respond(Response::text(request.target, request.target.ends_with('7') ? 404 : 200));
  });
  std::uint64_t matched = 0;
  const LoadResult result = run_load(
      {.port = server.port(),
       .connection_count = 3,
       .pipeline_depth = 4,
       .warm_up = 0ms,
       .request_limit = 1000},
      write_numbered, [&](std::size_t, std::uint64_t sequence, unsigned, std::string_view body) {
        matched += body == "/" + std::to_string(sequence) ? 1 : 0;
      });
  EXPECT_EQ(asked, 1000u);
  EXPECT_EQ(matched, 1000u);
  EXPECT_EQ(result.answer_count, 1000u);
  EXPECT_EQ(result.count_of(404), 100u);
  EXPECT_EQ(result.count_of(200), 900u);
  EXPECT_EQ(result.latency.count(), 1000u);
  EXPECT_EQ(result.lost_connection_count, 0u);
}

TEST(LoadClient, KeepsItsRateInOpenLoop) {
  api::Server server({.thread_count = 1},
                     [](Request&, Respond respond) { respond(Response(204)); });
  const LoadResult result = run_load({.port = server.port(),
                                      .connection_count = 4,
                                      .duration = 400ms,
                                      .warm_up = 100ms,
                                      .rate_per_second = 1000},
                                     write_numbered);
  EXPECT_NEAR(static_cast<double>(result.answer_count), 400, 60);
}

TEST(LoadClient, CountsALatencyFromWhenTheRequestShouldHaveLeft) {
  // The server stands still once, for 200 ms. A closed loop would see one slow answer; those that
  // should have been asked meanwhile waited too.
  std::atomic<int> count = 0;
  api::Server server({.thread_count = 1}, [&](Request&, Respond respond) {
    if (++count == 20) std::this_thread::sleep_for(200ms);
    respond(Response(204));
  });
  const LoadResult result = run_load({.port = server.port(),
                                      .connection_count = 1,
                                      .duration = 500ms,
                                      .warm_up = 0ms,
                                      .rate_per_second = 500},
                                     write_numbered);
  EXPECT_GT(result.latency.percentile(0.75), 50ms);
}

TEST(LoadClient, OpensLostConnectionsAgainAndCountsThem) {
  std::atomic<int> count = 0;
  api::Server server({}, [&](Request&, Respond respond) { ++count, respond(Response(204)); });
  const LoadResult result =
      run_load({.port = server.port(), .connection_count = 2, .warm_up = 0ms, .request_limit = 10},
               [](std::size_t, std::uint64_t, std::string& out) {
                 out += "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
               });
  EXPECT_EQ(result.count_of(204), 10u);
  EXPECT_GE(result.lost_connection_count, 4u);
}

TEST(StreamClients, CountTheEventsOfEveryStream) {
  std::mutex mutex;
  std::vector<std::shared_ptr<api::EventStream>> streams;
  api::Server server({.thread_count = 1}, [&](Request&, Respond respond) {
    auto stream = api::EventStream::make({});
    {
      const std::lock_guard lock(mutex);
      streams.push_back(stream);
    }
    respond(Response::event_stream(std::move(stream), "text/event-stream"));
  });
  StreamClients clients({.port = server.port(), .client_count = 200});
  ASSERT_TRUE(clients.wait_until_following(5s));
  for (int event = 0; event < 30; ++event) {
    const auto chunk =
        std::make_shared<const api::Chunk>("id: 1\ndata: xdata:\nda\n\n", std::string());
    for (const auto& stream : streams) stream->push(chunk);
  }
  ASSERT_TRUE(clients.wait_for_events(30, 5s));
  const StreamClients::Counts counts = clients.counts();
  EXPECT_EQ(counts.event_count, 6000u);
  EXPECT_EQ(counts.fewest_events, 30u);
  EXPECT_EQ(counts.most_events, 30u);
  EXPECT_EQ(counts.closed_count, 0u);
}

}  // namespace
}  // namespace meent::bench
