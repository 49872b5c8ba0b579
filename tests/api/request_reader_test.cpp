#include "api/request_reader.h"

#include <gtest/gtest.h>

namespace meent::api {
namespace {

using State = RequestReader::State;

struct Read {
  std::vector<Request> requests;
  State state = State::idle;
  const ProblemType* problem = nullptr;
};

/// Feeds `bytes` in pieces, the way a connection does.
Read read(const std::string& bytes, std::size_t piece, RequestReader::Limits limits = {}) {
  Read result;
  RequestReader reader(limits);
  Request request;
  std::string unused;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    unused += bytes.substr(at, piece);
    for (;;) {
      const std::size_t used = reader.feed(unused, request);
      unused.erase(0, used);
      if (reader.state() == State::broken) {
        result.state = State::broken;
        result.problem = reader.problem().type;
        return result;
      }
      if (reader.state() != State::done) break;
      result.requests.push_back(std::exchange(request, {}));
      reader.next();
    }
  }
  result.state = reader.state();
  return result;
}

TEST(RequestReader, ReadsTheSameHoweverTheBytesAreCut) {
  const std::string bytes =
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"
      "\r\nPOST /p HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\n\r\nhello"
      "PUT /q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: ignored\r\n\r\n"
      "PURGE /z HTTP/1.0\r\n\r\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size()}) {
    const Read result = read(bytes, piece);
    ASSERT_EQ(result.requests.size(), 4u) << piece;
    EXPECT_EQ(result.requests[0].target, "/a?b=c");
    EXPECT_EQ(result.requests[0].method, Method::get);
    EXPECT_EQ(result.requests[1].body, "hello");
    EXPECT_EQ(result.requests[1].header("content-length"), "5");
    EXPECT_EQ(result.requests[2].body, "abcde");
    EXPECT_FALSE(result.requests[2].header("Trailer"));
    EXPECT_EQ(result.requests[3].method, Method::other);
    EXPECT_EQ(result.requests[3].method_name, "PURGE");
    EXPECT_EQ(result.state, State::idle);
  }
}

TEST(RequestReader, SaysWhatIsWrongWithABrokenRequest) {
  const RequestReader::Limits limits{.header_bytes = 200, .target_bytes = 50, .body_bytes = 10};
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::vector<std::pair<std::string, const ProblemType*>> rows{
      {"nonsense\r\n\r\n", &problems::bad_request},
      {"GET / HTTP/1.1\r\n\r\n", &problems::bad_request},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &problems::bad_request},
      {"GET / HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n", &problems::bad_request},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n", &problems::bad_request},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", &problems::http_version_not_supported},
      {head + "Content-Length: x\r\n\r\n", &problems::bad_request},
      {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", &problems::bad_request},
      {head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", &problems::bad_request},
      {head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", &problems::bad_request},
      {head + "Transfer-Encoding: gzip\r\n\r\n", &problems::not_implemented},
      {head + "Transfer-Encoding: gzip, chunked\r\n\r\n", &problems::not_implemented},
      {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", &problems::bad_request},
      {head + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", &problems::bad_request},
      {head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(300, 'x'),
       &problems::bad_request},
      {head + "Content-Length: 11\r\n\r\n", &problems::content_too_large},
      {head + "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n",
       &problems::content_too_large},
      {"GET /" + std::string(60, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", &problems::target_too_long},
      {"GET /" + std::string(300, 'a'), &problems::target_too_long},
      {head + "A: " + std::string(300, 'a'), &problems::headers_too_large},
  };
  for (const auto& [bytes, expected] : rows) {
    for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
      const Read result = read(bytes, piece, limits);
      EXPECT_EQ(result.state, State::broken) << bytes;
      EXPECT_TRUE(result.requests.empty()) << bytes;
      ASSERT_NE(result.problem, nullptr) << bytes;
      EXPECT_EQ(result.problem->slug, expected->slug) << bytes;
    }
  }
}

TEST(RequestReader, TakesALastChunkThatComesByteByByte) {
  const Read result =
      read("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", 1);
  ASSERT_EQ(result.requests.size(), 1u);
  EXPECT_EQ(result.requests[0].body, "");
}

TEST(RequestReader, LimitsHeadsThatComeLineByLine) {
  RequestReader reader({.header_bytes = 200});
  Request request;
  std::string unused = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 100 && reader.state() != State::broken; ++i) {
    unused.erase(0, reader.feed(unused, request));
    unused += "A: b\r\n";
  }
  ASSERT_EQ(reader.state(), State::broken);
  EXPECT_EQ(reader.problem().type->slug, problems::headers_too_large.slug);
}

TEST(RequestReader, LimitsTrailersThatComeLineByLine) {
  RequestReader reader({.header_bytes = 200});
  Request request;
  std::string unused = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 100 && reader.state() != State::broken; ++i) {
    unused.erase(0, reader.feed(unused, request));
    unused += "A: b\r\n";
  }
  EXPECT_EQ(reader.state(), State::broken);
}

TEST(RequestReader, StopsAtTheHeadOfAClientThatAwaitsContinue) {
  RequestReader reader({});
  Request request;
  const std::string head =
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(reader.feed(head, request), head.size());
  EXPECT_EQ(reader.state(), State::awaited);
  EXPECT_EQ(reader.feed("a", request), 1u);
  EXPECT_EQ(reader.state(), State::reading);
  EXPECT_EQ(reader.feed("b", request), 1u);
  EXPECT_EQ(reader.state(), State::done);
  EXPECT_EQ(request.body, "ab");
}

TEST(RequestReader, KnowsWhetherTheConnectionStays) {
  const std::vector<std::pair<std::string, bool>> rows{
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
  };
  for (const auto& [bytes, keeps] : rows) {
    RequestReader reader({});
    Request request;
    reader.feed(bytes, request);
    ASSERT_EQ(reader.state(), State::done) << bytes;
    EXPECT_EQ(reader.keep_alive(), keeps) << bytes;
  }
}

}  // namespace
}  // namespace meent::api
