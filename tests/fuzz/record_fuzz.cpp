#include <cstdint>
#include <string_view>

#include "eventstore/codec.h"
#include "eventstore/record.h"
#include "tests/fuzz/expect.h"

using namespace meent::eventstore;

/// Any bytes: refused with a reason, or a record that is written back as the very same bytes; and
/// whatever its events claim to be, reading them ends in an event or an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto record = decode_record(bytes);
  if (!record) {
    expect(!record.error().what.empty(), "a refusal has a reason");
    expect(record.error().at <= size, "a refusal points into the bytes");
    return 0;
  }
  expect(encode_record(*record) == bytes, "a record is written back as it was read");
  const auto header = decode_record_header(bytes);
  expect(header && *header == record->header, "the header reads the same without its commits");
  for (const auto& commit : record->commits) {
    for (const auto& event : commit.events) {
      const auto decoded = decode_event(event);
      expect(decoded || !decoded.error().what.empty(), "a refused event has a reason");
    }
  }
  return 0;
}
