#include "projections/runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <semaphore>
#include <set>

#include "projections/tables.h"
#include "projections/views.h"
#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"
#include "tests/projections/written_log.h"

namespace meent::projections {
namespace {

using namespace std::chrono_literals;

/// Keeps every event's position; does what a test tells it before each batch.
class Probe final : public TableView<View> {
 public:
  Probe(std::uint32_t version, std::function<void(const EventBatch&)> before)
      : TableView("probe", version), before_(std::move(before)) {}
  void apply(const EventBatch& batch) override {
    if (before_) before_(batch);
    TableChanges changes(tables());
    for (const auto& stored : batch.events) {
      changes.put(key_of('e', stored.context.platform, stored.context.position),
                  std::to_string(version()));
    }
    tables().write(changes.changes(), batch.reached);
  }

 private:
  std::function<void(const EventBatch&)> before_;
};

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() { options_.folder = folder_.path(); }

  std::function<std::unique_ptr<View>()> probe_of(std::uint32_t version) {
    return [this, version] {
      return std::make_unique<Probe>(version, [this](const EventBatch& batch) {
        std::unique_lock lock(before_mutex_);
        const auto before = before_;
        lock.unlock();
        if (before && !batch.events.empty()) before(batch);
      });
    };
  }
  /// What the probe does before each batch that holds events.
  void before(std::function<void(const EventBatch&)> act) {
    const std::scoped_lock lock(before_mutex_);
    before_ = std::move(act);
  }
  ViewSpec probe_spec(std::vector<std::uint32_t> versions = {1}) {
    ViewSpec spec{.name = "probe", .versions = {}, .serve = {}, .wants = {}};
    for (const auto version : versions) spec.versions.push_back(probe_of(version));
    spec.serve = [this](std::shared_ptr<View> view) { probe_.set(std::move(view)); };
    return spec;
  }
  std::vector<ViewSpec> specs() {
    auto specs = table_view_specs(views_);
    if (with_probe_) specs.push_back(probe_spec());
    return specs;
  }
  /// Views are closed with their last reader.
  void stop() {
    runner_.reset();
    views_.feed.set(nullptr);
    views_.thread.set(nullptr);
    views_.tally.set(nullptr);
    views_.person.set(nullptr);
    probe_.set(nullptr);
  }
  void start() { runner_ = Runner::start(log_.store(), specs(), options_); }
  WaitOutcome wait(const Story& story, std::string_view view = "") {
    return runner_->wait_for(view, story.platform(), story.position(), 10s);
  }
  ViewHealth health(std::string_view name) {
    for (auto& view : runner_->health().views) {
      if (view.name == name) return view;
    }
    return {};
  }
  /// Until the condition holds, at most ten seconds.
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  std::set<std::string> directories() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "views")) {
      if (entry.is_directory()) names.insert(entry.path().filename().string());
    }
    return names;
  }

  eventstore::ScratchFolder folder_;
  WrittenLog log_{folder_.path()};
  Story story_;
  RunnerOptions options_;
  TableViews views_;
  Slot<View> probe_;
  bool with_probe_ = true;
  std::mutex before_mutex_;
  std::function<void(const EventBatch&)> before_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(RunnerTest, ViewsFollowTheLog) {
  start();
  const auto id = story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  EXPECT_TRUE(views_.feed.get()->contribution(story_.platform(), id, guest()));
  story_.support(id, story_.person(2), domain::Stance::agree);
  const auto comment = story_.comment(id, story_.person(2));
  log_.write(story_, 5);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  EXPECT_EQ(views_.tally.get()->totals(story_.platform(), {}).supports, 1U);
  EXPECT_TRUE(views_.thread.get()->comment(story_.platform(), comment, guest()));
  EXPECT_EQ(views_.person.get()
                ->page({.platform = story_.platform(), .person = story_.person(2)})
                .comment_count,
            1U);
  EXPECT_TRUE(runner_->health().is_ready()) << runner_->health().reason;
  EXPECT_EQ(health("feed").lag_envelopes, 0U);
}

TEST_F(RunnerTest, FollowingGivesTheSameAsRebuilding) {
  start();
  Story other(2);
  for (std::uint32_t part = 1; part <= 20; ++part) {
    story_ = random_story(11, part * 100);
    other = random_story(12, part * 50, 2);
    log_.write(story_, 7);
    log_.write(other, 3);
  }
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  ASSERT_EQ(wait(other), WaitOutcome::reached);
  const auto followed = dump_of(*views_.feed.get());
  for (const char* name : {"feed", "thread", "tally", "person"}) {
    const auto before = views_.feed.get();
    const auto dump = [&] {
      if (name == std::string_view("feed")) return dump_of(*views_.feed.get());
      if (name == std::string_view("thread")) return dump_of(*views_.thread.get());
      if (name == std::string_view("tally")) return dump_of(*views_.tally.get());
      return dump_of(*views_.person.get());
    };
    const auto incremental = dump();
    ASSERT_TRUE(runner_->rebuild(name));
    ASSERT_TRUE(eventually([&] { return !health(name).is_rebuilding; }));
    EXPECT_EQ(health(name).error, "");
    EXPECT_EQ(dump(), incremental) << name;
  }
  EXPECT_EQ(followed, dump_of(*views_.feed.get()));
}

TEST_F(RunnerTest, ALongLogIsBuiltSideBySideAndGivesTheSame) {
  story_ = random_story(13, 1500);
  log_.write(story_, 3);
  options_.far_behind = 10;
  options_.most_events_building = 100;
  with_probe_ = false;
  start();
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  EXPECT_TRUE(eventually([&] { return runner_->health().is_ready(); }));
  const auto straight = TallyView::make();
  straight->open(folder_.path() / "straight");
  auto batch = batch_of(story_.events(), 0);
  batch.reached = views_.tally.get()->checkpoint();
  straight->apply(batch);
  EXPECT_EQ(dump_of(*views_.tally.get()), dump_of(*straight));
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  EXPECT_EQ(wait(story_), WaitOutcome::reached);
}

TEST_F(RunnerTest, ARebuildStandsBesideWhatServesAndThenTakesItsPlace) {
  story_ = random_story(1, 300);
  log_.write(story_, 10);
  start();
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  const auto old = probe_.get();
  std::binary_semaphore may_build(0);
  std::atomic<bool> held = false;
  before([&](const EventBatch& batch) {
    if (batch.events.front().context.position != 1 || held.exchange(true)) return;
    may_build.acquire();
  });
  ASSERT_TRUE(runner_->rebuild("probe"));
  EXPECT_FALSE(runner_->rebuild("probe"));
  EXPECT_FALSE(runner_->rebuild("nothing"));
  ASSERT_TRUE(eventually([&] { return held.load(); }));
  EXPECT_TRUE(directories().contains("probe@1.2"));
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  EXPECT_EQ(wait(story_), WaitOutcome::reached);  // the old one goes on
  EXPECT_EQ(probe_.get(), old);
  EXPECT_TRUE(runner_->health().is_ready());
  may_build.release();
  ASSERT_TRUE(eventually([&] { return probe_.get() != old; }));
  EXPECT_EQ(dump_of(*probe_.get()), dump_of(*old));
  EXPECT_TRUE(directories().contains("probe@1"));  // somebody still reads it
}

TEST_F(RunnerTest, TheOldDirectoryGoesWithItsLastReader) {
  log_.write(random_story(1, 50));
  start();
  ASSERT_TRUE(eventually([&] { return probe_.get() != nullptr; }));
  auto reader = probe_.get();
  ASSERT_TRUE(runner_->rebuild("probe"));
  ASSERT_TRUE(eventually([&] { return probe_.get() != reader; }));
  EXPECT_FALSE(dump_of(*reader).empty());
  EXPECT_TRUE(directories().contains("probe@1"));
  reader.reset();
  EXPECT_TRUE(eventually([&] { return !directories().contains("probe@1"); }));
  EXPECT_TRUE(directories().contains("probe@1.2"));
  stop();
  start();
  ASSERT_TRUE(eventually([&] { return probe_.get() != nullptr; }));
  EXPECT_TRUE(directories().contains("probe@1.2"));
  EXPECT_FALSE(directories().contains("probe@1"));
}

TEST_F(RunnerTest, ARestartGoesOnFromTheCheckpoint) {
  story_ = random_story(3, 400);
  log_.write(story_, 10);
  start();
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  stop();
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  start();
  EXPECT_EQ(health("feed").condition, ViewHealth::Condition::live);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  EXPECT_EQ(health("feed").events_applied, 1U);  // not from the start again
}

TEST_F(RunnerTest, AThrowingViewStopsAloneAndSaysWhy) {
  before([](const EventBatch& batch) {
    if (batch.events.back().context.position >= 3) throw std::runtime_error("no ink left");
  });
  start();
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  story_.place(story_.space(1), story_.person(1));
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_, 2);
  EXPECT_EQ(wait(story_, "feed"), WaitOutcome::reached);
  EXPECT_EQ(wait(story_, "probe"), WaitOutcome::stopped);
  EXPECT_EQ(wait(story_), WaitOutcome::stopped);
  EXPECT_EQ(runner_->health().reason, "view probe has stopped: no ink left");
  EXPECT_EQ(health("probe").condition, ViewHealth::Condition::stopped);
  EXPECT_EQ(health("feed").condition, ViewHealth::Condition::live);
  EXPECT_EQ(probe_.get()->position(story_.platform()), 1U);  // may still be read
  before(nullptr);
  ASSERT_TRUE(runner_->rebuild("probe"));
  EXPECT_TRUE(eventually([&] { return runner_->health().is_ready(); }));
  EXPECT_EQ(wait(story_), WaitOutcome::reached);
}

TEST_F(RunnerTest, ARebuildThatFailsLeavesTheOldOneServing) {
  log_.write(random_story(1, 20), 20);
  start();
  ASSERT_TRUE(eventually([&] { return probe_.get() != nullptr; }));
  const auto old = probe_.get();
  before([](const EventBatch& batch) {
    if (batch.events.size() > 1) throw std::runtime_error("out of paint");
  });
  ASSERT_TRUE(runner_->rebuild("probe"));
  ASSERT_TRUE(eventually([&] { return !health("probe").is_rebuilding; }));
  EXPECT_EQ(probe_.get(), old);
  EXPECT_EQ(health("probe").error, "rebuilding failed: out of paint");
  EXPECT_TRUE(runner_->health().is_ready());
}

TEST_F(RunnerTest, ACheckpointOffTheChainIsThrownAwayAndRebuilt) {
  story_ = random_story(5, 200);
  log_.write(story_, 4);
  start();
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  stop();

  const eventstore::ScratchFolder elsewhere;  // a restored log: the same platform, another history
  WrittenLog restored(elsewhere.path());
  const auto other = random_story(6, 300);
  restored.write(other, 4);
  TableViews views;
  const auto runner = Runner::start(restored.store(), table_view_specs(views), options_);
  ASSERT_EQ(runner->wait_for("", other.platform(), 300, 10s), WaitOutcome::reached);
  const auto fresh = FeedView::make();
  fresh->open(folder_.path() / "fresh");
  auto batch = batch_of(other.events(), 0);
  batch.reached = views.feed.get()->checkpoint();
  fresh->apply(batch);
  EXPECT_EQ(dump_of(*views.feed.get()), dump_of(*fresh));
}

TEST_F(RunnerTest, AViewThatWouldMissRecordsOfTheRestoredLogIsRebuilt) {
  story_ = random_story(5, 40);
  log_.write(story_);
  start();
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  stop();

  const eventstore::ScratchFolder elsewhere;
  WrittenLog restored(elsewhere.path());
  const auto other = random_story(6, 60, 2);
  restored.write(other);   // before the place the views have reached
  restored.write(story_);  // the same records as there
  TableViews views;
  const auto runner = Runner::start(restored.store(), table_view_specs(views), options_);
  ASSERT_EQ(runner->wait_for("", story_.platform(), 40, 10s), WaitOutcome::reached);
  ASSERT_EQ(runner->wait_for("", other.platform(), 60, 10s), WaitOutcome::reached);
}

TEST_F(RunnerTest, AViewMayHaveWhatComesAgainIfItSaysSo) {
  story_ = random_story(5, 40);
  log_.write(story_);
  auto spec = probe_spec();
  spec.passes_over_repeats = true;
  {
    Probe probe(1, {});
    probe.open(folder_.path() / "views" / "probe@1");
    auto batch = batch_of(std::span(story_.events()).first(30), 2);
    batch.reached.platforms.at(story_.platform()).hash =
        *log_.store().hash_at(story_.platform(), 30);
    batch.reached.next_offset = 12;  // ten events in: the marks are ahead
    probe.apply(batch);
  }
  runner_ = Runner::start(log_.store(), {spec}, options_);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  EXPECT_EQ(health("probe").events_applied, 30U);
  EXPECT_TRUE(directories().contains("probe@1"));
}

TEST_F(RunnerTest, AnOlderVersionServesUntilTheNewOneIsNotBehind) {
  story_ = random_story(8, 200);
  log_.write(story_, 5);
  runner_ = Runner::start(log_.store(), {probe_spec({1})}, options_);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  stop();

  std::binary_semaphore may_build(0);
  std::atomic<bool> held = false;
  before([&](const EventBatch& batch) {
    if (batch.events.front().context.position != 1 || held.exchange(true)) return;
    may_build.acquire();
  });
  options_.far_behind = 10;  // the new one is built on its own thread
  runner_ = Runner::start(log_.store(), {probe_spec({2, 1})}, options_);
  EXPECT_EQ(health("probe").version, 1U);
  EXPECT_TRUE(health("probe").is_rebuilding);
  EXPECT_TRUE(runner_->health().is_ready());
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  EXPECT_EQ(wait(story_), WaitOutcome::reached);
  EXPECT_EQ(probe_.get()->version(), 1U);
  may_build.release();
  ASSERT_TRUE(eventually([&] { return probe_.get()->version() == 2; }));
  EXPECT_EQ(probe_.get()->position(story_.platform()), story_.position());
  EXPECT_TRUE(eventually([&] { return directories() == std::set<std::string>{"probe@2"}; }));
}

TEST_F(RunnerTest, AVersionNobodyKnowsIsBuiltAnew) {
  story_ = random_story(8, 50);
  log_.write(story_, 5);
  runner_ = Runner::start(log_.store(), {probe_spec({1})}, options_);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  stop();
  runner_ = Runner::start(log_.store(), {probe_spec({2})}, options_);
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  EXPECT_EQ(health("probe").version, 2U);
  EXPECT_EQ(directories(), std::set<std::string>{"probe@2"});
}

TEST_F(RunnerTest, ASlowViewInItsOwnLaneHoldsNobodyUp) {
  with_probe_ = false;
  auto slow = probe_spec();
  slow.lane = "slow";
  auto all = specs();
  all.push_back(std::move(slow));
  std::binary_semaphore go_on(0);
  before([&](const EventBatch& batch) {
    if (batch.events.front().context.position == 1) go_on.acquire();
  });
  runner_ = Runner::start(log_.store(), std::move(all), options_);
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  EXPECT_EQ(wait(story_, "feed"), WaitOutcome::reached);
  EXPECT_EQ(runner_->wait_for("probe", story_.platform(), 1, 50ms), WaitOutcome::late);
  go_on.release();
  EXPECT_EQ(wait(story_), WaitOutcome::reached);
}

TEST_F(RunnerTest, WaitingIsBoundedInTimeAndNumber) {
  options_.most_waiters = 2;
  start();
  const auto platform = story_.platform();
  EXPECT_EQ(runner_->wait_for("", platform, 1, 0ms), WaitOutcome::late);
  EXPECT_EQ(runner_->wait_for("", platform, 1, 30ms), WaitOutcome::late);
  EXPECT_EQ(runner_->wait_for("nothing", platform, 1, 30ms), WaitOutcome::stopped);
  std::atomic<int> reached = 0, refused = 0;
  for (int i = 0; i < 3; ++i) {
    runner_->when_reached("feed", platform, 1, 10s, [&](WaitOutcome outcome) {
      if (outcome == WaitOutcome::reached) ++reached;
      if (outcome == WaitOutcome::refused) ++refused;
    });
  }
  EXPECT_EQ(refused, 1);
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  EXPECT_TRUE(eventually([&] { return reached == 2; }));
  EXPECT_EQ(wait(story_), WaitOutcome::reached);
}

TEST_F(RunnerTest, WhoWaitsIsNotHeldUpByARest) {
  options_.calm_turn = 1min;
  start();
  const auto act = [this] {
    story_.place(story_.space(1), story_.person(1));
    log_.write(story_);
  };
  act();
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  act();
  std::this_thread::sleep_for(50ms);  // they rest by now
  act();
  EXPECT_EQ(wait(story_), WaitOutcome::reached);
}

TEST_F(RunnerTest, StoppingAnswersThoseWhoWait) {
  start();
  std::atomic<int> stopped = 0;
  runner_->when_reached("", story_.platform(), 1, 10s, [&](WaitOutcome outcome) {
    if (outcome == WaitOutcome::stopped) ++stopped;
  });
  runner_->stop();
  EXPECT_EQ(stopped, 1);
  EXPECT_EQ(runner_->wait_for("", story_.platform(), 1, 10s), WaitOutcome::stopped);
  EXPECT_FALSE(runner_->rebuild("feed"));
}

TEST_F(RunnerTest, ARecordThatCannotBeDecodedStopsItsPlatformOnly) {
  start();
  Story other(2);
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  log_.write_unknown_event(story_.platform());
  other.place(other.space(1), other.person(1));
  log_.write(other);
  EXPECT_EQ(wait(other), WaitOutcome::reached);
  EXPECT_EQ(views_.feed.get()->position(story_.platform()), 1U);
  const auto health = runner_->health();
  ASSERT_EQ(health.stopped_platforms.size(), 1U);
  EXPECT_EQ(health.stopped_platforms[0].position, 2U);
  EXPECT_NE(health.reason.find("stand still at position 2"), std::string::npos) << health.reason;
}

TEST_F(RunnerTest, ViewsWaitWhileSpaceIsShort) {
  options_.least_free_bytes = ~0ULL;
  start();
  story_.place(story_.space(1), story_.person(1));
  log_.write(story_);
  EXPECT_EQ(runner_->wait_for("", story_.platform(), 1, 100ms), WaitOutcome::late);
  EXPECT_FALSE(runner_->health().is_ready());
}

TEST_F(RunnerTest, ADirectoryThatSomebodyElseHasOpenIsLeftAlone) {
  story_ = random_story(3, 20);
  log_.write(story_);
  start();
  ASSERT_EQ(wait(story_), WaitOutcome::reached);
  const auto lines = dump_of(*probe_.get());
  const auto second = Runner::start(log_.store(), specs(), options_);
  EXPECT_NE(second->health().reason.find("view feed has stopped"), std::string::npos);
  EXPECT_EQ(second->wait_for("", story_.platform(), 1, 10s), WaitOutcome::stopped);
  EXPECT_EQ(dump_of(*probe_.get()), lines);
  EXPECT_TRUE(directories().contains("probe@1"));
}

TEST_F(RunnerTest, UnfinishedDirectoriesAreGoneAfterAStart) {
  log_.write(random_story(1, 20));
  start();
  ASSERT_TRUE(eventually([&] { return runner_->health().is_ready(); }));
  stop();
  std::filesystem::create_directories(folder_.path() / "views" / "feed@1.7");
  std::filesystem::create_directories(folder_.path() / "views" / "feed@9");
  start();
  EXPECT_EQ(directories(),
            (std::set<std::string>{"feed@1", "person@1", "probe@1", "tally@1", "thread@1"}));
}

}  // namespace
}  // namespace meent::projections
