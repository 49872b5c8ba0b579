#include "eventstore/keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "eventstore/seal.h"
#include "tests/eventstore/examples.h"
#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using namespace examples;

class KeysTest : public testing::Test {
 protected:
  std::unique_ptr<Keys> open() { return Keys::open(folder(), real_files()); }
  [[nodiscard]] std::filesystem::path folder() const { return scratch_.path() / "keys"; }
  [[nodiscard]] std::filesystem::path slots() const { return folder() / "slots"; }
  void overwrite(std::size_t offset, const std::string& bytes) {
    std::fstream file(slots(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
  }
  [[nodiscard]] std::string content() const {
    std::ifstream file(slots(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  ScratchFolder scratch_;
};

TEST_F(KeysTest, OpensWhatItSealedAlsoAfterAReopen) {
  auto keys = open();
  const auto key = keys->create();
  const auto sealed = keys->seal(key, "about", "een geheim");
  EXPECT_EQ(sealed.find("geheim"), std::string::npos);
  keys->sync();
  keys = nullptr;
  keys = open();
  EXPECT_TRUE(keys->contains(key));
  EXPECT_EQ(keys->open_sealed(key, "about", sealed), "een geheim");
}

TEST_F(KeysTest, SealsTheSameTextDifferentlyEachTime) {
  const auto keys = open();
  const auto key = keys->create();
  EXPECT_NE(keys->seal(key, "about", "ja"), keys->seal(key, "about", "ja"));
}

TEST_F(KeysTest, CallsAnythingElseThanWhatWasSealedTampered) {
  const auto keys = open();
  const auto key = keys->create();
  const auto other_key = keys->create();
  const auto sealed = keys->seal(key, "about", "ja");
  EXPECT_EQ(keys->open_sealed(key, "About", sealed).error(), KeyFault::tampered);
  EXPECT_EQ(keys->open_sealed(other_key, "about", sealed).error(), KeyFault::tampered);
  EXPECT_EQ(keys->open_sealed(key, "about", "short").error(), KeyFault::tampered);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    auto changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_EQ(keys->open_sealed(key, "about", changed).error(), KeyFault::tampered) << at;
  }
}

TEST_F(KeysTest, ForgetsADestroyedKeyForGood) {
  auto keys = open();
  const auto kept = keys->create();
  const auto gone = keys->create();
  keys->sync();
  const auto sealed = keys->seal(gone, "about", "weg");
  const auto before = content();
  keys->destroy(gone);
  EXPECT_EQ(content().size(), before.size());
  const auto key_bytes = before.substr(2 * 64 + 17, 32);
  EXPECT_NE(before.find(key_bytes), std::string::npos);
  EXPECT_EQ(content().find(key_bytes), std::string::npos);
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_FALSE(keys->contains(gone));
    EXPECT_EQ(keys->open_sealed(gone, "about", sealed).error(), KeyFault::destroyed);
    EXPECT_EQ(keys->mac(gone, {"a"}).error(), KeyFault::destroyed);
    EXPECT_THROW((void)keys->seal(gone, "about", "nog eens"), StorageError);
    EXPECT_TRUE(keys->contains(kept));
    keys->destroy(gone);  // again, as every start does
    keys = nullptr;
    keys = open();
  }
}

TEST_F(KeysTest, CallsAKeyItNeverHadMissing) {
  const auto keys = open();
  const auto key = id_of<domain::KeyId>(1);
  EXPECT_EQ(keys->open_sealed(key, "about", std::string(50, 'x')).error(), KeyFault::missing);
  EXPECT_EQ(keys->mac(key, {"a"}).error(), KeyFault::missing);
  EXPECT_THROW((void)keys->seal(key, "about", "x"), StorageError);
}

TEST_F(KeysTest, MarksAKeyItNeverHadAsDestroyedSoThatItNeverComes) {
  auto keys = open();
  const auto key = id_of<domain::KeyId>(1);
  const auto other = keys->create();
  EXPECT_FALSE(keys->is_destroyed(key));
  keys->destroy(key);
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_TRUE(keys->is_destroyed(key));
    EXPECT_FALSE(keys->put(key, KeyBytes{7}));
    EXPECT_EQ(keys->mac(key, {"a"}).error(), KeyFault::destroyed);
    EXPECT_TRUE(keys->contains(other));
    EXPECT_FALSE(keys->is_destroyed(other));
    keys->sync();
    keys = nullptr;
    keys = open();
  }
}

TEST_F(KeysTest, RefusesADamagedSlotAndChangesNothing) {
  auto keys = open();
  (void)keys->create();
  (void)keys->create();
  keys = nullptr;
  const auto good = content();
  for (const std::size_t at : {0U, 9U, 63U, 64U, 70U, 90U, 127U, 130U}) {
    overwrite(at, std::string(1, static_cast<char>(good[at] ^ 4)));
    const auto damaged = content();
    EXPECT_THROW((void)open(), StartRefused) << at;
    EXPECT_EQ(content(), damaged);
    overwrite(at, good.substr(at, 1));
  }
  EXPECT_NO_THROW((void)open());
}

TEST_F(KeysTest, IgnoresAPartialSlotThatWasNeverDurable) {
  auto keys = open();
  const auto first = keys->create();
  keys->sync();
  const auto second = keys->create();
  keys = nullptr;
  std::filesystem::resize_file(slots(), 2 * 64 + 20);
  keys = open();
  EXPECT_TRUE(keys->contains(first));
  EXPECT_FALSE(keys->contains(second));
  const auto third = keys->create();
  keys = nullptr;
  keys = open();
  EXPECT_TRUE(keys->contains(third));
}

TEST_F(KeysTest, MacDependsOnTheKeyAndOnWherePartsEnd) {
  const auto keys = open();
  const auto key = keys->create();
  const auto mac = keys->mac(key, {"ab", "c"});
  EXPECT_EQ(mac, keys->mac(key, {"ab", "c"}));
  EXPECT_NE(mac, keys->mac(key, {"a", "bc"}));
  EXPECT_NE(mac, keys->mac(key, {"abc"}));
  EXPECT_NE(mac, keys->mac(keys->create(), {"ab", "c"}));
}

TEST_F(KeysTest, SealAndMacAreTheGoldenOnes) {
  const auto key = bytes_of<32>(0x01);
  EXPECT_EQ(to_hex_lines(seal_with(key, bytes_of<24>(0xA0), "about", "plain text")),
            golden("seal"));
  const auto mac = mac_with(key, {"POST", "/api/v1/spaces", "{}"});
  EXPECT_EQ(to_hex_lines(std::string(mac.begin(), mac.end())), golden("mac"));
}

TEST_F(KeysTest, ServesManyThreads) {
  const auto keys = open();
  std::vector<domain::KeyId> made(400);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = t * 100; i < (t + 1) * 100; ++i) {
          made[i] = keys->create();
          if (i % 10 == 0) keys->sync();
          EXPECT_EQ(keys->open_sealed(made[i], "a", keys->seal(made[i], "a", "x")), "x");
        }
      });
    }
  }
  const auto again = open();
  for (const auto key : made) EXPECT_TRUE(again->contains(key));
}

}  // namespace
}  // namespace meent::eventstore
