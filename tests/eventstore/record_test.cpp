#include "eventstore/record.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/eventstore/examples.h"

namespace meent::eventstore {
namespace {

using namespace examples;

TEST(Record, IsTheGoldenBytes) {
  EXPECT_EQ(to_hex_lines(encode_record(first_record())), golden("record-v1-first"));
  EXPECT_EQ(to_hex_lines(encode_record(second_record())), golden("record-v1-second"));
}

TEST(Record, ComesBackAsItWasWritten) {
  for (const auto& record : {first_record(), second_record()}) {
    const auto back = decode_record(encode_record(record));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, record);
  }
}

TEST(Record, HeaderIsReadableWithoutItsCommits) {
  const auto bytes = encode_record(second_record()).substr(0, record_header_bytes);
  const auto header = decode_record_header(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(*header, second_record().header);
  EXPECT_EQ(header->last_position(), 4U);
}

TEST(Record, IsRefusedWhenCutAnywhere) {
  const auto bytes = encode_record(second_record());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_record(bytes.substr(0, size))) << size;
  }
}

TEST(Record, IsRefusedWithABytesAfterIt) {
  const auto record = decode_record(encode_record(second_record()) + '\0');
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().what, "bytes after the last commit");
}

TEST(Record, ChangedInAnyByteIsRefusedOrIsAnotherRecord) {
  const auto bytes = encode_record(second_record());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    const auto record = decode_record(changed);
    if (record) {
      EXPECT_EQ(encode_record(*record), changed) << at;
    }
  }
}

TEST(Record, TakesTheLargestAndRefusesOneByteMore) {
  auto record = first_record();
  auto& facts = record.commits[0].events[0].facts;
  facts.append(largest_record_bytes - encode_record(record).size(), 'x');
  auto bytes = encode_record(record);
  ASSERT_EQ(bytes.size(), largest_record_bytes);
  EXPECT_TRUE(decode_record(bytes));
  const auto larger = decode_record(bytes + 'x');
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().what, "a record is at most 900 KiB");
  EXPECT_FALSE(decode_record_header(bytes + 'x'));
}

struct Wrong {
  const char* what;
  std::function<void(std::string&)> damage;  ///< of the second record's bytes
};

TEST(Record, SaysWhatIsWrong) {
  const std::size_t commit = record_header_bytes;
  const Wrong table[] = {
      {"unknown record version", [](std::string& bytes) { bytes[0] = 2; }},
      {"positions begin at 1", [](std::string& bytes) { bytes.replace(18, 8, 8, '\0'); }},
      {"positions beyond 64 bits", [](std::string& bytes) { bytes.replace(18, 8, 8, '\xFF'); }},
      {"a record has at least one event", [](std::string& bytes) { bytes[26] = 0; }},
      {"the commits hold another count of events", [](std::string& bytes) { bytes[26] = 4; }},
      {"a record has 1 to 1000 commits", [](std::string& bytes) { bytes[62] = 0; }},
      {"a record has 1 to 1000 commits", [](std::string& bytes) { bytes[65] = 1; }},
      {"the record ends early", [](std::string& bytes) { bytes[62] = 3; }},
      {"bytes after the last commit",
       [](std::string& bytes) {
         bytes[62] = 1;
         bytes[26] = 1;
       }},
      {"unknown kind of actor", [=](std::string& bytes) { bytes[commit + 48] = 6; }},
      {"unknown flags of a commit", [=](std::string& bytes) { bytes[commit + 73] = 4; }},
      {"a commit has at least one event", [=](std::string& bytes) { bytes[commit + 74] = 0; }},
      {"an event type is 1 to 64 of a-z, 0-9 and hyphen",
       [=](std::string& bytes) { bytes[commit + 79] = 'S'; }},
      {"event versions begin at 1", [=](std::string& bytes) { bytes[commit + 92] = 0; }},
      {"a sealed part has at least 40 bytes",
       [](std::string& bytes) {
         const auto at = bytes.find("\x60\x61\x62\x63");
         bytes[at + 16] = 39;
       }},
  };
  for (const auto& [what, damage] : table) {
    auto bytes = encode_record(second_record());
    damage(bytes);
    const auto record = decode_record(bytes);
    ASSERT_FALSE(record) << what;
    EXPECT_EQ(record.error().what, what);
  }
}

TEST(Record, KnowsANewerVersionFromDamage) {
  auto bytes = encode_record(first_record());
  EXPECT_FALSE(has_unknown_version(bytes));
  EXPECT_FALSE(has_unknown_version("x"));
  bytes[1] = 1;
  EXPECT_TRUE(has_unknown_version(bytes));
}

TEST(Record, HashIsSha256) {
  EXPECT_EQ(to_hex(hash_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const auto platform = id_of<domain::PlatformId>(0x10);
  EXPECT_EQ(first_prev_hash(platform),
            hash_of("\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"));
}

}  // namespace
}  // namespace meent::eventstore
