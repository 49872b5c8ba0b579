#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "eventstore/codec.h"
#include "tests/fuzz/expect.h"

using namespace meent::eventstore;

namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// What follows `word` and a space, or the whole line.
std::string_view after(std::string_view word, std::string_view line) {
  if (line.starts_with(word)) line.remove_prefix(word.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

}  // namespace

/// An event in the text form of tests/golden/events: whatever its facts say, reading it ends in an
/// event of that type or in an error with a reason.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  RawEvent event;
  event.type = after("type", take_line(text));
  const auto version = after("version", take_line(text));
  std::from_chars(version.data(), version.data() + version.size(), event.version);
  event.facts = after("facts", take_line(text));
  while (!text.empty() && event.sealed.size() < 100) {
    event.sealed.push_back({.key = {}, .bytes = std::string(after("sealed", take_line(text)))});
  }
  const auto decoded = decode_event(event);
  if (!decoded) {
    expect(!decoded.error().what.empty(), "a refused event has a reason");
    return 0;
  }
  expect(name_of(*decoded) == event.type, "an event is of the type it was read as");
  return 0;
}
