#include "api/peer_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "api/server.h"

namespace meent::api {
namespace {

using namespace std::chrono_literals;
using Answer = std::expected<Response, std::string>;

class PeerClientTest : public testing::Test {
 protected:
  std::string serve(Server::Dispatch dispatch) {
    server_ = std::make_unique<Server>(Server::Options{.thread_count = 1}, std::move(dispatch));
    return "http://127.0.0.1:" + std::to_string(server_->port());
  }
  static Answer ask(PeerClient& client, const std::string& url,
                    PeerClient::PeerRequest request = {}) {
    auto promise = std::make_shared<std::promise<Answer>>();
    auto future = promise->get_future();
    client.send(url, std::move(request),
                [promise](Answer answer) { promise->set_value(std::move(answer)); });
    return future.get();
  }
  std::unique_ptr<Server> server_;
};

TEST_F(PeerClientTest, CarriesTheRequestAndTheAnswerWhole) {
  const auto url = serve([](Request& request, Respond respond) {
    Response response(201, "text/plain",
                      request.method_name + ' ' + request.target + ' ' + request.body);
    response.headers.add("X-Host", request.header("host").value_or(""));
    response.headers.add("Location", "/there");
    respond(std::move(response));
  });
  PeerClient client;
  const auto answer = ask(client, url,
                          {.method = "PATCH",
                           .target = "/a?b=c",
                           .headers = {{"Host", "plein.example"}},
                           .body = std::string(200'000, 'x')});
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer->status, 201U);
  EXPECT_EQ(answer->headers.find("x-host"), "plein.example");
  EXPECT_EQ(answer->headers.find("location"), "/there");
  EXPECT_EQ(answer->body.view(), "PATCH /a?b=c " + std::string(200'000, 'x'));
}

TEST_F(PeerClientTest, KeepsConnectionsAndAnswersManyAtOnce) {
  const auto url = serve([](Request&, Respond respond) { respond(Response::text("ok")); });
  PeerClient client({.connection_limit = 4});
  std::atomic<int> good = 0, left = 500;
  std::promise<void> all;
  for (int i = 0; i < 500; ++i) {
    client.send(url, {.headers = {{"Host", "x"}}}, [&](Answer answer) {
      good += answer && answer->status == 200 ? 1 : 0;
      if (--left == 0) all.set_value();
    });
  }
  ASSERT_EQ(all.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(good, 500);
  EXPECT_LE(server_->counts().connections_accepted, 4U);
}

TEST_F(PeerClientTest, SaysWhatIsWrong) {
  PeerClient client({.connect_limit = 300ms, .answer_limit = 200ms});
  EXPECT_FALSE(ask(client, "nonsense"));
  EXPECT_FALSE(ask(client, "http://127.0.0.1:1"));
  std::vector<Respond> never;
  const auto url = serve([&](Request&, Respond respond) { never.push_back(std::move(respond)); });
  const auto late = ask(client, url, {.headers = {{"Host", "x"}}});
  EXPECT_FALSE(late);
  never.clear();
}

TEST_F(PeerClientTest, ItsQueueIsBounded) {
  std::vector<Respond> never;
  std::mutex mutex;
  const auto url = serve([&](Request&, Respond respond) {
    const std::lock_guard lock(mutex);
    never.push_back(std::move(respond));
  });
  PeerClient client({.connection_limit = 1, .waiting_limit = 2, .answer_limit = 300ms});
  std::atomic<int> refused = 0, left = 5;
  std::promise<void> all;
  for (int i = 0; i < 5; ++i) {
    client.send(url, {.headers = {{"Host", "x"}}}, [&](const Answer& answer) {
      refused += !answer && answer.error().starts_with("too many") ? 1 : 0;
      if (--left == 0) all.set_value();
    });
  }
  ASSERT_EQ(all.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(refused, 2);
  const std::lock_guard lock(mutex);
  never.clear();
}

TEST_F(PeerClientTest, AServerThatStartedAgainIsFoundAgain) {
  const auto answer_ok = [](Request&, Respond respond) { respond(Response::text("ok")); };
  const auto url = serve(answer_ok);
  const auto port = server_->port();
  PeerClient client;
  EXPECT_TRUE(ask(client, url, {.headers = {{"Host", "x"}}}));
  server_ = nullptr;
  server_ = std::make_unique<Server>(Server::Options{.port = port, .thread_count = 1}, answer_ok);
  EXPECT_TRUE(ask(client, url, {.headers = {{"Host", "x"}}}));
}

TEST_F(PeerClientTest, RunsFunctionsLater) {
  PeerClient client;
  std::promise<void> ran;
  client.after(10ms, [&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(5s), std::future_status::ready);
}

}  // namespace
}  // namespace meent::api
