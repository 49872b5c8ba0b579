#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "projections/search.h"
#include "projections/search_checkpoint.h"
#include "tests/projections/search_world.h"

/// How the search view follows the log: checkpoints, restarts, rebuilds, threads.
namespace meent::projections {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::vector<std::string> dumped(const SearchView& view) {
  std::vector<std::string> out;
  view.dump([&](std::string_view line) { out.emplace_back(line); });
  return out;
}

std::unique_ptr<SearchView> opened(const SearchWorld& world, std::string_view folder) {
  auto view = std::make_unique<SearchView>(*world.keys);
  view->open(world.folder(folder));
  return view;
}

std::size_t hits(const SearchView& view, const SearchWorld& world, std::string text) {
  SearchQuery query;
  query.platform = world.platform;
  query.text = std::move(text);
  return view.search(query).hits.size();
}

/// Waits for what a background commit makes visible.
bool reaches(const SearchView& view, domain::PlatformId platform, std::uint64_t position,
             std::chrono::milliseconds at_most = 5s) {
  const auto until = steady_clock::now() + at_most;
  while (view.position(platform) < position) {
    if (steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// Every event that search looks at, in an order that undoes some of them.
void live_a_little(SearchWorld& world) {
  const auto pool = world.idea({.title = "Zwembad", .body = "oud", .themes = {"sport"}});
  const auto hall = world.idea({"Sporthal", "nieuw"});
  const auto homes = world.idea({.title = "青年住房", .body = "房价", .language = "zh"});
  const auto reply = world.comment(pool, "Een reactie");
  const auto other = world.comment(hall, "A reply", "en");
  world.support(pool);
  world.revise(pool, {.title = "Zwembad met glijbaan", .body = "", .themes = {"sport", "jeugd"}});
  world.edit(reply, "Een andere reactie");
  world.hide(pool);
  world.hide(other);
  world.close(hall);
  world.accept(pool);
  world.withdraw(homes);
  world.withdraw(reply);
  world.reopen(hall);
  world.support(hall);
}

/// As a kill leaves it between making the tables and saying which of their blocks count.
TEST(SearchFollow, ADatabaseThatWasCutOffWhileItWasMadeIsMadeAgain) {
  SearchWorld world;
  world.idea({"Zwembad", "met glijbaan"});
  const auto folder = world.folder("cut-off");
  opened(world, "cut-off")->apply(world.whole());
  std::filesystem::remove(folder / world.platform.text() / "iamglass");
  ASSERT_TRUE(std::filesystem::exists(folder / world.platform.text() / "postlist.glass"));
  std::filesystem::remove(folder / "checkpoint");
  const auto fresh = std::make_unique<SearchView>(*world.keys);
  fresh->open(world.folder("fresh"));
  std::filesystem::copy(
      folder, world.folder("fresh"),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  const auto whole = world.whole();
  fresh->apply(whole);
  ASSERT_TRUE(reaches(*fresh, world.platform, whole.reached.platforms.at(world.platform).position));
  EXPECT_EQ(hits(*fresh, world, "zwembad"), 1U);
}

TEST(SearchFollow, OneByOneMakesTheSameAsAllAtOnce) {
  SearchWorld world;
  live_a_little(world);
  const auto all = world.whole();

  const auto at_once = opened(world, "at-once");
  at_once->apply(all);
  const auto one_by_one = opened(world, "one-by-one");
  for (const auto& stored : all.events) {
    EventBatch batch{.events = {stored}, .reached = all.reached};
    auto& mark = batch.reached.platforms.at(world.platform);
    mark.position = stored.context.position;
    one_by_one->apply(batch);
    ASSERT_TRUE(reaches(*one_by_one, world.platform, mark.position));
  }
  const auto lines = dumped(*at_once);
  EXPECT_EQ(lines, dumped(*one_by_one));
  EXPECT_GT(lines.size(), 50U);
}

TEST(SearchFollow, DumpShowsEveryTermAndValue) {
  SearchWorld world;
  const auto idea = world.idea({"Zwembad", "open houden"});
  const auto view = opened(world, "search");
  view->apply(world.batch());
  const auto lines = dumped(*view);
  const auto prefix = world.platform.text() + " document Qc" + idea.text();
  for (const std::string line : {" term Znl:zwembad 3", " term houden 1 103", " term XKidea 0"}) {
    EXPECT_EQ(std::ranges::count(lines, prefix + line), 1) << line;
  }
  EXPECT_EQ(std::ranges::count(lines, world.platform.text() + " spelling zwembad 1"), 1);
}

TEST(SearchFollow, TextsLieSealedInTheData) {
  SearchWorld world;
  world.idea({"", "Een geheime boodschap over het zwembad"});
  const auto view = opened(world, "search");
  view->apply(world.batch());
  std::string hex;
  for (const char c : std::string_view("boodschap over")) {
    hex += "0123456789abcdef"[c >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  std::size_t data_lines = 0;
  for (const auto& line : dumped(*view)) {
    if (line.find(" data ") == std::string::npos) continue;
    ++data_lines;
    EXPECT_EQ(line.find(hex), std::string::npos);
  }
  EXPECT_EQ(data_lines, 1U);
}

TEST(SearchFollow, SupportMovesThePositionAtOnce) {
  SearchWorld world;
  const auto idea = world.idea({"Zwembad", ""});
  const auto view = opened(world, "search");
  view->apply(world.batch());
  ASSERT_TRUE(reaches(*view, world.platform, 1));
  for (int i = 0; i < 100; ++i) {
    world.support(idea);
    const auto batch = world.batch();
    view->apply(batch);
    ASSERT_EQ(view->position(world.platform), batch.events.front().context.position);
    ASSERT_EQ(view->checkpoint().next_offset, batch.reached.next_offset);
  }
}

TEST(SearchFollow, AnIdleViewShowsWhatCameWithoutBeingAsked) {
  SearchWorld world;
  const auto view = opened(world, "search");
  for (std::uint64_t i = 1; i <= 20; ++i) {
    world.idea({"Zwembad", ""});
    view->apply(world.batch());
  }
  EXPECT_TRUE(reaches(*view, world.platform, 20, 1s));
  EXPECT_EQ(hits(*view, world, "zwembad"), 20U);
}

TEST(SearchFollow, ARestartGoesOnWhereItWas) {
  SearchWorld world;
  world.idea({"Zwembad", ""});
  auto view = opened(world, "search");
  view->apply(world.batch());
  const auto idea = world.idea({"Zwembad", "nog een"});
  world.support(idea);
  view->apply(world.batch());
  view.reset();

  view = opened(world, "search");
  EXPECT_EQ(view->checkpoint().next_offset, 3U);
  EXPECT_EQ(view->position(world.platform), 3U);
  EXPECT_EQ(view->checkpoint().platforms, world.whole().reached.platforms);
  EXPECT_EQ(hits(*view, world, "zwembad"), 2U);
}

TEST(SearchFollow, EventsThatComeAgainChangeNothing) {
  SearchWorld world;
  live_a_little(world);
  const auto view = opened(world, "search");
  view->apply(world.batch());
  const auto before = dumped(*view);
  view->apply(world.whole());
  EXPECT_EQ(dumped(*view), before);
}

/// What a kill leaves behind: the directory as it lies there, without a farewell.
void copy_as_killed(const SearchWorld& world, const std::string& from, const std::string& to) {
  std::filesystem::copy(world.folder(from), world.folder(to),
                        std::filesystem::copy_options::recursive);
}

TEST(SearchFollow, AKilledViewGoesOnAndEqualsItsRebuild) {
  SearchWorld world;
  const auto view = opened(world, "search");
  std::filesystem::copy(world.folder("search") / "checkpoint", world.folder("early"));
  live_a_little(world);
  view->apply(world.batch());
  ASSERT_TRUE(reaches(*view, world.platform, world.whole().events.size()));
  // The checkpoint file is older than the commit: its events come again.
  copy_as_killed(world, "search", "killed");
  std::filesystem::rename(world.folder("early"), world.folder("killed") / "checkpoint");
  live_a_little(world);
  view->apply(world.batch());

  const auto again = opened(world, "killed");
  const auto reached = again->checkpoint();
  ASSERT_EQ(reached.next_offset, 0U) << "the file was written when the view was opened";
  ASSERT_TRUE(reached.platforms.contains(world.platform));
  EXPECT_EQ(reached.platforms.at(world.platform).position, 16U) << "for the runner to judge";
  EXPECT_EQ(again->position(world.platform), 16U);
  auto rest = world.whole();
  rest.events.erase(rest.events.begin(),
                    rest.events.begin() + static_cast<std::ptrdiff_t>(reached.next_offset));
  again->apply(rest);
  EXPECT_EQ(dumped(*again), dumped(*view));
}

TEST(SearchFollow, AfterAPowerLossItStartsAnew) {
  SearchWorld world;
  const auto view = opened(world, "search");
  world.idea({"Zwembad", ""});
  view->apply(world.batch());
  ASSERT_TRUE(reaches(*view, world.platform, 1));
  copy_as_killed(world, "search", "lost");
  auto checkpoint = read_search_checkpoint(world.folder("lost"));
  ASSERT_TRUE(checkpoint);
  checkpoint->boot = "another start of the machine";
  write_search_checkpoint(world.folder("lost"), *checkpoint);

  const auto again = opened(world, "lost");
  EXPECT_EQ(again->checkpoint().next_offset, 0U);
  EXPECT_TRUE(again->checkpoint().platforms.empty());
  EXPECT_EQ(hits(*again, world, "zwembad"), 0U);
  again->apply(world.whole());
  EXPECT_EQ(dumped(*again), dumped(*view));
}

TEST(SearchFollow, ADamagedDirectoryIsBuiltAnew) {
  for (const std::string damage : {"no checkpoint", "torn checkpoint", "no database", "torn"}) {
    SearchWorld world;
    auto view = opened(world, "search");
    world.idea({"Zwembad", ""});
    view->apply(world.batch());
    view.reset();
    const auto database = world.folder("search") / world.platform.text();
    if (damage == "no checkpoint") std::filesystem::remove(world.folder("search") / "checkpoint");
    if (damage == "torn checkpoint") {
      std::filesystem::resize_file(world.folder("search") / "checkpoint", 20);
    }
    if (damage == "no database") std::filesystem::remove_all(database);
    if (damage == "torn") std::filesystem::resize_file(database / "iamglass", 10);

    view = opened(world, "search");
    EXPECT_EQ(view->checkpoint().next_offset, 0U) << damage;
    view->apply(world.whole());
    dumped(*view);
    EXPECT_EQ(hits(*view, world, "zwembad"), 1U) << damage;
  }
}

TEST(SearchFollow, PlatformsDoNotSeeEachOther) {
  SearchWorld world;
  const auto first = world.platform;
  world.idea({"Zwembad", ""});
  world.platform = domain::PlatformId(domain::IdBytes{7});
  world.idea({"Sporthal", ""});
  world.idea({"Sporthal", ""});
  const auto second = world.platform;
  auto view = opened(world, "search");
  view->apply(world.batch());
  dumped(*view);
  EXPECT_EQ(hits(*view, world, "zwembad"), 0U);
  EXPECT_EQ(hits(*view, world, "sporthal"), 2U);
  world.platform = first;
  EXPECT_EQ(hits(*view, world, "zwembad"), 1U);
  EXPECT_EQ(hits(*view, world, "sporthal"), 0U);
  EXPECT_EQ(view->position(first), 1U);
  EXPECT_EQ(view->position(second), 2U);
}

TEST(SearchFollow, ManyPlatformsInOneBatchKeepFewDatabasesOpen) {
  SearchWorld world;
  for (std::uint8_t round = 0; round < 3; ++round) {
    for (std::uint8_t number = 1; number <= 60; ++number) {
      world.platform = domain::PlatformId(domain::IdBytes{number});
      world.idea({"Zwembad", ""});
    }
  }
  const auto view = opened(world, "search");
  view->apply(world.batch());
  std::size_t open_files = 0;
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(file.path(), gone).string();
    if (target.starts_with(world.folder("search").string())) ++open_files;
  }
  EXPECT_LE(open_files, 16U * 8U);
  dumped(*view);
  for (std::uint8_t number = 1; number <= 60; ++number) {
    world.platform = domain::PlatformId(domain::IdBytes{number});
    ASSERT_EQ(view->position(world.platform), 3U);
    ASSERT_EQ(hits(*view, world, "zwembad"), 3U);
  }
}

TEST(SearchFollow, ANewEventOfAnUnknownItemStopsTheViewForGood) {
  SearchWorld world;
  const auto elsewhere = world.idea({"Zwembad", ""});
  world.batch();
  world.close(elsewhere);
  auto batch = world.batch();
  auto view = opened(world, "search");
  EXPECT_THROW(view->apply(batch), eventstore::StorageError);
  EXPECT_THROW(view->apply(batch), eventstore::StorageError);
  EXPECT_EQ(view->position(world.platform), 0U);
  view.reset();
  EXPECT_EQ(opened(world, "search")->position(world.platform), 0U) << "nothing half was kept";
}

TEST(SearchFollow, ReadersAnswerWhileItWrites) {
  SearchWorld world;
  const auto view = opened(world, "search");
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> answers = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto known = view->position(world.platform);
        SearchQuery query;
        query.platform = world.platform;
        query.text = "zwembad";
        const auto page = view->search(query);
        ASSERT_GE(page.estimated_total, known) << "never behind the position it says";
        ++answers;
      }
    });
  }
  for (int i = 0; i < 400; ++i) {
    world.idea({"Zwembad", "met water"});
    view->apply(world.batch());
  }
  EXPECT_TRUE(reaches(*view, world.platform, 400));
  done = true;
  readers.clear();
  EXPECT_GT(answers, 0U);
  EXPECT_EQ(hits(*view, world, "zwembad"), 20U);
}

TEST(SearchFollow, TheSpecWantsWhatSearchLooksAt) {
  SearchWorld world;
  Slot<SearchView> slot;
  const auto spec = search_view_spec(slot, *world.keys);
  live_a_little(world);
  std::size_t wanted = 0;
  for (const auto& stored : world.whole().events) {
    const bool is_support = std::holds_alternative<domain::SupportEvent>(stored.event);
    EXPECT_EQ(spec.wants(eventstore::name_of(stored.event)), !is_support)
        << eventstore::name_of(stored.event);
    ++wanted;
  }
  EXPECT_EQ(wanted, 16U);
}

}  // namespace
}  // namespace meent::projections
