#include "tests/eventstore/examples.h"

#include <fstream>
#include <iterator>

#include "eventstore/keys.h"

namespace meent::eventstore::examples {
namespace {

domain::PlatformId platform() {
  return id_of<domain::PlatformId>(0x10);
}

SealedPart sealed_body() {
  const auto associated = associated_data(platform(), "comment-placed/body");
  return {id_of<domain::KeyId>(0x60), seal_with(bytes_of<32>(0x01), bytes_of<24>(0xA0), associated,
                                                "Een bankje bij de vijver, graag.")};
}

}  // namespace

Commit support_commit() {
  return {
      .command_id = id_of<domain::CommandId>(0x20),
      .request_mac = bytes_of<32>(0x40),
      .actor = {domain::ActorKind::person, id_of<domain::PersonId>(0x30).value()},
      .recorded_at = {1'790'000'000'000},
      .occurred_at = {},
      .import_progress = {},
      .events = {
          {.type = "support-given", .version = 1, .facts = R"({"stance":"agree"})", .sealed = {}}}};
}

Commit imported_commit() {
  return {.command_id = id_of<domain::CommandId>(0x21),
          .request_mac = bytes_of<32>(0x41),
          .actor = {domain::ActorKind::importer, {}},
          .recorded_at = {1'790'000'000'001},
          .occurred_at = domain::Timestamp{-1},
          .import_progress = ImportProgress{id_of<domain::SourceDigest>(0x50), 7},
          .events = {{.type = "comment-placed",
                      .version = 2,
                      .facts = R"({"body":{"sealed":0},"language":"nl"})",
                      .sealed = {sealed_body()}},
                     {.type = "comment-withdrawn", .version = 1, .facts = "{}", .sealed = {}}}};
}

Record first_record() {
  return {.header = {.platform = platform(),
                     .base_position = 1,
                     .event_count = 1,
                     .prev_hash = first_prev_hash(platform())},
          .commits = {support_commit()}};
}

Record second_record() {
  return {.header = {.platform = platform(),
                     .base_position = 2,
                     .event_count = 3,
                     .prev_hash = hash_of(encode_record(first_record()))},
          .commits = {support_commit(), imported_commit()}};
}

Envelope claim() {
  return {.epoch = 1, .writer = id_of<WriterId>(0x70), .body = Claim{"http://node-1:8080"}};
}

Envelope group() {
  return {
      .epoch = 1, .writer = id_of<WriterId>(0x70), .body = Group{encode_record(first_record())}};
}

std::string to_hex_lines(const std::string& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += digits[byte >> 4];
    out += digits[byte & 15];
    if (i % 32 == 31 || i + 1 == bytes.size()) out += '\n';
  }
  return out;
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(MEENT_SOURCE_DIR) + "/tests/golden/" + name + ".hex");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace meent::eventstore::examples
