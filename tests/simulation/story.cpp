#include "tests/simulation/story.h"

#include <cstdio>

namespace meent::simulation {

namespace {

constexpr std::size_t longest = 60;

}  // namespace

void Story::note(Millis at, const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  constexpr std::uint64_t prime = 1099511628211ULL;
  const auto mix = [this](std::uint64_t word) { digest_ = (digest_ ^ word) * prime; };
  for (const auto* letter = what; *letter != '\0'; ++letter) {
    mix(static_cast<unsigned char>(*letter));
  }
  for (const auto word : {a, b, c, static_cast<std::uint64_t>(at.count())}) mix(word);
  if (tells_) {
    std::printf("%lld ms %s %llu %llu %llu\n", static_cast<long long>(at.count()), what,
                static_cast<unsigned long long>(a), static_cast<unsigned long long>(b),
                static_cast<unsigned long long>(c));
  }
  const Happened happened{.at = at, .what = what, .with = {a, b, c}};
  if (happened_.size() < longest) {
    happened_.push_back(happened);
  } else {
    happened_[oldest_] = happened;
    oldest_ = (oldest_ + 1) % longest;
  }
}

std::vector<std::string> Story::last() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < happened_.size(); ++i) {
    const auto& one = happened_[(oldest_ + i) % happened_.size()];
    out.push_back(std::to_string(one.at.count()) + " ms " + one.what + ' ' +
                  std::to_string(one.with[0]) + ' ' + std::to_string(one.with[1]) + ' ' +
                  std::to_string(one.with[2]));
  }
  return out;
}

}  // namespace meent::simulation
