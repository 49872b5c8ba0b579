#include "eventstore/forwarding.h"

#include <algorithm>

namespace meent::eventstore {

namespace {

constexpr Forwarding::Millis longest_delay{200};

}  // namespace

Forwarding::Step Forwarding::go(Time now, const Seen& seen) {
  if (seen.owns) return Here{};
  // A claim of its own that it does not own by: it was just made, or is from an earlier life.
  if (!is_elsewhere(seen)) return again(now);
  return Send{.url = seen.owner_url, .hop = ++hop_};
}

Forwarding::Step Forwarding::again(Time now) {
  ++hop_;
  if (now >= until_) return GiveUp{};
  const Wait wait{delay_};
  delay_ = std::min(delay_ * 2, longest_delay);
  return wait;
}

bool Forwarding::take(std::uint64_t hop) {
  if (hop != hop_) return false;
  ++hop_;
  return true;
}

bool Forwarding::is_worth_waiting(const Send& sent, const Seen& seen) {
  return is_elsewhere(seen) && seen.owner_url == sent.url;
}

}  // namespace meent::eventstore
