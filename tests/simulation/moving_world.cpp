#include "tests/simulation/moving_world.h"

#include <algorithm>

#include "eventstore/codec.h"

namespace meent::simulation {

using namespace eventstore;

namespace {

constexpr Millis slice{50};
constexpr Millis before_moving{2500};  // for the first claims and foundings
constexpr Millis longest_to_answer{100'000};
constexpr Millis to_converge{2500};
constexpr Millis patience{4000};

}  // namespace

MovingWorld::MovingWorld(const RunOptions& options)
    : options_(options),
      random_(options.seed ^ 0x77a9ULL),
      key_random_(options.seed ^ 0x5eedULL),
      platform_(random_.id<domain::PlatformId>()),
      story_(options.tells),
      population_(*this, {platform_}, static_cast<std::size_t>(random_.between(3, 7))) {
  use_for_sodium(key_random_);
  report_.seed = options.seed;
  for (std::size_t number = 0; number < 2; ++number) {
    // One machine alone, or several.
    const bool is_alone = random_.happens(300);
    sites_.push_back(std::make_unique<Site>(
        *this, number, is_alone ? 1U : static_cast<std::uint32_t>(random_.between(2, 3)),
        is_alone ? 1U : static_cast<std::size_t>(random_.between(2, 3))));
    sites_.back()->make_directory();
  }
}

RunReport MovingWorld::run() {
  population_.begin();
  schedule_.after(before_moving, [this] {
    next_trouble();
    start_mover();
  });
  run_for(options_.trouble_for);
  calm_down();
  const auto end = schedule_.now() + longest_to_answer;
  const auto all = [](domain::PlatformId) { return true; };
  while (report_.failure.empty() && (population_.waiting(all) > 0 || is_under_way_)) {
    if (schedule_.now() > end) {
      fail(std::to_string(population_.waiting(all)) + " commands were never answered" +
           (is_under_way_ ? ", and the platform never arrived" : ""));
    }
    for (auto& site : sites_) site->revive();
    run_for(slice * 4);
  }
  run_for(to_converge);
  if (report_.failure.empty()) check_end();

  mover_.reset();
  for (const auto& site : sites_) {
    report_.applied_count += site->truth().count_of(TruthVerdict::Is::applied);
    report_.void_count += site->truth().count_of(TruthVerdict::Is::void_);
    report_.fault_count += site->broker().fault_count;
    report_.faults["append gone wrong"] += site->broker().fault_count;
    trace("end", site->history().position, site->history().hash[0], site->history().hash[1]);
  }
  report_.faults["(moves)"] = move_count_;
  report_.time = schedule_.passed();
  report_.people = population_.counts();
  report_.digest = story_.digest();
  if (!report_.failure.empty()) report_.story = story_.last();
  return report_;
}

void MovingWorld::run_for(Millis time) {
  const auto end = schedule_.now() + time;
  while (schedule_.now() < end && report_.failure.empty()) schedule_.run_for(slice);
}

void MovingWorld::fail(const std::string& what) {
  if (report_.failure.empty()) report_.failure = "moving: " + what;
}

void MovingWorld::trace(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  story_.note(schedule_.passed(), what, a, b, c);
}

void MovingWorld::count(const char* kind) {
  ++report_.fault_count;
  ++report_.faults[kind];
  trace(kind, 0, 0, 0);
}

/// Whoever knows the platform: people ask at either log, whether it lives there or not.
Node* MovingWorld::some_node() {
  std::vector<Node*> found;
  for (auto& site : sites_) {
    for (auto& node : site->nodes()) {
      if (!node->is_up()) continue;
      if (site == sites_.front() || node->store().tip(platform_).position > 0) {
        found.push_back(node.get());
      }
    }
  }
  return found.empty() ? nullptr : random_.pick(found);
}

// The mover --------------------------------------------------------------------------------------

void MovingWorld::start_mover() {
  if (mover_ || (is_calm_ && move_count_ > 0 && !is_under_way_)) return;
  is_under_way_ = true;
  trace("mover", from_, move_count_, 0);
  mover_ = std::make_shared<Mover>();
  auto* mover = mover_.get();
  mover_->aside = std::make_unique<Aside>([this, mover](Aside& aside) { move(aside, *mover); });
  go_on(mover_);
}

/// As someone at a command line: the log that the people began in, then there and back.
void MovingWorld::move(Aside& aside, Mover& mover) {
  const auto sleep = [this, &aside, self = std::weak_ptr(mover_)](Millis time) {
    schedule_.after(time, [this, self] { go_on(self); });
    aside.wait();
  };
  SiteHome here(from(), sleep), there(to(), sleep);
  MoveOptions options;
  options.patience = patience;
  options.waiting.now = [this] { return schedule_.now(); };
  options.waiting.sleep = sleep;
  try {
    if (!is_registered_) {
      here.enter({.id = platform_,
                  .lives_in = std::nullopt,
                  .slug = "dorp",
                  .name = "Ons dorp",
                  .hosts = {"dorp.example"}});
      is_registered_ = true;
    }
    const auto report = move_platform(here, there, platform_.text(), options);
    trace("moved", report.position, report.record_count, report.key_count);
    mover.has_arrived = true;
  } catch (const MoveRefused& why) {
    // A node that has just not heard of it: asked again.
    if (std::string_view(why.what()).find("has no platform") != std::string_view::npos) return;
    fail("the mover is refused: " + std::string(why.what()));
  } catch (const StorageError&) {
    trace("mover gives up", from_, 0, 0);
  }
}

void MovingWorld::go_on(const std::weak_ptr<Mover>& weak) {
  const auto mover = weak.lock();
  if (!mover || mover != mover_) return;
  mover->aside->resume();
  if (!mover->aside->is_over()) return;
  if (mover->has_arrived) {
    ++move_count_;
    is_under_way_ = false;
    from_ = 1 - from_;
  }
  mover_.reset();
  // Run again where it was not done; the way back when it was.
  schedule_.after(Millis(random_.between(100, 1500)), [this] { start_mover(); });
}

// What goes wrong --------------------------------------------------------------------------------

void MovingWorld::next_trouble() {
  if (is_calm_) return;
  schedule_.after(Millis(random_.between(20, 500)), [this] { next_trouble(); });
  trouble();
}

void MovingWorld::trouble() {
  auto& site = *random_.pick(sites_);
  auto& node = site.some();
  auto& link = site.broker().link(node.number());
  const auto restart = [this, &node] {
    schedule_.after(Millis(random_.between(50, 2000)), [&node] { node.start(); });
  };
  switch (random_.below(10)) {
    case 0:
    case 1:
      if (!mover_) return;
      count("mover killed");
      mover_.reset();
      schedule_.after(Millis(random_.between(10, 1000)), [this] { start_mover(); });
      return;
    case 2:
      count("node killed");
      node.kill();
      return restart();
    case 3:
      count("power lost, with an unsynced suffix");
      node.lose_power();
      return restart();
    case 4: count("node asleep"); return node.sleep_for(Millis(random_.between(200, 5000)));
    case 5:
      count("node cut from brokers");
      link.is_cut = true;
      schedule_.after(Millis(random_.between(100, 4000)), [&link] { link.is_cut = false; });
      return;
    case 6:
      count("nodes cut from each other");
      return site.cut_nodes(node.number(), site.some().number(),
                            Millis(random_.between(100, 3000)));
    case 7: {
      count("claims at once");
      const auto partition = static_cast<std::uint32_t>(random_.below(site.broker().partitions()));
      for (auto& one : site.nodes()) one->claim(partition);
      return;
    }
    case 8:
      count("slow reading");
      link.read_delay = Millis(random_.between(20, longest_read_delay.count()));
      schedule_.after(Millis(random_.between(200, 3000)), [&link] { link.read_delay = Millis(2); });
      return;
    default: {
      const auto partition = site.partition();
      const auto& entries = site.broker().entries(partition);
      count("late retry");
      site.broker().put(partition, entries[random_.below(entries.size())].envelope);
    }
  }
}

/// Nothing new goes wrong; a move under way is run to its end.
void MovingWorld::calm_down() {
  is_calm_ = true;
  population_.wind_down();
  for (auto& site : sites_) {
    site->calm_down();
    site->revive();
  }
}

// What is checked --------------------------------------------------------------------------------

/// A record counts in a log because the platform lives there, or because it counts in the other.
void MovingWorld::check_record(Site& site, const Record& record,
                               std::optional<domain::LogId> lived_in) {
  const auto& other = *sites_[&site == sites_.front().get() ? 1 : 0];
  const auto last = record.header.last_position();
  const auto where = " at position " + std::to_string(record.header.base_position);
  const auto* there = other.history().record_of(last);
  if (there != nullptr && there->base_position == record.header.base_position &&
      there->hash == site.history().hash) {
    return;
  }
  if (other.history().position >= record.header.base_position) {
    return fail(site.name() + " has another record than the other log" + where);
  }
  auto lives_in = lived_in.value_or(site.log());
  for (const auto& commit : record.commits) {
    if (lives_in != site.log()) return fail(site.name() + " accepts after it was left" + where);
    for (const auto& raw : commit.events) {
      const auto event = decode_event(raw);
      const auto* of_platform = event ? std::get_if<domain::PlatformEvent>(&*event) : nullptr;
      const auto* placed = of_platform ? std::get_if<domain::PlatformPlaced>(of_platform) : nullptr;
      if (placed != nullptr) lives_in = placed->log;
    }
  }
}

void MovingWorld::check_end() {
  for (auto& site : sites_) site->check_end();
  auto& one = *sites_[0];
  auto& other = *sites_[1];
  auto& live = one.history().position >= other.history().position ? one : other;
  auto& left = &live == &one ? other : one;
  if (move_count_ == 0) return fail("the platform never moved");
  if (live.residence() != live.log() && left.history().position != live.history().position) {
    fail("the platform lives nowhere");
  }
  for (const auto& record : left.history().records) {
    const auto* same = live.history().record_of(record.last_position);
    if (same == nullptr || same->hash != record.hash) fail("the two histories differ");
  }
  for (const auto& told : population_.acknowledged()) {
    const auto* record = live.history().record_of(told.last_position);
    if (record == nullptr || record->hash != told.hash) {
      fail("acknowledged, and not in the history that goes on, at position " +
           std::to_string(told.last_position));
    }
  }
}

RunReport run_moving(const RunOptions& options) {
  return MovingWorld(options).run();
}

}  // namespace meent::simulation
