#include "api/server.h"

#include "tests/api/test_client.h"

#include <mutex>
#include <thread>
#include <gtest/gtest.h>

namespace meent::api {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

bool eventually(const std::function<bool()>& is_so) {
  for (int i = 0; i < 500 && !is_so(); ++i) std::this_thread::sleep_for(10ms);
  return is_so();
}

/// What the chunks of a chunked body say, without their sizes.
std::string unchunked(std::string_view bytes) {
  std::string text;
  for (;;) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return text + "(cut off)";
    const std::size_t size = std::stoul(std::string(bytes.substr(0, end)), nullptr, 16);
    if (size == 0) return text;
    text += bytes.substr(end + 2, size);
    bytes.remove_prefix(std::min(end + 4 + size, bytes.size()));
  }
}

/// A server whose every answer is a stream, and those streams.
class Streaming {
 public:
  explicit Streaming(EventStream::Options stream_options = {}, Server::Options options = {})
      : server_(options, [this, stream_options](Request&, Respond respond) {
          auto each = stream_options;
          each.on_close = [this](StreamEnd end) {
            const std::lock_guard lock(mutex_);
            ends_.push_back(end);
          };
          auto stream = EventStream::make(std::move(each));
          {
            const std::lock_guard lock(mutex_);
            streams_.push_back(stream);
          }
          respond(Response::event_stream(std::move(stream), "text/event-stream"));
        }) {}

  Server& server() { return server_; }
  std::vector<std::shared_ptr<EventStream>> streams() {
    const std::lock_guard lock(mutex_);
    return streams_;
  }
  std::vector<StreamEnd> ends() {
    const std::lock_guard lock(mutex_);
    return ends_;
  }
  std::shared_ptr<EventStream> only() {
    eventually([this] { return !streams().empty(); });
    return streams().at(0);
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<EventStream>> streams_;
  std::vector<StreamEnd> ends_;
  Server server_;
};

TEST(ServerStream, SendsWhatIsPushedAtOnceAndEndsWhenFinished) {
  Streaming streaming;
  TestClient client(streaming.server().port());
  client.send(get);
  const HttpAnswer head = client.answer();
  EXPECT_EQ(head.headers.at("Content-Type"), "text/event-stream");
  EXPECT_EQ(head.headers.at("Transfer-Encoding"), "chunked");
  const auto stream = streaming.only();
  stream->push("data: one\n\n", "1");
  client.until("data: one\n\n");
  stream->push("data: two\n\n", "2");
  client.until("data: two\n\n");
  stream->finish();
  EXPECT_EQ(client.rest(), "\r\n0\r\n\r\n");
  client.leave();
  ASSERT_TRUE(eventually([&] { return streaming.ends().size() == 1; }));
  EXPECT_EQ(streaming.ends()[0], StreamEnd::finished);
}

TEST(ServerStream, GivesHttp10ClientsTheBytesAsTheyAre) {
  Streaming streaming;
  TestClient client(streaming.server().port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(client.answer().headers.contains("Transfer-Encoding"));
  streaming.only()->push("line\n");
  streaming.only()->finish();
  EXPECT_EQ(client.rest(), "line\n");
}

TEST(ServerStream, BeatsWhenItIsSilent) {
  Streaming streaming({.heartbeat = ":beat\n\n", .heartbeat_interval = 30ms},
                      {.write_time_limit = 40ms});
  TestClient client(streaming.server().port());
  client.send(get);
  client.until(":beat\n\n");
  client.until(":beat\n\n");
  EXPECT_TRUE(streaming.ends().empty());
}

TEST(ServerStream, LearnsThatItsClientHasLeft) {
  Streaming streaming;
  TestClient client(streaming.server().port());
  client.send(get);
  client.answer();
  client.leave();
  ASSERT_TRUE(eventually([&] { return streaming.ends().size() == 1; }));
  EXPECT_EQ(streaming.ends()[0], StreamEnd::client_left);
  EXPECT_FALSE(streaming.only()->push("late"));
  EXPECT_EQ(streaming.server().counts().streams_open, 0u);
}

TEST(ServerStream, ClosesASlowClientWithItsCursorAndNothingLeftOut) {
  Streaming streaming(
      {.buffer_limit_bytes = 100'000, .farewell = [](StreamEnd, std::string_view cursor) {
         return "event: too-slow\nid: " + std::string(cursor) + "\n\n";
       }});
  TestClient client(streaming.server().port(), 4096);
  client.send(get);
  client.answer();
  const auto stream = streaming.only();
  int accepted = 0;
  while (stream->push(std::string(1000, 'x') + std::to_string(accepted + 1) + "\n",
                      std::to_string(accepted + 1)))
    ++accepted;
  EXPECT_GT(accepted, 50);
  const std::string text = unchunked(client.rest());
  std::string expected;
  for (int i = 1; i <= accepted; ++i) expected += std::string(1000, 'x') + std::to_string(i) + "\n";
  expected += "event: too-slow\nid: " + std::to_string(accepted) + "\n\n";
  EXPECT_TRUE(text == expected) << text.size() << " bytes instead of " << expected.size();
  client.leave();
  ASSERT_TRUE(eventually([&] { return streaming.ends().size() == 1; }));
  EXPECT_EQ(streaming.ends()[0], StreamEnd::too_slow);
}

TEST(ServerStream, GivesUpOnAClientThatTakesNothingAtAll) {
  Streaming streaming({.buffer_limit_bytes = 10'000'000}, {.write_time_limit = 100ms});
  TestClient client(streaming.server().port(), 4096);
  client.send(get);
  client.answer();
  streaming.only()->push(std::string(9'000'000, 'x'));
  ASSERT_TRUE(eventually([&] { return streaming.ends().size() == 1; }));
  EXPECT_EQ(streaming.ends()[0], StreamEnd::too_slow);
}

TEST(ServerStream, IsFedAtTheReadersPace) {
  int pages = 0;
  EventStream::Options options{.buffer_limit_bytes = 70'000};
  options.on_drained = [&](EventStream& stream) {
    if (++pages == 200)
      stream.finish();
    else
      EXPECT_TRUE(stream.push(std::string(65'000, 'x')));
  };
  Streaming streaming(options);
  TestClient client(streaming.server().port());
  client.send(get);
  client.answer();
  EXPECT_EQ(unchunked(client.rest()).size(), 199u * 65'000u);
}

TEST(ServerStream, SaysFarewellWhenTheServerStops) {
  Streaming streaming({.farewell = [](StreamEnd end, std::string_view cursor) {
    return (end == StreamEnd::server_stopping ? "bye " : "slow ") + std::string(cursor);
  }});
  TestClient client(streaming.server().port());
  client.send(get);
  client.answer();
  streaming.only()->push("one ", "c1");
  std::thread stopping([&] { streaming.server().stop(5s); });
  EXPECT_EQ(unchunked(client.rest()), "one bye c1");
  client.leave();
  stopping.join();
  EXPECT_EQ(streaming.ends(), std::vector{StreamEnd::server_stopping});
}

TEST(ServerStream, ThatFindsItsClientGoneIsClosed) {
  Respond parked;
  std::mutex mutex;
  Server server({}, [&](Request&, Respond respond) {
    const std::lock_guard lock(mutex);
    parked = std::move(respond);
  });
  const auto is_parked = [&] {
    const std::lock_guard lock(mutex);
    return static_cast<bool>(parked);
  };
  {
    TestClient client(server.port());
    client.send(get);
    ASSERT_TRUE(eventually(is_parked));
  }
  std::atomic<int> closed = 0;
  EventStream::Options options;
  options.on_close = [&](StreamEnd) { ++closed; };
  const auto stream = EventStream::make(options);
  parked(Response::event_stream(stream, "text/event-stream"));
  EXPECT_TRUE(eventually([&] { return closed == 1; }));
}

TEST(ServerStream, FeedsAThousandClientsTheSame) {
  Streaming streaming({}, {.thread_count = 2});
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<TestClient>(streaming.server().port()));
    clients.back()->send(get);
  }
  ASSERT_TRUE(eventually([&] { return streaming.server().counts().streams_open == 1000; }));
  const auto streams = streaming.streams();
  std::string expected;
  for (int event = 0; event < 50; ++event) {
    const std::string text = "data: " + std::to_string(event) + "\n\n";
    const auto chunk = std::make_shared<const Chunk>(text, std::to_string(event));
    for (const auto& stream : streams) ASSERT_TRUE(stream->push(chunk));
    expected += text;
  }
  for (const auto& stream : streams) stream->finish();
  for (const auto& client : clients) {
    client->answer();
    ASSERT_EQ(unchunked(client->rest()), expected);
  }
}

}  // namespace
}  // namespace meent::api
