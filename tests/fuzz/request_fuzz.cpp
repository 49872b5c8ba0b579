#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "api/request_reader.h"
#include "tests/fuzz/expect.h"

using namespace meent::api;

namespace {

void check_target(Request& request) {
  if (!parse_target(request)) return;
  for (const auto& segment : request.segments) {
    expect(is_valid_utf8(segment), "a segment is text");
    expect(segment.find('\0') == std::string::npos, "a segment has no NUL");
  }
  for (const auto& [name, value] : request.query)
    expect(is_valid_utf8(name) && is_valid_utf8(value), "a parameter is text");
}

using Requests = std::vector<std::string>;

Requests read(std::string_view bytes, std::size_t piece) {
  const RequestReader::Limits limits{.header_bytes = 500, .target_bytes = 100, .body_bytes = 300};
  Requests requests;
  RequestReader reader(limits);
  Request request;
  std::string unused;
  while (!bytes.empty()) {
    unused += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      unused.erase(0, reader.feed(unused, request));
      if (reader.state() == RequestReader::State::broken) return requests;
      if (reader.state() != RequestReader::State::done) break;
      expect(request.target.size() <= limits.target_bytes, "the limit of the address holds");
      expect(request.body.size() <= limits.body_bytes, "the limit of the body holds");
      expect(request.headers.wire().size() <= limits.header_bytes, "the limit of the head holds");
      expect(request.headers.contains("Host") || reader.is_http_1_0(), "HTTP/1.1 has a host");
      requests.push_back(request.method_name + ' ' + request.target + '\n' +
                         std::string(request.headers.wire()) + '\n' + request.body);
      check_target(request);
      request = Request();
      reader.next();
    }
  }
  return requests;
}

}  // namespace

/// The bytes of one connection: however they are cut, the same requests come out, within the
/// limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Requests whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
  expect(read(bytes, 1) == whole, "byte by byte is the same as all at once");
  expect(read(bytes, 7) == whole, "in pieces is the same as all at once");
  return 0;
}
