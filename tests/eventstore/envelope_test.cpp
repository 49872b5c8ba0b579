#include "eventstore/envelope.h"

#include <gtest/gtest.h>

#include "eventstore/bytes.h"
#include "eventstore/crc.h"
#include "tests/eventstore/examples.h"

namespace meent::eventstore {
namespace {

using namespace examples;

Envelope genesis() {
  return {.epoch = 0,
          .writer = id_of<WriterId>(0x70),
          .body = Genesis{.log_id = id_of<domain::LogId>(0x80), .partition = 2, .partitions = 12}};
}

Envelope checkpoint() {
  return {.epoch = 3,
          .writer = id_of<WriterId>(0x70),
          .body = CheckpointMark{.consumer = "webhooks",
                                 .platform = id_of<domain::PlatformId>(0x10),
                                 .position = 4,
                                 .hash = bytes_of<32>(0x90)}};
}

/// The bytes with a checksum that fits what is before it.
std::string with_good_crc(std::string bytes) {
  bytes.resize(bytes.size() - 4);
  put_number(bytes, crc32c(bytes));
  return bytes;
}

TEST(Envelope, IsTheGoldenBytes) {
  EXPECT_EQ(to_hex_lines(encode_envelope(genesis())), golden("envelope-v1-genesis"));
  EXPECT_EQ(to_hex_lines(encode_envelope(claim())), golden("envelope-v1-claim"));
  EXPECT_EQ(to_hex_lines(encode_envelope(group())), golden("envelope-v1-group"));
  EXPECT_EQ(to_hex_lines(encode_envelope(checkpoint())), golden("envelope-v1-checkpoint"));
}

TEST(Envelope, ComesBackAsItWasWritten) {
  for (const auto& envelope : {genesis(), claim(), group(), checkpoint()}) {
    const auto back = decode_envelope(encode_envelope(envelope));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, envelope);
  }
}

TEST(Envelope, OfSomebodyElseIsForeign) {
  for (const std::string bytes : {"", "M", "MEE", "KAFK", "{\"a\":1}"}) {
    EXPECT_EQ(decode_envelope(bytes).error(), EnvelopeError::foreign) << bytes;
  }
}

TEST(Envelope, OfANewerVersionIsNotCalledDamaged) {
  auto bytes = encode_envelope(group());
  bytes[4] = 2;
  EXPECT_EQ(decode_envelope(bytes).error(), EnvelopeError::unknown_version);
  bytes = encode_envelope(group());
  bytes[6] = 5;  // a kind this version does not have
  EXPECT_EQ(decode_envelope(with_good_crc(bytes)).error(), EnvelopeError::unknown_version);
}

TEST(Envelope, WithAnyBitFlippedIsNeverRead) {
  const auto bytes = encode_envelope(group());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto envelope = decode_envelope(changed);
    ASSERT_FALSE(envelope) << bit;
    const auto expected = bit < 32   ? EnvelopeError::foreign
                          : bit < 48 ? EnvelopeError::unknown_version
                                     : EnvelopeError::damaged;
    ASSERT_EQ(envelope.error(), expected) << bit;
  }
}

TEST(Envelope, CutAnywhereIsDamaged) {
  for (const auto& envelope : {genesis(), claim(), group(), checkpoint()}) {
    const auto bytes = encode_envelope(envelope);
    for (std::size_t size = 4; size < bytes.size(); ++size) {
      EXPECT_EQ(decode_envelope(bytes.substr(0, size)).error(), EnvelopeError::damaged) << size;
    }
  }
}

TEST(Envelope, WithAnotherShapeIsDamagedEvenWithAGoodChecksum) {
  for (const auto& envelope : {genesis(), claim(), checkpoint()}) {
    auto bytes = encode_envelope(envelope);
    bytes.insert(bytes.size() - 4, 1, 'x');
    EXPECT_EQ(decode_envelope(with_good_crc(bytes)).error(), EnvelopeError::damaged);
  }
}

TEST(Crc, IsCastagnoli) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32c(bytes), crc32c_portable(bytes)) << bytes.size();
    bytes += static_cast<char>(37 * i);
  }
}

}  // namespace
}  // namespace meent::eventstore
