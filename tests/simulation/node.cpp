#include "tests/simulation/node.h"

#include <algorithm>

#include "eventstore/forwarding.h"

namespace meent::simulation {

using namespace eventstore;

namespace {

// Shorter than in api/cluster.cpp, as a run is short.
constexpr Millis longest_try{3000};
constexpr Millis longest_hop{1000};  // then a link counts as broken
constexpr Millis a_while{200};
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
        way(node.around_.schedule().now(), longest_try) {}

  [[nodiscard]] bool is_over() const { return life != node.life_; }

  [[nodiscard]] Forwarding::Seen seen() const {
    return {.owns = node.sequencer_->role(partition) == PartitionRole::owning,
            .owner_url = node.store().partition(partition).url,
            .own_url = node.url_};
  }

  /// What a sleeping process would do it does when it wakes.
  template <class Then>
  void when_awake(Millis delay, Then then) {
    node.around_.schedule().after(delay, [self = shared_from_this(), then] {
      if (self->is_over()) return;
      if (!self->node.is_awake()) return self->when_awake(a_while, then);
      then(*self);
    });
  }

  void go() { step(way.go(node.around_.schedule().now(), seen())); }
  void again() { step(way.again(node.around_.schedule().now())); }

  void step(const Forwarding::Step& next) {
    if (std::holds_alternative<Forwarding::Here>(next)) {
      return node.submit(
          ask, 0, [self = shared_from_this()](const Outcome& outcome) { self->take(outcome); });
    }
    if (const auto* send = std::get_if<Forwarding::Send>(&next)) return forward(*send);
    if (const auto* wait = std::get_if<Forwarding::Wait>(&next)) {
      return when_awake(wait->delay, [](Try& self) { self.go(); });
    }
    reply(moved_away());
  }

  /// Once: the owner answers or says that it is not the owner; it never forwards.
  void forward(const Forwarding::Send& to) {
    watch(to);
    when_awake(longest_hop, [hop = to.hop](Try& self) {
      if (self.way.is_awaited(hop)) self.again();
    });
    auto* owner = node.around_.node_at(to.url);
    if (owner == nullptr || node.around_.is_cut(node.number_, owner->number_)) return;
    const auto applied = node.store().tip(ask->platform).position;
    node.around_.schedule().after(Millis(node.around_.random().between(1, 5)),
                                  [self = shared_from_this(), to, applied] {
                                    auto* there = self->node.around_.node_at(to.url);
                                    if (there != nullptr) self->arrive(*there, to.hop, applied);
                                  });
  }

  void watch(const Forwarding::Send& sent) {
    when_awake(Forwarding::watch_interval, [sent](Try& self) {
      if (!self.way.is_awaited(sent.hop)) return;
      if (Forwarding::is_worth_waiting(sent, self.seen())) return self.watch(sent);
      self.again();
    });
  }

  void arrive(Node& there, std::uint64_t hop, std::uint64_t applied) {
    if (!there.sequencer_) return;
    there.submit(ask, applied,
                 [self = shared_from_this(), hop, from = there.number_](const Outcome& outcome) {
                   if (self->node.around_.is_cut(from, self->node.number_)) return;
                   self->node.around_.schedule().after(
                       Millis(self->node.around_.random().between(1, 5)), [self, hop, outcome] {
                         if (!self->is_over() && self->way.take(hop)) self->take(outcome);
                       });
                 });
  }

  void take(const Outcome& outcome) {
    if (is_over()) return;
    if (is_moved(outcome)) return again();
    reply(outcome);
  }

  Node& node;
  std::uint64_t life;
  AskPtr ask;
  Reply reply;
  std::uint32_t partition;
  Forwarding way;
};

void Node::handle(const AskPtr& ask, Reply reply) {
  if (!sequencer_) return;
  const auto way = std::make_shared<Try>(*this, ask, std::move(reply));
  way->when_awake(Millis(0), [](Try& self) { self.go(); });
}

}  // namespace meent::simulation
