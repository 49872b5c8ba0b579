#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "eventstore/embedded.h"
#include "projections/search.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"

/// Search behind the real thing: commands through the sequencer, the runner following the store.
namespace meent::projections {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> dumped(const SearchView& view) {
  std::vector<std::string> out;
  view.dump([&](std::string_view line) { out.emplace_back(line); });
  return out;
}

class SearchRunner : public testing::Test {
 protected:
  SearchRunner() { start(); }
  void start() {
    RunnerOptions options;
    options.folder = folder.path();
    std::vector<ViewSpec> specs{search_view_spec(slot, *node.keys)};
    runner = Runner::start(*node.store, std::move(specs), options);
  }
  void stop() {
    runner.reset();
    slot.set(nullptr);
  }
  bool caught_up() {
    const auto tip = node.store->tip(community.platform()).position;
    return runner->wait_for("search", community.platform(), tip, 10s) == WaitOutcome::reached;
  }
  std::size_t hits(std::string text) {
    SearchQuery query;
    query.platform = community.platform();
    query.text = std::move(text);
    return slot.get()->search(query).hits.size();
  }

  eventstore::ScratchFolder folder;
  eventstore::Embedded node =
      eventstore::Embedded::open(folder.path(), eventstore::real_files(), {});
  eventstore::Community community{*node.sequencer, *node.store, *node.keys};
  Slot<SearchView> slot;
  std::unique_ptr<Runner> runner;
};

TEST_F(SearchRunner, FindsWhatCommandsPlaced) {
  community.found();
  const auto noor = community.add_person();
  const auto idea = community.add_idea(noor, "Meer bomen langs de vaart");
  community.must_accept(community.comment(noor, idea, "En bankjes erbij"));
  ASSERT_TRUE(caught_up());
  EXPECT_EQ(hits("boom vaart"), 1U);
  EXPECT_EQ(hits("bankje"), 1U);
  EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "search@1"));
  EXPECT_TRUE(runner->health().is_ready()) << runner->health().reason;
}

TEST_F(SearchRunner, ARebuildAndARestartGiveTheSame) {
  community.found();
  const auto noor = community.add_person();
  for (int i = 0; i < 30; ++i) {
    const auto idea = community.add_idea(noor, "Meer bomen " + std::to_string(i));
    community.must_accept(community.support(noor, idea));
  }
  ASSERT_TRUE(caught_up());
  const auto old = slot.get();
  const auto lines = dumped(*old);
  ASSERT_TRUE(runner->rebuild("search"));
  for (int i = 0; i < 1000 && slot.get() == old; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_NE(slot.get(), old);
  ASSERT_TRUE(caught_up());
  EXPECT_EQ(dumped(*slot.get()), lines);

  stop();
  start();
  ASSERT_TRUE(caught_up());
  EXPECT_EQ(dumped(*slot.get()), lines);
  EXPECT_EQ(runner->health().views.front().events_applied, 0U) << "not from the start again";
}

}  // namespace
}  // namespace meent::projections
