#include "tests/bench/answer_parser.h"

#include <stdexcept>
#include <vector>
#include <gtest/gtest.h>

namespace meent::bench {
namespace {

TEST(AnswerParser, ReadsTheSameHoweverTheBytesAreCut) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
      "HTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
      "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    AnswerParser parser(true);
    std::vector<std::pair<unsigned, std::string>> answers;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      std::string_view part = std::string_view(bytes).substr(at, piece);
      while (!part.empty())
        if (parser.feed(part)) answers.emplace_back(parser.status(), parser.body());
    }
    const std::vector<std::pair<unsigned, std::string>> expected{
        {200, "hello"}, {204, ""}, {201, "abcde"}, {404, ""}};
    ASSERT_EQ(answers, expected) << piece;
  }
}

TEST(AnswerParser, RefusesWhatIsNotHttp) {
  AnswerParser parser;
  std::string_view bytes = "SSH-2.0\r\n\r\n";
  EXPECT_THROW(parser.feed(bytes), std::runtime_error);
}

}  // namespace
}  // namespace meent::bench
