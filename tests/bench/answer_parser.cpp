#include "tests/bench/answer_parser.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace meent::bench {
namespace {

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) throw std::runtime_error("not a number: " + std::string(text));
  return value;
}

bool starts_ignoring_case(std::string_view text, std::string_view start) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(start.begin(), start.end(), text.begin(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

/// The value of a header in a head, or nothing that starts.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!starts_ignoring_case(line, name)) continue;
    const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
    return value == std::string_view::npos ? std::string_view() : line.substr(value);
  }
  return {};
}

}  // namespace

bool AnswerParser::feed(std::string_view& bytes) {
  while (!bytes.empty()) {
    switch (part_) {
      case Part::head:
        if (read_head(bytes)) return true;
        break;
      case Part::body:
        take_body(bytes);
        if (left_bytes_ > 0) break;
        part_ = Part::head;
        return true;
      case Part::chunk_size:
      case Part::chunk:
      case Part::chunk_end:
        if (read_chunks(bytes)) return true;
        break;
    }
  }
  return false;
}

void AnswerParser::take_body(std::string_view& bytes) {
  const std::size_t size = std::min(left_bytes_, bytes.size());
  if (keeps_body_) body_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  left_bytes_ -= size;
}

/// True once the head is complete and nothing follows it.
bool AnswerParser::read_head(std::string_view& bytes) {
  constexpr std::string_view mark = "\r\n\r\n";
  std::string_view head;
  std::size_t end = line_.empty() ? bytes.find(mark) : std::string_view::npos;
  if (end != std::string_view::npos) {
    head = bytes.substr(0, end + 2);
    bytes.remove_prefix(end + mark.size());
  } else {
    const std::size_t before = line_.size();
    line_.append(bytes);
    end = line_.find(mark, before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
      bytes = {};
      return false;
    }
    bytes.remove_prefix(end + mark.size() - before);
    head = std::string_view(line_).substr(0, end + 2);
  }
  if (!head.starts_with("HTTP/1.")) throw std::runtime_error("not an HTTP answer");
  status_ = static_cast<unsigned>(number(head.substr(9, 3), 10));
  body_.clear();
  const bool is_chunked = header(head, "Transfer-Encoding") == "chunked";
  const std::string_view length = header(head, "Content-Length");
  left_bytes_ = length.empty() ? 0 : number(length, 10);
  line_.clear();
  if (status_ == 100) return false;
  if (is_chunked)
    part_ = Part::chunk_size;
  else if (left_bytes_ > 0)
    part_ = Part::body;
  return part_ == Part::head;
}

bool AnswerParser::take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + 1;
  line_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return end != std::string_view::npos;
}

bool AnswerParser::read_chunks(std::string_view& bytes) {
  if (part_ == Part::chunk) {
    take_body(bytes);
    if (left_bytes_ == 0) part_ = Part::chunk_end;
    return false;
  }
  if (!take_line(bytes)) return false;
  const std::string line = std::move(line_);
  line_.clear();
  if (part_ == Part::chunk_size) {
    left_bytes_ = number(line, 16);
    is_last_chunk_ = left_bytes_ == 0;
    part_ = is_last_chunk_ ? Part::chunk_end : Part::chunk;
    return false;
  }
  if (!is_last_chunk_) {
    part_ = Part::chunk_size;
    return false;
  }
  if (line != "\r\n") return false;  // a trailer
  part_ = Part::head;
  return true;
}

}  // namespace meent::bench
