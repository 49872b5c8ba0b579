#include "tests/simulation/node.h"

#include <algorithm>

namespace meent::simulation {

using namespace eventstore;

namespace {

// As in api/cluster.cpp, but for the longest try: a run is short.
constexpr Millis first_delay{20}, longest_delay{200}, longest_try{3000};
constexpr Millis longest_hop{1000};
constexpr Millis longest_unread{1000};
constexpr std::uint64_t turns_between_beats = 5, turns_between_views = 3;

const Unavailable& moved_away() {
  static const Unavailable answer{.why = Unavailable::Why::moved, .detail = {}};
  return answer;
}

bool is_moved(const Outcome& outcome) {
  const auto* unavailable = std::get_if<Unavailable>(&outcome);
  return unavailable != nullptr && unavailable->why == Unavailable::Why::moved;
}

KeyBytes cluster_secret() {
  KeyBytes secret{};
  secret.fill(7);
  return secret;
}

}  // namespace

Node::Node(Surroundings& around, std::size_t number, std::unique_ptr<Disk> disk)
    : around_(around),
      number_(number),
      url_("http://n" + std::to_string(number)),
      disk_(std::move(disk)) {}

domain::Timestamp Node::wall() const {
  return {around_.schedule().wall().ms + clock_skew_.count()};
}

/// Keys first: nothing is decided, and nobody is answered, before all that was published is here.
void Node::start() {
  if (keys_ || has_seen_change_) return;
  ++life_;
  turn_ = 0;
  keys_ = std::make_unique<SharedKeys>(
      disk_->open_keys(), around_.broker().open_topic(Broker::TopicName::keys, number_),
      cluster_secret(), SharedKeysOptions{.longest_confirm = Millis(0), .longest_wait = Millis(0)});
  around_.trace("start", number_, life_, disk_->store->next_offset());
}

void Node::join() {
  disk_->view.open(*disk_->store);
  log_ = around_.broker().open_log(number_);
  SequencerOptions options;
  options.claims_at_start = false;
  options.longest_unread = longest_unread;
  options.steady = [this] { return around_.schedule().now(); };
  options.clock = [this] { return wall(); };
  options.random = [this](std::span<std::uint8_t> out) { around_.random().fill(out); };
  options.longest_read_back = Millis(1500);
  sequencer_ = Sequencer::stepped(*log_, *disk_->store, *keys_, options);
  membership_ = std::make_unique<Membership>(
      around_.broker().open_topic(Broker::TopicName::beats, number_), *sequencer_,
      MembershipOptions{.node = around_.random().id<domain::TokenId>().text(), .url = url_});
}

void Node::end(const char* why) {
  around_.trace(why, number_, life_, disk_->store->next_offset());
  ++life_;
  membership_ = nullptr;
  sequencer_ = nullptr;
  log_ = nullptr;
  keys_ = nullptr;
}

void Node::kill() {
  end("kill");
  disk_->files->disk().kill_process();
}

void Node::lose_power() {
  end("power");
  disk_->lose_power(around_.random());
}

void Node::lose_disk() {
  end("no disk");
  disk_ = std::make_unique<Disk>();
  has_seen_change_ = false;
}

void Node::put_back_keys() {
  end("old keys");
  disk_->put_key_bytes(old_keys_);
}

void Node::step() {
  if (!keys_ || !is_awake()) return;
  try {
    const bool has_all_keys = keys_->receive(Millis(0));
    if (!sequencer_) {
      if (!has_all_keys) return;
      join();
    }
    sequencer_->step();
    if (turn_ % turns_between_beats == 0) {
      membership_->step(around_.schedule().now(), wall(), Millis(0));
    }
    if (turn_ % turns_between_views == 0) disk_->view.follow(*disk_->store);
    ++turn_;
  } catch (const LogChanged&) {
    has_seen_change_ = true;
    end("log changed");
  } catch (const StorageError& error) {
    end("storage error");
  } catch (const std::exception& error) {
    around_.fail("node " + std::to_string(number_) + " ended: " + error.what());
  }
}

bool Node::is_serving() const {
  if (!sequencer_ || !is_awake()) return false;
  const auto behind = sequencer_->behind();
  return behind && *behind < longest_unread;
}

void Node::claim(std::uint32_t partition) {
  if (sequencer_) sequencer_->claim(partition, url_);
}

// Commands ---------------------------------------------------------------------------------------

void Node::submit(const AskPtr& ask, std::uint64_t after, const Reply& reply) {
  Judged judged{.submission = {.platform = ask->platform,
                               .command = ask->make(*keys_),
                               .actor = ask->actor,
                               .role = ask->role,
                               .occurred_at = std::nullopt,
                               .import_progress = std::nullopt,
                               .idempotency_key = ask->key,
                               .request = "POST " + ask->key,
                               .after = std::max(after, ask->after ? ask->after->position : 0)},
                .submitted_at = around_.schedule().now(),
                .tip = store().tip(ask->platform).position};
  auto submission = judged.submission;
  sequencer_->submit(std::move(submission),
                     [this, ask, judged = std::move(judged), reply](const Outcome& outcome) {
                       around_.check(*this, *ask, judged, outcome);
                       reply(outcome);
                     });
}

/// One command at one node until it is answered: here, by the owner, or not in time.
struct Node::Try : std::enable_shared_from_this<Try> {
  Try(Node& node_in, AskPtr ask_in, Reply reply_in)
      : node(node_in),
        life(node_in.life_),
        ask(std::move(ask_in)),
        reply(std::move(reply_in)),
        partition(partition_of(ask->platform, node.around_.broker().partitions())),
        until(node.around_.schedule().now() + longest_try) {}

  [[nodiscard]] bool is_over() const { return life != node.life_; }

  void go() {
    if (is_over()) return;
    if (!node.is_awake()) {
      return node.around_.schedule().after(longest_delay,
                                           [self = shared_from_this()] { self->go(); });
    }
    if (node.sequencer_->role(partition) == PartitionRole::owning) {
      return node.submit(
          ask, 0, [self = shared_from_this()](const Outcome& outcome) { self->take(outcome); });
    }
    const auto url = node.disk_->store->partition(partition).url;
    auto* owner = url.empty() || url == node.url_ ? nullptr : node.around_.node_at(url);
    if (owner == nullptr) return again();
    forward(*owner);
  }

  /// Once: the owner answers or says that it is not the owner; it never forwards.
  void forward(Node& owner) {
    const auto hop = ++hops;
    auto& schedule = node.around_.schedule();
    schedule.after(longest_hop, [self = shared_from_this(), hop] {
      if (self->hops == hop) self->again();
    });
    if (node.around_.is_cut(node.number_, owner.number_)) return;
    const auto applied = node.store().tip(ask->platform).position;
    schedule.after(Millis(node.around_.random().between(1, 5)),
                   [self = shared_from_this(), hop, url = owner.url_, applied] {
                     auto* there = self->node.around_.node_at(url);
                     if (there != nullptr) self->arrive(*there, hop, applied);
                   });
  }

  void arrive(Node& there, std::uint64_t hop, std::uint64_t applied) {
    const auto back = [self = shared_from_this(), hop,
                       from = there.number_](const Outcome& outcome) {
      if (self->node.around_.is_cut(from, self->node.number_)) return;
      self->node.around_.schedule().after(Millis(self->node.around_.random().between(1, 5)),
                                          [self, hop, outcome] {
                                            if (self->hops == hop) self->take(outcome);
                                          });
    };
    if (!there.sequencer_) return;
    if (there.sequencer_->role(partition) != PartitionRole::owning) return back(moved_away());
    there.submit(ask, applied, back);
  }

  void take(const Outcome& outcome) {
    ++hops;
    if (is_over()) return;
    if (is_moved(outcome)) return again();
    reply(outcome);
  }

  void again() {
    ++hops;
    auto& schedule = node.around_.schedule();
    if (is_over()) return;
    if (schedule.now() >= until) return reply(moved_away());
    schedule.after(delay, [self = shared_from_this()] { self->go(); });
    delay = std::min(delay * 2, longest_delay);
  }

  Node& node;
  std::uint64_t life;
  AskPtr ask;
  Reply reply;
  std::uint32_t partition;
  Millis delay = first_delay;
  SteadyTime until;
  std::uint64_t hops = 0;  ///< the one whose answer is waited for
};

void Node::handle(const AskPtr& ask, Reply reply) {
  if (!sequencer_) return;
  std::make_shared<Try>(*this, ask, std::move(reply))->go();
}

}  // namespace meent::simulation
