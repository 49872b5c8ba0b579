#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <variant>

/// One command's way to whoever owns its partition: which node to try, how long, and which answer
/// counts. Pure: clock, timers and links are the caller's, so that a node with sockets and a
/// simulated one go by the same rules. The caller sends the same idempotency key every time, and a
/// node that got a command from another never forwards it. Threads: one at a time.
namespace meent::eventstore {

class Forwarding {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Millis = std::chrono::milliseconds;

  /// How often to look whether the owner that is waited for has been replaced.
  static constexpr Millis watch_interval{200};

  /// What this node knows of the partition.
  struct Seen {
    bool owns = false;      ///< it does itself
    std::string owner_url;  ///< of the last claim that counts; may be empty
    std::string own_url;    ///< empty: it has not joined
  };

  /// Another node owns it, by the last claim that counts.
  [[nodiscard]] static bool is_elsewhere(const Seen& seen) {
    return !seen.owner_url.empty() && seen.owner_url != seen.own_url;
  }

  struct Here {};  ///< decide it on this node
  struct Send {
    std::string url;
    std::uint64_t hop = 0;  ///< for `is_awaited` and `take`
  };
  struct Wait {
    Millis delay;  ///< then `go` again
  };
  struct GiveUp {};  ///< answer: nobody owns it just now, try later
  using Step = std::variant<Here, Send, Wait, GiveUp>;

  Forwarding(Time now, Millis longest_try) : until_(now + longest_try) {}

  Step go(Time now, const Seen& seen);
  /// After "I do not own it", a link that broke, or an owner that was replaced.
  Step again(Time now);

  /// The answer to this hop is still wanted.
  [[nodiscard]] bool is_awaited(std::uint64_t hop) const { return hop == hop_; }
  /// The same; from now on no answer to it is.
  bool take(std::uint64_t hop);
  /// A silent owner is waited for while it is the owner; one that was replaced is not.
  [[nodiscard]] static bool is_worth_waiting(const Send& sent, const Seen& seen);

 private:
  Time until_;
  Millis delay_{20};
  std::uint64_t hop_ = 0;  ///< the last one, or one that nobody has
};

}  // namespace meent::eventstore
