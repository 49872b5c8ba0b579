#include <cstdint>
#include <string>
#include <string_view>

#include "eventstore/crc.h"
#include "eventstore/envelope.h"
#include "tests/fuzz/expect.h"

using namespace meent::eventstore;

namespace {

void look_at(std::string_view bytes) {
  const auto envelope = decode_envelope(bytes);
  if (envelope) {
    expect(encode_envelope(*envelope) == bytes, "an envelope is written back as it was read");
  }
}

}  // namespace

/// Any bytes, as they are and with a checksum that is right, without which nothing else of an
/// envelope is looked at.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  look_at(bytes);
  if (size >= 4) {
    const auto checked = size - 4;
    const auto crc = crc32c(std::string_view(bytes).substr(0, checked));
    for (std::size_t i = 0; i < 4; ++i) {
      bytes[checked + i] = static_cast<char>(crc >> (8 * i));
    }
    look_at(bytes);
  }
  return 0;
}
