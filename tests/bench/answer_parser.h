#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace meent::bench {

/// Just enough of HTTP to tell answers of a connection apart: status, Content-Length, chunked
/// bodies.
class AnswerParser {
 public:
  explicit AnswerParser(bool keeps_body = false) : keeps_body_(keeps_body) {}

  /// Takes bytes from the front of `bytes`, up to the end of one answer. True: `status` and `body`
  /// are those of a whole answer, until the next call. Throws std::runtime_error on what is not
  /// HTTP.
  bool feed(std::string_view& bytes);
  unsigned status() const { return status_; }
  std::string_view body() const { return body_; }

 private:
  enum class Part : unsigned char { head, body, chunk_size, chunk, chunk_end };
  bool take_line(std::string_view& bytes);
  bool read_head(std::string_view& bytes);
  bool read_chunks(std::string_view& bytes);
  void take_body(std::string_view& bytes);

  bool keeps_body_;
  Part part_ = Part::head;
  bool is_last_chunk_ = false;
  unsigned status_ = 0;
  std::size_t left_bytes_ = 0;
  std::string line_;
  std::string body_;
};

}  // namespace meent::bench
