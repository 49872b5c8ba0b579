#include "tests/simulation/world.h"

#include <algorithm>
#include <array>

#include "tests/simulation/trouble.h"

namespace meent::simulation {

using namespace eventstore;

namespace {

constexpr Millis slice{50};
constexpr Millis longest_to_answer{100'000};
constexpr Millis to_converge{2500};
/// So long after a cut of the log a node that is cut off may still tell of what is gone.
constexpr Millis longest_unaware{1300};

}  // namespace

World::World(const RunOptions& options)
    : options_(options),
      random_(options.seed),
      key_random_(options.seed ^ 0x5eedULL),
      broker_(schedule_, random_, static_cast<std::uint32_t>(random_.between(2, 3))),
      truth_(std::make_unique<Truth>(broker_.partitions(),
                                     [this](const std::string& what) { fail(what); })),
      platforms_{random_.id<domain::PlatformId>(), random_.id<domain::PlatformId>()},
      landed_at_(broker_.partitions()),
      population_(*this, platforms_, static_cast<std::size_t>(random_.between(3, 7))),
      story_(options.tells) {
  use_for_sodium(key_random_);
  report_.seed = options.seed;
  broker_.landed = [this](const LogEntry& entry) {
    landed_at_[entry.partition].push_back(schedule_.now());
    truth_->land(entry, schedule_.now());
    trace("landed", entry.partition, entry.offset, entry.envelope.size());
  };
}

RunReport World::run() {
  const auto log = random_.id<domain::LogId>();
  for (std::uint32_t number = 0; number < broker_.partitions(); ++number) {
    // Here and there a partition that begins with something else: nobody ever reads it.
    const bool has_beginning = number == 0 || !random_.happens(60);
    const Envelope genesis{
        .epoch = 0,
        .writer = {},
        .body = Genesis{.log_id = log, .partition = number, .partitions = broker_.partitions()}};
    const Envelope claim{.epoch = 1, .writer = random_.id<WriterId>(), .body = Claim{.url = "x"}};
    broker_.put(number, encode_envelope(has_beginning ? genesis : claim));
  }
  const auto count = static_cast<std::size_t>(random_.between(2, 4));
  for (std::size_t i = 0; i < count; ++i) add_node(std::make_unique<Disk>()).start();
  for (auto& node : fleet_.nodes) broker_.link(node->number()).trouble = random_.below(300);
  population_.begin();
  Trouble trouble(*this);
  trouble.begin(options_.trouble_for);
  schedule_.after(options_.trouble_for / 3, [this] {
    for (auto& node : fleet_.nodes) node->keep_keys();
  });
  run_for(options_.trouble_for);
  calm_down();
  const auto end = schedule_.now() + longest_to_answer;
  const auto can = [this](domain::PlatformId platform) { return can_answer(platform); };
  while (report_.failure.empty() && population_.waiting(can) > 0) {
    if (schedule_.now() > end) {
      fail(std::to_string(population_.waiting(can)) + " commands were never answered");
    }
    revive();
    run_for(slice * 4);
  }
  const auto is_up = [](const auto& node) { return node->is_up(); };
  do {
    revive();
    run_for(to_converge);
  } while (report_.failure.empty() && !std::ranges::all_of(fleet_.nodes, is_up) &&
           schedule_.now() < end);
  if (report_.failure.empty()) check_end();

  for (const auto& [id, platform] : truth_->platforms()) {
    trace("end", platform.position, platform.hash[0], platform.hash[1]);
  }
  report_.time = schedule_.passed();
  report_.fault_count += broker_.fault_count;
  if (broker_.fault_count > 0) report_.faults["append gone wrong"] = broker_.fault_count;
  report_.people = population_.counts();
  report_.applied_count = truth_->count_of(TruthVerdict::Is::applied);
  report_.void_count = truth_->count_of(TruthVerdict::Is::void_);
  report_.digest = story_.digest();
  if (!report_.failure.empty()) {
    report_.story = story_.last();
    tell_nodes();
  }
  return report_;
}

/// How the nodes stand, behind what happened last.
void World::tell_nodes() {
  report_.story.push_back("unavailable for the last time: " + last_unavailable_);
  for (const auto& node : fleet_.nodes) {
    auto& story = report_.story;
    story.push_back("node " + std::to_string(node->number()) +
                    (node->is_up() ? (node->is_awake() ? " is up" : " sleeps") : " is down"));
    if (!node->is_up()) continue;
    for (const auto& partition : node->sequencer().partitions()) {
      static constexpr std::array roles{"follows", "claims", "owns", "has stopped"};
      story.push_back("  " + std::string(roles[static_cast<std::size_t>(partition.role)]) +
                      " partition " + std::to_string(partition.number) + ", epoch " +
                      std::to_string(partition.epoch) + " of " + partition.owner_url +
                      ", at offset " + std::to_string(partition.next_offset) + ' ' +
                      partition.stopped_why);
    }
  }
}

void World::run_for(Millis time) {
  const auto end = schedule_.now() + time;
  while (schedule_.now() < end && report_.failure.empty()) schedule_.run_for(slice);
}

// Surroundings -----------------------------------------------------------------------------------

Node& World::add_node(std::unique_ptr<Disk> disk) {
  fleet_.nodes.push_back(std::make_unique<Node>(*this, fleet_.nodes.size(), std::move(disk)));
  auto& node = *fleet_.nodes.back();
  schedule_.after(Millis(random_.between(1, 10)), [this, &node] { turn(node); });
  return node;
}

void World::count(const char* kind) {
  ++report_.fault_count;
  ++report_.faults[kind];
  trace(kind, 0, 0, 0);
}

void World::fail(const std::string& what) {
  if (report_.failure.empty()) report_.failure = what;
}

void World::trace(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  story_.note(schedule_.passed(), what, a, b, c);
}

std::uint32_t World::partition_of_platform(domain::PlatformId platform) const {
  return partition_of(platform, broker_.partitions());
}

bool World::may_be_lost(domain::PlatformId platform) const {
  return log_cuts_.contains(partition_of_platform(platform));
}

bool World::can_answer(domain::PlatformId platform) const {
  return !truth_->is_stopped(partition_of_platform(platform)) &&
         !truth_->platform(platform).undecodable_at;
}

// What may happen --------------------------------------------------------------------------------

void World::cut_log(std::uint32_t partition, std::size_t count) {
  broker_.cut(partition, count);
  landed_at_[partition].resize(broker_.entries(partition).size());
  log_cuts_[partition] = schedule_.now();
  truth_ = std::make_unique<Truth>(broker_.partitions(),
                                   [this](const std::string& what) { fail(what); });
  for (std::uint32_t number = 0; number < broker_.partitions(); ++number) {
    const auto& entries = broker_.entries(number);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      truth_->land(entries[i], landed_at_[number][i]);
    }
  }
  for (const auto platform : platforms_) {
    if (may_be_lost(platform)) population_.forget_tokens(platform);
  }
  // Somebody sees that the nodes have stopped, and gives them empty disks.
  schedule_.after(Millis(random_.between(1000, 3000)), [this] { revive(); });
}

void World::raise(std::uint32_t partition, Node& old) {
  broker_.raise(partition);
  broker_.link(old.number()).knows_new = false;
  raised_ = {partition, old.number()};
}

void World::destroy_key(Node& node, domain::KeyId key) {
  if (broker_.link(node.number()).is_cut || broker_.is_keys_away) return;
  node.keys().destroy(key);
  destroyed_.insert(key);
}

void World::calm_down() {
  broker_.is_calm = true;
  broker_.is_keys_away = false;
  fleet_.mend_links();
  population_.wind_down();
  for (auto& node : fleet_.nodes) {
    auto& link = broker_.link(node->number());
    if (!link.knows_new) node->kill();  // and gets the newer software
    link = {};
    node->wake();
    node->set_clock_right();
  }
}

void World::revive() {
  for (auto& node : fleet_.nodes) {
    if (node->has_seen_change()) node->lose_disk();
    node->start();
  }
}

// What is checked all the time -------------------------------------------------------------------

void World::turn(Node& node) {
  const bool was_up = node.is_up();
  node.step();
  if (!node.is_up() && was_up && node.has_seen_change() && log_cuts_.empty()) {
    fail("a node says that the log has changed, which it has not");
  }
  if (node.is_up() && node.is_awake()) {
    if (!was_up) checked_[node.number()] = 0;
    check_node(node);
  }
  schedule_.after(Millis(random_.between(7, 13)), [this, &node] { turn(node); });
}

void World::check_node(Node& node) {
  for (std::uint32_t number = 0; number < broker_.partitions(); ++number) {
    const auto role = node.sequencer().role(number);
    const bool is_old = raised_ == std::pair(number, node.number());
    if (role == PartitionRole::stopped && !truth_->is_stopped(number) && !is_old) {
      fail("node " + std::to_string(node.number()) + " stopped partition " +
           std::to_string(number) + ", which can be read");
    }
    if (role == PartitionRole::owning && node.store().partition(number).url != node.url()) {
      fail("node " + std::to_string(node.number()) +
           " owns a partition without having read its claim");
    }
  }
  if (!broker_.link(node.number()).is_cut) check_new_entries(node);
}

/// All nodes apply the same records, and void the same for the same reason.
void World::check_new_entries(Node& node) {
  auto& from = checked_[node.number()];
  from = node.store().read(from, [&](const StoredEnvelope& stored) {
    const auto* verdict = truth_->verdict(stored.entry.partition, stored.entry.offset);
    const auto place = " at offset " + std::to_string(stored.entry.offset) + " of partition " +
                       std::to_string(stored.entry.partition);
    if (verdict == nullptr) {
      fail("a node took over an entry that is not to be read" + place);
    } else if (verdict->is == TruthVerdict::Is::stopped) {
      fail("a node read on beyond what stops its partition" + place);
    } else if (verdict->why != stored.void_reason) {
      fail("a node judges an entry otherwise than the log's rule" + place);
    }
    return true;
  });
}

std::optional<domain::CommandId> World::command_id(const Node& node, const Ask& ask) const {
  const auto& platform = truth_->platform(ask.platform);
  std::optional<domain::KeyId> key;
  if (ask.actor.kind == domain::ActorKind::person) {
    const auto person =
        domain::find<domain::PersonRecord>(platform, domain::PersonId(ask.actor.id));
    if (person) key = person->content_key;
  }
  const auto record = domain::find<domain::PlatformRecord>(platform, {});
  if (!key && record) key = record->platform_key;
  if (!key) return std::nullopt;
  const auto mac = node.keys().mac(*key, {"command", ask.key});
  if (!mac) return std::nullopt;
  domain::IdBytes id{};
  std::copy_n(mac->begin(), id.size(), id.begin());
  return domain::CommandId(id);
}

void World::check(Node& node, const Ask& ask, const Judged& judged, const Outcome& outcome) {
  trace("answer", node.number(), outcome.index(), node.store().tip(ask.platform).position);
  if (const auto* unavailable = std::get_if<Unavailable>(&outcome)) {
    last_unavailable_ = unavailable->detail;
    return;
  }
  const auto cut = log_cuts_.find(partition_of_platform(ask.platform));
  if (cut != log_cuts_.end() && broker_.link(node.number()).is_cut &&
      schedule_.now() - cut->second < longest_unaware) {
    return;
  }
  if (const auto* accepted = std::get_if<Accepted>(&outcome)) {
    check_accepted(node, ask, judged, *accepted);
  } else if (const auto* refused = std::get_if<Refused>(&outcome)) {
    check_refused(node, ask, judged, refused->rejection);
  }
}

/// An acknowledged command is in the history, once, where it was said to be.
void World::check_accepted(Node& node, const Ask& ask, const Judged&, const Accepted& accepted) {
  const auto& platform = truth_->platform(ask.platform);
  if (!truth_->check_acknowledged(ask.platform, accepted) || platform.undecodable_at) return;
  const auto id = command_id(node, ask);
  const auto found = id ? platform.first_positions.find(*id) : platform.first_positions.end();
  if (found == platform.first_positions.end() || found->second != accepted.first_position) {
    fail("acknowledged at position " + std::to_string(accepted.first_position) +
         ", where another command is");
  }
}

void World::check_refused(Node& node, const Ask& ask, const Judged& judged,
                          const domain::Rejection& rejection) {
  const auto& platform = truth_->platform(ask.platform);
  if (platform.undecodable_at) return;
  const auto low =
      truth_->check_refused(judged, rejection, node.store().tip(ask.platform).position);
  const auto id = command_id(node, ask);
  const auto found = id ? platform.first_positions.find(*id) : platform.first_positions.end();
  if (found != platform.first_positions.end() && found->second <= low) {
    fail("refused, though it is in the history at position " + std::to_string(found->second));
  }
}

// At the end -------------------------------------------------------------------------------------

void World::check_end() {
  for (const auto& one : population_.acknowledged()) {
    const auto cut = log_cuts_.find(partition_of_platform(one.platform));
    if (cut != log_cuts_.end() && one.at <= cut->second + longest_unaware) continue;
    const auto* record = truth_->platform(one.platform).record_of(one.last_position);
    if (record == nullptr || record->hash != one.hash) {
      fail("acknowledged, and gone at the end from position " + std::to_string(one.last_position));
    }
  }
  for (auto& node : fleet_.nodes) {
    if (!node->is_up()) {
      fail("node " + std::to_string(node->number()) + " did not come back");
    } else {
      check_end_of(*node);
    }
  }
}

void World::check_end_of(Node& node) {
  for (std::uint32_t number = 0; number < broker_.partitions(); ++number) {
    const bool is_stopped = node.sequencer().role(number) == PartitionRole::stopped;
    if (is_stopped != truth_->is_stopped(number)) {
      fail("partition " + std::to_string(number) + " should " + (is_stopped ? "not " : "") +
           "be stopped on node " + std::to_string(node.number()));
    }
  }
  for (const auto platform : platforms_) check_platform(node, platform);
  check_keys(node);
  DiskView rebuilt;
  rebuilt.open(node.store());
  rebuilt.follow(node.store());
  node.view().follow(node.store());
  if (!rebuilt.has_rows_of(node.view())) {
    fail("the view of node " + std::to_string(node.number()) + " is not what a rebuild gives");
  }
}

void World::check_platform(Node& node, domain::PlatformId id) {
  const auto& truth = truth_->platform(id);
  const auto where = " on node " + std::to_string(node.number());
  const auto tip = node.store().tip(id);
  if (tip.position != truth.position || (tip.position > 0 && tip.hash != truth.hash)) {
    return fail("a platform ends at position " + std::to_string(tip.position) + " instead of " +
                std::to_string(truth.position) + where);
  }
  std::uint64_t next = 1;
  for (const auto& row : node.store().records(id, 0, ~std::size_t{0})) {
    if (row.base_position != next) fail("a gap before position " + std::to_string(next) + where);
    next = row.base_position + row.event_count;
  }
  const auto stopped = node.sequencer().stopped();
  const bool is_stopped =
      std::ranges::any_of(stopped, [&](const StoppedPlatform& one) { return one.platform == id; });
  if (is_stopped != truth.undecodable_at.has_value()) {
    return fail("a platform should " + std::string(is_stopped ? "not " : "") + "be stopped" +
                where);
  }
  std::map<std::string, std::string> state;
  for (auto& [key, value] : node.store().state(id, true)->scan("", "", ~std::size_t{0})) {
    if (key.front() != '!') state.emplace(std::move(key), std::move(value));
  }
  if (state != truth.standing()) fail("another state than the history gives" + where);
}

/// What was written can be read, and what was destroyed came back nowhere.
void World::check_keys(Node& node) {
  for (const auto key : destroyed_) {
    if (node.keys().contains(key)) {
      fail("a destroyed key came back on node " + std::to_string(node.number()));
    }
  }
  node.store().read(0, [&](const StoredEnvelope& stored) {
    const auto envelope = decode_envelope(stored.bytes);
    const auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
    if (stored.void_reason || group == nullptr) return true;
    const auto record = decode_record(group->record);
    for (std::size_t i = 0; record && i < record->commits.size(); ++i) {
      for (const auto& event : record->commits[i].events) {
        for (const auto& part : event.sealed) {
          if (!node.keys().contains(part.key)) {
            fail("a key of the history is missing on node " + std::to_string(node.number()));
          }
        }
      }
    }
    return true;
  });
}

RunReport run(const RunOptions& options) {
  return World(options).run();
}

}  // namespace meent::simulation
