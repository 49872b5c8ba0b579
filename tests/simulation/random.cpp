#include "tests/simulation/random.h"

#include <sodium.h>

#include <bit>
#include <cstdlib>

namespace meent::simulation {
namespace {

Random* drawn_from = nullptr;

const char* name() {
  return "simulation";
}
std::uint32_t draw() {
  return static_cast<std::uint32_t>(drawn_from->next());
}
void draw_bytes(void* out, std::size_t count) {
  drawn_from->fill({static_cast<std::uint8_t*>(out), count});
}

randombytes_implementation implementation{.implementation_name = name,
                                          .random = draw,
                                          .stir = nullptr,
                                          .uniform = nullptr,
                                          .buf = draw_bytes,
                                          .close = nullptr};

std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t mixed = (state += 0x9e3779b97f4a7c15ULL);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) : state_() {
  for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t Random::next() {
  const auto out = std::rotl(state_[1] * 5, 7) * 9;
  const auto shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return out;
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(high - low + 1)));
}

void Random::fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) word = next();
    out[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
  }
}

void use_for_sodium(Random& random) {
  if (drawn_from == nullptr) {
    // Its first start in a process draws too; a seed must not depend on whether it ran first.
    static Random for_the_start(0);
    drawn_from = &for_the_start;
    if (randombytes_set_implementation(&implementation) != 0 || sodium_init() < 0) std::abort();
  }
  drawn_from = &random;
}

}  // namespace meent::simulation
