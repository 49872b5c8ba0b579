#include "eventstore/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>
#include <set>
#include <sstream>

#include "domain/discuss.h"
#include "eventstore/codec/row.h"
#include "tests/eventstore/fixed_samples.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

const domain::PlatformId platform(domain::IdBytes{7});

class RandomSource final : public SampleSource {
 public:
  RandomSource(unsigned seed, domain::KeyId key) : random_(seed), key_(key) {}
  domain::IdBytes id() override {
    domain::IdBytes bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }
  std::string text() override {
    static const std::array<std::string, 10> pieces{
        "a", "\"", "\\",          "\n\r\t",         "\x01\x1f\x7f",
        "é", "想", "👩‍🌾", "{\"sealed\":0}", "</script>"};
    std::string out;
    for (auto left = choice(20); left > 0; --left) out += pieces[choice(10)];
    return out;
  }
  std::uint32_t number() override { return static_cast<std::uint32_t>(random_()); }
  std::uint32_t choice(std::uint32_t below) override {
    return static_cast<std::uint32_t>(random_() % below);
  }
  domain::Timestamp time() override {
    return {std::uniform_int_distribution<std::int64_t>(-62'167'219'200'000,
                                                        253'402'300'799'999)(random_)};
  }
  domain::PrivateText words(std::string) override {
    return domain::PrivateText::plain(key_, text());
  }

 private:
  std::mt19937_64 random_;
  domain::KeyId key_;
};

/// `key` bytes as one line of hexadecimal digits.
std::string hex(std::string_view bytes) {
  std::string out;
  codec::append_hex(out, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  return out;
}
std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return out;
}

/// Lines "type X", "version N", "facts {…}", then "sealed <key> <bytes>" for each part.
std::string as_golden(const RawEvent& raw) {
  std::string out = "type " + raw.type + "\nversion " + std::to_string(raw.version) + "\nfacts " +
                    raw.facts + '\n';
  for (const auto& part : raw.sealed)
    out += "sealed " + part.key.text() + ' ' + hex(part.bytes) + '\n';
  return out;
}
RawEvent from_golden(const std::string& text) {
  RawEvent raw;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    const auto word = line.substr(0, space), rest = line.substr(space + 1);
    if (word == "type") raw.type = rest;
    if (word == "version") raw.version = static_cast<std::uint16_t>(std::stoi(rest));
    if (word == "facts") raw.facts = rest;
    if (word == "sealed") {
      raw.sealed.push_back(
          {domain::KeyId::parse(rest.substr(0, 32)).value(), unhex(rest.substr(33))});
    }
  }
  return raw;
}
const std::filesystem::path golden_folder =
    std::filesystem::path(MEENT_SOURCE_DIR) / "tests/golden/events";
std::optional<std::string> content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

class CodecTest : public testing::Test {
 protected:
  ScratchFolder scratch_;
  std::unique_ptr<Keys> keys_ = Keys::open(scratch_.path() / "keys", real_files());
  domain::KeyId key_ = keys_->create();
};

TEST_F(CodecTest, WritesAndReadsEveryTypesGoldenFile) {
  std::set<std::string_view> seen;
  for (const bool is_full : {true, false}) {
    FixedSource source(is_full);
    for (const auto& event : sample_events(source)) {
      const auto raw = encode_event(event, platform, *keys_);
      seen.insert(name_of(event));
      const auto path = golden_folder / (raw.type + ".v" + std::to_string(raw.version) +
                                         (is_full ? ".full.txt" : ".bare.txt"));
      // A new type or version gets its file once: MEENT_WRITE_GOLDEN=1. A file is never changed.
      if (std::getenv("MEENT_WRITE_GOLDEN") != nullptr && !std::filesystem::exists(path)) {
        std::ofstream(path, std::ios::binary) << as_golden(raw);
      }
      const auto golden = content_of(path);
      ASSERT_TRUE(golden) << path << " is missing";
      EXPECT_EQ(as_golden(raw), *golden);
      const auto decoded = decode_event(from_golden(*golden));
      ASSERT_TRUE(decoded) << decoded.error().what;
      EXPECT_TRUE(*decoded == event) << raw.type;
    }
  }
  EXPECT_EQ(seen.size(), event_types().size());
}

TEST_F(CodecTest, ReadsEveryGoldenFileThereIs) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder)) {
    const auto decoded = decode_event(from_golden(content_of(entry.path()).value()));
    EXPECT_TRUE(decoded) << entry.path() << ": " << decoded.error().what;
    ++count;
  }
  EXPECT_GE(count, 2 * event_types().size());
}

/// An event's facts with the texts opened, for comparing plain with sealed.
std::string opened(const domain::Event& event, const Keys& keys) {
  class Opener final : public codec::TextWriter {
   public:
    explicit Opener(const Keys& keys) : keys_(keys) {}
    void write(std::string& out, const domain::PrivateText& text, std::string_view field) override {
      const auto words = text.is_sealed() ? open_text(keys_, platform, text).value() : text.bytes;
      codec::append_json_string(out, std::string(field) + '=' + words);
    }

   private:
    const Keys& keys_;
  } texts(keys);
  std::string out;
  codec::FactsWriter writer(out, texts);
  codec::row_of(event).write(event, writer);
  return out;
}

TEST_F(CodecTest, ReadsBackWhateverItWrote) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    RandomSource source(seed, key_);
    for (const auto& event : sample_events(source)) {
      const auto raw = encode_event(event, platform, *keys_);
      const auto decoded = decode_event(raw);
      ASSERT_TRUE(decoded) << "seed " << seed << ": " << decoded.error().what;
      ASSERT_EQ(opened(*decoded, *keys_), opened(event, *keys_)) << "seed " << seed;
      ASSERT_TRUE(encode_event(*decoded, platform, *keys_) == raw) << "seed " << seed;
    }
  }
}

TEST_F(CodecTest, SealsEveryWordSomebodyWrote) {
  RandomSource source(1, key_);
  const domain::Event event = domain::DiscussEvent(
      domain::CommentPlaced{.comment = {},
                            .contribution = {},
                            .space = {},
                            .parent = {},
                            .author = {},
                            .body = domain::PrivateText::plain(key_, "een geheim"),
                            .language = "nl",
                            .mentions = {}});
  const auto raw = encode_event(event, platform, *keys_);
  EXPECT_EQ(raw.facts.find("geheim"), std::string::npos);
  ASSERT_EQ(raw.sealed.size(), 1U);
  EXPECT_EQ(raw.sealed[0].bytes.find("geheim"), std::string::npos);
  EXPECT_EQ(keys_->open_sealed(key_, associated_data(platform, "comment-placed/body"),
                               raw.sealed[0].bytes),
            "een geheim");
}

TEST_F(CodecTest, NamesThePathOfWhatItCannotRead) {
  const std::string id = std::string(32, '1');
  const auto given = [&](const std::string& rest) {
    return R"({"contribution":")" + id + R"(","space":")" + id + R"(","person":")" + id + '"' +
           rest + '}';
  };
  const std::vector<std::pair<std::string, std::string>> cases{
      {given(R"(,"stance":"agree","mood":1)"), "mood is an unknown fact"},
      {given(""), "stance is missing"},
      {given(R"(,"stance":"maybe")"), "stance is an unknown word"},
      {given(R"(,"stance":1)"), "stance is no string"},
      {given(R"(,"stance":"agree","replaces":null)"), "replaces is no string"},
      {given(R"(,"stance":"agree","stance":"agree")"), "has a fact twice"},
      {R"({"contribution":"12"})", "contribution is no id"},
      {"[]", "is no object"},
      {"{", ""},
      {"", ""},
  };
  for (const auto& [facts, error] : cases) {
    const auto decoded =
        decode_event({.type = "support-given", .version = 1, .facts = facts, .sealed = {}});
    ASSERT_FALSE(decoded) << facts;
    EXPECT_NE(decoded.error().what.find(error), std::string::npos) << decoded.error().what;
    EXPECT_NE(decoded.error().what.find("support-given v1"), std::string::npos);
  }
}

TEST_F(CodecTest, RefusesUnknownTypesVersionsAndSealedPartsWithoutAPlace) {
  EXPECT_FALSE(decode_event({.type = "sun-risen", .version = 1, .facts = "{}", .sealed = {}}));
  FixedSource source(true);
  for (const auto& event : sample_events(source)) {
    auto raw = encode_event(event, platform, *keys_);
    raw.version = 9;
    EXPECT_FALSE(decode_event(raw)) << raw.type;
    raw.version = 0;
    EXPECT_FALSE(decode_event(raw)) << raw.type;
    raw.version = 1;
    raw.sealed.push_back({});
    EXPECT_FALSE(decode_event(raw)) << raw.type;
    raw.sealed.pop_back();
    if (raw.sealed.empty()) continue;
    raw.sealed.pop_back();
    EXPECT_FALSE(decode_event(raw)) << raw.type;
  }
}

TEST_F(CodecTest, RaisesAnOlderVersionStepByStep) {
  codec::EventRow row = *codec::find_row("role-granted");
  row.type.version = 3;
  row.upcasts = {
      {1,
       [](RawEvent raw) -> std::expected<RawEvent, DecodeError> {
         raw.facts.replace(raw.facts.find("rank"), 4, "part");
         return raw;
       }},
      {2,
       [](RawEvent raw) -> std::expected<RawEvent, DecodeError> {
         raw.facts.replace(raw.facts.find("part"), 4, "role");
         return raw;
       }},
  };
  const domain::PersonId person(domain::IdBytes{3});
  const auto event = codec::read_event(
      row, {.type = "role-granted",
            .version = 1,
            .facts = R"({"person":")" + person.text() + R"(","rank":"moderator"})",
            .sealed = {}});
  ASSERT_TRUE(event) << event.error().what;
  EXPECT_TRUE(*event == domain::Event(domain::PersonEvent(
                            domain::RoleGranted{person, domain::Role::moderator})));
}

TEST_F(CodecTest, WritesTheNearestTimeThatRfc3339Has) {
  const auto written = [](std::int64_t ms) {
    std::string out;
    codec::append_time(out, {ms});
    return out;
  };
  EXPECT_EQ(written(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(written(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59.999Z");
  for (const auto* text : {"2026-02-30T00:00:00.000Z", "2026-01-01T24:00:00.000Z",
                           "2026-01-01T00:00:00Z", "2026-01-01 00:00:00.000Z", "tomorrow", ""}) {
    EXPECT_EQ(codec::parse_time(text), std::nullopt) << text;
  }
}

TEST_F(CodecTest, TypesAreSortedByName) {
  EXPECT_TRUE(std::ranges::is_sorted(event_types(), {}, &EventType::name));
}

}  // namespace
}  // namespace meent::eventstore
