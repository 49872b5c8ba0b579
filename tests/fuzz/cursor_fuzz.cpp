#include <cstdint>
#include <string>
#include <string_view>

#include "api/requester.h"
#include "api/seals.h"
#include "eventstore/embedded.h"
#include "tests/eventstore/scratch.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace meent;

/// A real node, made once: its directory platform seals and opens.
struct World {
  eventstore::ScratchFolder folder;
  eventstore::Embedded embedded = eventstore::Embedded::open(
      folder.path() / "data", eventstore::real_files(), eventstore::SequencerOptions{});
  domain::PlatformId platform = domain::directory_id();
  domain::KeyId key =
      api::find_platform(*embedded.store, platform.text()).value().record.platform_key;

  std::string sealed(std::string_view rest) const {
    auto place = api::place_at(*embedded.store, platform, 1);
    place.list = "contributions";
    place.rest = rest;
    return api::seal(*embedded.keys, platform, key, api::Seal::cursor, place);
  }
  auto opened(std::string_view text) const {
    return api::unseal(*embedded.keys, *embedded.store, platform, key, api::Seal::cursor,
                       "contributions", text);
  }
};

const World& world() {
  static const World made;
  return made;
}

}  // namespace

/// Any text is refused as a cursor; one that was given out opens to what went in, and to nothing
/// once a character of it is another.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expect(!world().opened(text), "a cursor that was not given out is refused");

  if (size < 2) return 0;
  const auto rest = text.substr(2, 300);
  auto cursor = world().sealed(rest);
  const auto place = world().opened(cursor);
  expect(place && place->rest == rest && place->position == 1, "a cursor opens to what went in");
  auto& changed = cursor[data[0] % cursor.size()];
  if (changed == static_cast<char>(data[1])) return 0;
  changed = static_cast<char>(data[1]);
  const auto after = world().opened(cursor);
  // The last character may carry bits that mean nothing; then it must open to the same.
  expect(!after || after->rest == rest, "a changed cursor is refused");
  return 0;
}
