#include "tests/simulation/trouble.h"

#include <algorithm>

namespace meent::simulation {

using namespace eventstore;

namespace {

constexpr std::size_t most_nodes = 5;
/// For the first claims and foundings.
constexpr Millis before_trouble{2500};

}  // namespace

void Trouble::begin(Millis time) {
  const auto leaning = world_.random().below(10);
  leaning_ = leaning < 6 ? Leaning::evenly : (leaning < 8 ? Leaning::zombies : Leaning::takeovers);
  longest_pause_ = Millis(world_.random().between(60, 700));
  world_.schedule().after(before_trouble, [this] { next(); });
  if (world_.random().happens(350)) {
    world_.schedule().after(Millis(world_.random().between(2000, time.count())),
                            [this] { disaster(); });
  }
}

void Trouble::next() {
  if (world_.is_calm()) return;
  world_.schedule().after(Millis(world_.random().between(1, longest_pause_.count())),
                          [this] { next(); });
  if (world_.random().happens(400)) {
    switch (leaning_) {
      case Leaning::evenly: break;
      case Leaning::zombies: return wake_cut_off();
      case Leaning::takeovers:
        return world_.random().happens(500) ? read_slowly() : claim_at_once();
    }
  }
  using Act = void (Trouble::*)();
  static const std::vector<std::pair<Act, std::size_t>> acts{
      {&Trouble::wake_cut_off, 8},
      {&Trouble::cut_from_brokers, 16},
      {&Trouble::cut_nodes, 8},
      {&Trouble::read_slowly, 10},
      {&Trouble::sleep, 12},
      {&Trouble::read_keys_slowly, 6},
      {&Trouble::jump_clock, 4},
      {&Trouble::lose_keys_topic, 4},
      {&Trouble::kill, 5},
      {&Trouble::lose_power, 5},
      {&Trouble::lose_disk, 2},
      {&Trouble::clone, 2},
      {&Trouble::put_back_old_keys, 2},
      {&Trouble::claim_at_once, 10},
      {&Trouble::put_foreign, 4},
      {&Trouble::put_damaged, 4},
      {&Trouble::put_second_genesis, 3},
      {&Trouble::repeat_old, 12},
      {&Trouble::put_as_claimant, 5},
      {&Trouble::put_first_record_again, 4},
      {&Trouble::put_as_other_writer, 5},
      {&Trouble::put_of_old_epoch, 5},
      {&Trouble::put_misplaced, 4},
      {&Trouble::put_checkpoint, 6},
      {&Trouble::destroy_key, 2},
  };
  std::size_t sum = 0;
  for (const auto& [act, weight] : acts) sum += weight;
  auto drawn = world_.random().below(sum);
  for (const auto& [act, weight] : acts) {
    if (drawn < weight) return (this->*act)();
    drawn -= weight;
  }
}

Node& Trouble::some() {
  return *world_.random().pick(world_.nodes());
}
std::uint32_t Trouble::some_partition() {
  return static_cast<std::uint32_t>(world_.random().below(world_.broker().partitions()));
}
domain::PlatformId Trouble::some_platform() {
  auto platforms = world_.platforms();
  return world_.random().pick(platforms);
}

// Links and time ---------------------------------------------------------------------------------

void Trouble::cut_from_brokers() {
  auto& link = world_.broker().link(some().number());
  if (link.is_cut) return;
  world_.count("node cut from brokers");
  link.is_cut = true;
  // Now and then so long that others own what it had, and have written a good deal.
  const bool is_long = world_.random().happens(leaning_ == Leaning::zombies ? 600 : 250);
  const auto time =
      is_long ? world_.random().between(4000, 9000) : world_.random().between(100, 4000);
  world_.schedule().after(Millis(time), [&link] { link.is_cut = false; });
}

void Trouble::cut_nodes() {
  world_.count("nodes cut from each other");
  const auto one = some().number();
  world_.cut_nodes(one, some().number(), Millis(world_.random().between(100, 4000)));
}

void Trouble::read_slowly() {
  world_.count("slow reading");
  auto& link = world_.broker().link(some().number());
  link.read_delay = Millis(world_.random().between(20, longest_read_delay.count()));
  world_.schedule().after(Millis(world_.random().between(200, 3000)),
                          [&link] { link.read_delay = Millis(2); });
}

/// A zombie: by the time it wakes others own what it had, and it cannot read that they do.
void Trouble::wake_cut_off() {
  auto& node = some();
  auto& link = world_.broker().link(node.number());
  if (link.is_cut) return;
  world_.count("node woke up cut off");
  link.is_cut = true;
  const auto asleep = Millis(world_.random().between(2500, 5000));
  node.sleep_for(asleep);
  world_.schedule().after(asleep + Millis(world_.random().between(100, 1500)),
                          [&link] { link.is_cut = false; });
}

void Trouble::read_keys_slowly() {
  world_.count("slow reading of keys");
  auto& link = world_.broker().link(some().number());
  link.keys_delay = Millis(world_.random().between(100, 3000));
  world_.schedule().after(Millis(world_.random().between(500, 4000)),
                          [&link] { link.keys_delay = Millis(2); });
}

void Trouble::sleep() {
  world_.count("node asleep");
  some().sleep_for(Millis(world_.random().between(200, 6000)));
}

void Trouble::jump_clock() {
  world_.count("clock jumped");
  auto& node = some();
  // More than a minute keeps a node from owning for a minute.
  const auto most = world_.random().happens(150) ? 90'000 : 20'000;
  node.jump_clock(Millis(world_.random().between(-most, most)));
  world_.schedule().after(Millis(world_.random().between(500, 4000)),
                          [&node] { node.set_clock_right(); });
}

void Trouble::lose_keys_topic() {
  world_.count("keys not confirmed");
  world_.broker().is_keys_away = true;
  world_.schedule().after(Millis(world_.random().between(100, 1500)),
                          [this] { world_.broker().is_keys_away = false; });
}

// Nodes and disks --------------------------------------------------------------------------------

void Trouble::restart_later(Node& node) {
  world_.schedule().after(Millis(world_.random().between(50, 3000)), [&node] { node.start(); });
}

void Trouble::kill() {
  world_.count("node killed");
  auto& node = some();
  node.kill();
  restart_later(node);
}

void Trouble::lose_power() {
  world_.count("power lost, with an unsynced suffix");
  auto& node = some();
  node.lose_power();
  restart_later(node);
}

void Trouble::lose_disk() {
  world_.count("disk lost");
  auto& node = some();
  node.lose_disk();
  restart_later(node);
}

void Trouble::clone() {
  if (world_.nodes().size() >= most_nodes) return;
  world_.count("node cloned");
  world_.add_node(some().copy_disk()).start();
}

void Trouble::put_back_old_keys() {
  world_.count("old keys");
  auto& node = some();
  node.put_back_keys();
  restart_later(node);
}

void Trouble::claim_at_once() {
  world_.count("claims at once");
  const auto partition = some_partition();
  for (auto& node : world_.nodes()) {
    if (world_.random().happens(600)) node->claim(partition);
  }
}

void Trouble::destroy_key() {
  auto& node = some();
  if (!node.is_serving()) return;
  const auto key = node.keys().create();
  try {
    node.keys().sync();
  } catch (const StorageError&) {
    return;
  }
  world_.count("key destroyed");
  world_.schedule().after(Millis(world_.random().between(1, 2000)), [this, &node, key] {
    if (node.is_up() && node.keys().contains(key)) world_.destroy_key(node, key);
  });
}

// Bytes ------------------------------------------------------------------------------------------

void Trouble::put(std::uint32_t partition, std::uint64_t epoch, WriterId writer,
                  std::variant<Genesis, Claim, Group, CheckpointMark> body) {
  world_.broker().put(partition,
                      encode_envelope({.epoch = epoch, .writer = writer, .body = std::move(body)}));
}

std::vector<std::string> Trouble::groups_in(std::uint32_t partition) {
  std::vector<std::string> records;
  for (const auto& entry : world_.broker().entries(partition)) {
    const auto* verdict = world_.truth().verdict(partition, entry.offset);
    if (verdict == nullptr || verdict->is != TruthVerdict::Is::applied) continue;
    const auto envelope = decode_envelope(entry.envelope);
    const auto* group = envelope ? std::get_if<Group>(&envelope->body) : nullptr;
    if (group != nullptr) records.push_back(group->record);
  }
  return records;
}

std::optional<std::string> Trouble::following_record(domain::PlatformId platform,
                                                     bool is_decodable) {
  const auto partition = partition_of(platform, world_.broker().partitions());
  const auto records = groups_in(partition);
  const auto& truth = world_.truth().platform(platform);
  for (auto at = records.rbegin(); at != records.rend(); ++at) {
    auto record = decode_record(*at);
    if (!record || record->header.platform != platform || truth.position == 0) continue;
    auto& commit = record->commits.front();
    record->commits.resize(1);
    commit.command_id = world_.random().id<domain::CommandId>();
    commit.recorded_at = truth.recorded_at;
    commit.events.resize(1);
    if (!is_decodable) commit.events.front().type = "nobody-knows-this";
    record->header = {.platform = platform,
                      .base_position = truth.position + 1,
                      .event_count = 1,
                      .prev_hash = truth.hash};
    return encode_record(*record);
  }
  return std::nullopt;
}

void Trouble::put_foreign() {
  world_.count("foreign bytes");
  world_.broker().put(some_partition(),
                      "somebody else was here: " + world_.random().id<domain::TokenId>().text());
}

void Trouble::put_damaged() {
  const auto partition = some_partition();
  auto bytes = world_.broker().entries(partition).back().envelope;
  if (!decode_envelope(bytes)) return;
  world_.count("damaged bytes");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  world_.broker().put(partition, std::move(bytes));
}

void Trouble::put_second_genesis() {
  world_.count("second genesis");
  const auto partition = some_partition();
  put(partition, 0, {},
      Genesis{.log_id = world_.random().id<domain::LogId>(),
              .partition = partition,
              .partitions = world_.broker().partitions()});
}

void Trouble::repeat_old() {
  world_.count("late retry");
  const auto partition = some_partition();
  const auto& entries = world_.broker().entries(partition);
  world_.broker().put(partition, entries[world_.random().below(entries.size())].envelope);
}

void Trouble::put_as_claimant() {
  const auto partition = some_partition();
  auto records = groups_in(partition);
  if (records.empty()) return;
  world_.count("old record by the owner");
  put(partition, world_.truth().epoch(partition), world_.truth().claimant(partition),
      Group{.record = world_.random().pick(records)});
}

void Trouble::put_first_record_again() {
  const auto partition = some_partition();
  for (const auto& bytes : groups_in(partition)) {
    if (decode_record_header(bytes).value().base_position != 1) continue;
    world_.count("second first record");
    return put(partition, world_.truth().epoch(partition), world_.truth().claimant(partition),
               Group{.record = bytes});
  }
}

void Trouble::put_as_other_writer() {
  const auto platform = some_platform();
  const auto partition = partition_of(platform, world_.broker().partitions());
  auto record = following_record(platform, true);
  if (!record) return;
  world_.count("record of another writer");
  put(partition, world_.truth().epoch(partition), world_.random().id<WriterId>(),
      Group{.record = std::move(*record)});
}

void Trouble::put_of_old_epoch() {
  const auto platform = some_platform();
  const auto partition = partition_of(platform, world_.broker().partitions());
  auto record = following_record(platform, true);
  if (!record || world_.truth().epoch(partition) < 2) return;
  world_.count("record of an old epoch");
  put(partition, world_.truth().epoch(partition) - 1, world_.truth().claimant(partition),
      Group{.record = std::move(*record)});
}

void Trouble::put_misplaced() {
  const auto platform = some_platform();
  const auto partitions = world_.broker().partitions();
  const auto home = partition_of(platform, partitions);
  const auto elsewhere = (home + 1) % partitions;
  auto record = following_record(platform, true);
  if (!record || elsewhere == home) return;
  world_.count("misplaced record");
  put(elsewhere, world_.truth().epoch(elsewhere), world_.truth().claimant(elsewhere),
      Group{.record = std::move(*record)});
}

void Trouble::put_checkpoint() {
  const auto platform = some_platform();
  const auto partition = world_.random().happens(700)
                             ? partition_of(platform, world_.broker().partitions())
                             : some_partition();
  world_.count("checkpoint");
  Hash hash{};
  world_.random().fill(hash);
  const auto writer = world_.random().happens(500) ? world_.truth().claimant(partition)
                                                   : world_.random().id<WriterId>();
  put(partition, world_.truth().epoch(partition), writer,
      CheckpointMark{.consumer = "publisher",
                     .platform = platform,
                     .position = world_.truth().platform(platform).position,
                     .hash = hash});
}

// Disasters --------------------------------------------------------------------------------------

void Trouble::disaster() {
  if (world_.is_calm()) return;
  switch (world_.random().below(5)) {
    case 0: return put_claim_ahead();
    case 1: return put_group_ahead();
    case 2: return put_undecodable();
    case 3:
      world_.count("log cut");
      return world_.cut_log(some_partition(), 1 + world_.random().below(25));
    default: world_.count("newer version"); return world_.raise(some_partition(), some());
  }
}

void Trouble::put_claim_ahead() {
  world_.count("claim ahead");
  const auto partition = some_partition();
  put(partition, world_.truth().epoch(partition) + 2, world_.random().id<WriterId>(),
      Claim{.url = "http://nobody"});
}

void Trouble::put_group_ahead() {
  const auto platform = some_platform();
  const auto partition = partition_of(platform, world_.broker().partitions());
  auto record = following_record(platform, true);
  if (!record) return;
  world_.count("record ahead");
  put(partition, world_.truth().epoch(partition) + 1, world_.truth().claimant(partition),
      Group{.record = std::move(*record)});
}

void Trouble::put_undecodable() {
  const auto platform = some_platform();
  const auto partition = partition_of(platform, world_.broker().partitions());
  auto record = following_record(platform, false);
  if (!record) return;
  world_.count("undecodable event");
  put(partition, world_.truth().epoch(partition), world_.truth().claimant(partition),
      Group{.record = std::move(*record)});
}

}  // namespace meent::simulation
