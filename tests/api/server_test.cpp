#include "api/server.h"

#include "tests/api/test_client.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <gtest/gtest.h>

namespace meent::api {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

std::string get_path(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

void echo(Request& request, Respond respond) {
  respond(Response::text(request.method_name + " " + request.target + " " + request.body));
}

/// Keeps requests unanswered until the test wants them answered.
class Parked {
 public:
  Server::Dispatch dispatch() {
    return [this](Request& request, Respond respond) {
      const std::lock_guard lock(mutex_);
      waiting_.emplace_back(request.target, std::move(respond));
      changed_.notify_all();
    };
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, 5s, [&] { return waiting_.size() >= count; }))
      throw std::runtime_error("too few requests came");
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  void answer(std::size_t index) {
    std::unique_lock lock(mutex_);
    auto [target, respond] = std::move(waiting_.at(index));
    lock.unlock();
    respond(Response::text(target));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, Respond>> waiting_;
};

TEST(Server, AnswersManyRequestsOnOneConnection) {
  Server server({}, echo);
  TestClient client(server.port());
  EXPECT_EQ(client.ask(get).body, "GET / ");
  EXPECT_EQ(client.ask("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").body,
            "POST /a abc");
  const HttpAnswer last = client.ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(last.headers.at("Connection"), "close");
  EXPECT_TRUE(last.headers.contains("Date"));
  EXPECT_EQ(client.rest(), "");
}

TEST(Server, AnswersHeadWithTheLengthButWithoutTheBody) {
  Server server({}, echo);
  TestClient client(server.port());
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer(true).headers.at("Content-Length"), "8");
  EXPECT_EQ(client.ask(get).body, "GET / ");
}

TEST(Server, SendsSharedBodiesWhole) {
  const auto body = std::make_shared<const std::string>(3'000'000, 'x');
  Server server({}, [&](Request&, Respond respond) { respond(Response::text(body)); });
  TestClient client(server.port());
  client.send(std::string(get) + std::string(get));
  EXPECT_EQ(client.answer().body, *body);
  EXPECT_EQ(client.answer().body, *body);
}

TEST(Server, TellsTheHandlerWhoAsks) {
  Server server({}, [](Request& request, Respond respond) {
    respond(
        Response::text(request.remote_address + (request.is_loopback ? " here" : " elsewhere")));
  });
  TestClient client(server.port());
  EXPECT_EQ(client.ask(get).body, "127.0.0.1 here");
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 8.8.8.8\r\n\r\n").body,
            "127.0.0.1 elsewhere");
}

TEST(Server, KeepsTheOrderOfPipelinedRequestsThatAreAnsweredOutOfOrder) {
  Parked parked;
  Server server({.thread_count = 2}, parked.dispatch());
  TestClient client(server.port());
  client.send(get_path("/1") + get_path("/2") + get_path("/3"));
  parked.wait_for(3);
  for (const std::size_t index : {2u, 0u, 1u}) std::thread([&] { parked.answer(index); }).join();
  EXPECT_EQ(client.answer().body, "/1");
  EXPECT_EQ(client.answer().body, "/2");
  EXPECT_EQ(client.answer().body, "/3");
}

TEST(Server, TakesNoMoreRequestsThanItsPipelineHolds) {
  Parked parked;
  Server server({.pipeline_limit = 4}, parked.dispatch());
  TestClient client(server.port());
  std::string all;
  for (int i = 0; i < 10; ++i) all += get_path("/" + std::to_string(i));
  client.send(all);
  parked.wait_for(4);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(parked.count(), 4u);
  for (std::size_t i = 0; i < 10; ++i) {
    parked.wait_for(i + 1);
    parked.answer(i);
    EXPECT_EQ(client.answer().body, "/" + std::to_string(i));
  }
}

TEST(Server, SendsContinueToWhoAwaitsIt) {
  Server server({}, echo);
  TestClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask("ab").body, "POST / ab");
}

TEST(Server, SendsContinueAlthoughTheBodyHasBegun) {
  Server server({}, echo);
  TestClient client(server.port());
  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2");
  EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask("\r\nab\r\n0\r\n\r\n").body, "POST / ab");
}

TEST(Server, AnswersAClientThatHasFinishedSending) {
  Parked parked;
  Server server({}, parked.dispatch());
  TestClient client(server.port());
  client.send(get);
  client.finish_sending();
  parked.wait_for(1);
  std::this_thread::sleep_for(20ms);
  parked.answer(0);
  EXPECT_EQ(client.answer().body, "/");
  EXPECT_EQ(client.rest(), "");
}

TEST(Server, AnswersBrokenRequestsWithAProblemAfterTheGoodOnesAndCloses) {
  Server server({}, echo);
  TestClient client(server.port());
  client.send(std::string(get) + "nonsense\r\n\r\n" + std::string(get));
  EXPECT_EQ(client.answer().status, 200u);
  const HttpAnswer broken = client.answer();
  EXPECT_EQ(broken.status, 400u);
  EXPECT_EQ(broken.headers.at("Content-Type"), "application/problem+json");
  EXPECT_EQ(broken.headers.at("API-Version"), "1.0.0");
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(server.counts().protocol_errors, 1u);
}

TEST(Server, StaysOpenAfterAnAddressThatIsNotText) {
  Server server({}, echo);
  TestClient client(server.port());
  EXPECT_EQ(client.ask(get_path("/%FF")).status, 400u);
  EXPECT_EQ(client.ask(get).status, 200u);
}

TEST(Server, RefusesABodyOverTheLimitAlthoughTheClientIsStillSendingIt) {
  Server server({.body_limit_bytes = 1000}, echo);
  TestClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
  client.send(std::string(2'000'000, 'x'));
  EXPECT_EQ(client.answer().status, 413u);
}

TEST(Server, RefusesConnectionsOverTheLimit) {
  Server server({.connection_limit = 2}, echo);
  TestClient first(server.port());
  TestClient second(server.port());
  first.ask(get);
  second.ask(get);
  TestClient third(server.port());
  const HttpAnswer refused = third.answer();
  EXPECT_EQ(refused.status, 503u);
  EXPECT_EQ(refused.headers.at("Retry-After"), "1");
  EXPECT_EQ(first.ask(get).status, 200u);
  EXPECT_EQ(server.counts().connections_refused, 1u);
}

TEST(Server, EndsARequestThatTricklesIn) {
  Server server({.request_time_limit = 100ms}, echo);
  TestClient client(server.port());
  const auto began = std::chrono::steady_clock::now();
  client.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 20 && !client.is_closed_within(20ms); ++i) client.send("A: b\r\n");
  EXPECT_EQ(client.answer().status, 408u);
  EXPECT_EQ(client.rest(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
}

TEST(Server, ClosesConnectionsThatIdleButNotThoseThatWaitForAnAnswer) {
  Parked parked;
  Server server({.idle_time_limit = 60ms}, parked.dispatch());
  TestClient idle(server.port());
  TestClient waiting(server.port());
  waiting.send(get);
  EXPECT_TRUE(idle.is_closed_within(2s));
  EXPECT_FALSE(waiting.is_closed_within(100ms));
  parked.answer(0);
  EXPECT_EQ(waiting.answer().status, 200u);
}

TEST(Server, ClosesOnAClientThatDoesNotTakeItsAnswer) {
  const auto body = std::make_shared<const std::string>(50'000'000, 'x');
  Server server({.write_time_limit = 100ms},
                [&](Request&, Respond respond) { respond(Response::text(body)); });
  TestClient client(server.port());
  client.send(get);
  for (int i = 0; i < 200 && server.counts().connections_open != 0; ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(server.counts().connections_open, 0u);
}

TEST(Server, TurnsWhatAHandlerThrowsOrForgetsIntoAnError) {
  Server server({}, [](Request& request, Respond respond) {
    if (request.target == "/throw") throw std::runtime_error("secret");
    const Respond forgotten(std::move(respond));
  });
  TestClient client(server.port());
  const HttpAnswer thrown = client.ask(get_path("/throw"));
  EXPECT_EQ(thrown.status, 500u);
  EXPECT_EQ(thrown.body.find("secret"), std::string::npos);
  EXPECT_EQ(client.ask(get).status, 500u);
}

TEST(Server, FinishesWhatIsInFlightWhenItStops) {
  Parked parked;
  Server server({}, parked.dispatch());
  TestClient idle(server.port());
  TestClient busy(server.port());
  busy.send(get);
  parked.wait_for(1);
  std::thread stopping([&] { server.stop(5s); });
  EXPECT_TRUE(idle.is_closed_within(2s));
  EXPECT_FALSE(busy.is_closed_within(50ms));
  EXPECT_THROW(TestClient(server.port()), std::runtime_error);
  parked.answer(0);
  const HttpAnswer answer = busy.answer();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  busy.leave();
  stopping.join();
}

TEST(Server, StopsAfterItsPatienceAndIgnoresAnswersThatComeLater) {
  Parked parked;
  auto server = std::make_unique<Server>(Server::Options{}, parked.dispatch());
  TestClient busy(server->port());
  busy.send(get);
  parked.wait_for(1);
  const auto began = std::chrono::steady_clock::now();
  server->stop(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  EXPECT_EQ(busy.rest(), "");
  server.reset();
  parked.answer(0);
}

TEST(Server, AnswersEveryoneInOrderWhoeverAnswersAndWhoeverLeaves) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::vector<std::pair<std::string, Respond>> waiting;
  Server server({.thread_count = 2, .pipeline_limit = 8}, [&](Request& request, Respond respond) {
    if (request.target.ends_with('0')) return respond(Response::text(request.target));
    const std::lock_guard lock(mutex);
    waiting.emplace_back(request.target, std::move(respond));
    changed.notify_one();
  });
  std::vector<std::jthread> answering;
  for (int i = 0; i < 3; ++i)
    answering.emplace_back([&](const std::stop_token& stop) {
      std::unique_lock lock(mutex);
      while (changed.wait(lock, stop, [&] { return !waiting.empty(); })) {
        auto [target, respond] = std::move(waiting.back());
        waiting.pop_back();
        lock.unlock();
        respond(Response::text(target));
        lock.lock();
      }
    });
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> asking;
    for (int c = 0; c < 8; ++c)
      asking.emplace_back([&, c] {
        for (int round = 0; round < 10; ++round) {
          TestClient client(server.port());
          std::string all;
          for (int i = 0; i < 50; ++i) all += get_path("/" + std::to_string(i));
          client.send(all);
          const int read = c % 2 == 0 ? 50 : 7;  // every other client leaves in the midst
          for (int i = 0; i < read; ++i)
            wrong += client.answer().body == "/" + std::to_string(i) ? 0 : 1;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
  server.stop(1s);
}

TEST(Server, BindsToANameAndToEveryAddressAtOnce) {
  for (const char* address : {"localhost", "0.0.0.0"}) {
    Server server({.address = address}, echo);
    TestClient client(server.port());
    EXPECT_EQ(client.ask(get).status, 200u) << address;
  }
}

TEST(Server, SaysWhichAddressItCannotBindTo) {
  Server first({}, echo);
  try {
    Server second({.port = first.port()}, echo);
    FAIL() << "two servers on one port";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(first.port())),
              std::string::npos);
  }
  EXPECT_THROW(Server({.address = "no.such.host.invalid"}, echo), std::system_error);
}

}  // namespace
}  // namespace meent::api
