/// Figures of the table views, without a server: views_bench [EVENTS [PART]]
/// EVENTS: 1000000 if not given. PART: thread, lag, following, feed or rebuild; all if not given.
/// Each line is a figure: name, value, unit, reference, ratio, aim, met (one JSON object a line).
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include "eventstore/embedded.h"
#include "projections/log_reader.h"
#include "projections/views.h"
#include "tests/bench/figure.h"
#include "tests/bench/histogram.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"
#include "tests/projections/story.h"
#include "tests/projections/written_log.h"

namespace meent::projections {
namespace {

using Clock = std::chrono::steady_clock;

/// What the work costs, whoever else uses the machine. Of this thread, or of all threads.
double cpu_seconds(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
  timespec spent{};
  ::clock_gettime(clock, &spent);
  return static_cast<double>(spent.tv_sec) + 1e-9 * static_cast<double>(spent.tv_nsec);
}

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

void print(const bench::Figure& figure) {
  std::printf("%s\n", bench::to_json(figure).c_str());
  std::fflush(stdout);
}
/// A figure without an aim.
void print(std::string name, double value, std::string unit) {
  print({.name = std::move(name), .value = value, .unit = std::move(unit)});
}

/// The median of many runs: what a reader usually waits, whoever else uses the machine.
template <class Work>
double median_us(int runs, Work&& work) {
  std::vector<double> took;
  for (int i = 0; i < runs; ++i) {
    const auto began = Clock::now();
    work();
    took.push_back(seconds_since(began) * 1e6);
  }
  std::ranges::nth_element(took, took.begin() + runs / 2);
  return took[static_cast<std::size_t>(runs / 2)];
}

/// One platform that lives: in a hundred events two contributions, eight comments, ninety supports.
class Life {
 public:
  explicit Life(std::uint64_t people) : people_(people) {}
  void live_until(std::uint64_t position) {
    while (story.position() < position) {
      const auto who = story.person(random_() % people_);
      const auto what = contributions.empty() ? 0 : random_() % 100;
      if (what < 2) {
        contributions.push_back(story.place(story.space(random_() % 5), who));
      } else if (what < 10) {
        story.comment(any(), who);
      } else {
        story.support(any(), who, static_cast<domain::Stance>(random_() % 3));
      }
    }
  }
  domain::ContributionId any() { return contributions[random_() % contributions.size()]; }

  Story story;
  std::vector<domain::ContributionId> contributions;

 private:
  std::uint64_t people_;
  std::mt19937_64 random_{1};
};

/// Applies the story's events to the views directly, in batches, and forgets them.
void apply_and_forget(Story& story, const std::vector<View*>& views, std::size_t batch_size) {
  const std::span<const StoredEvent> events(story.events());
  const auto told_before = story.position() - events.size();
  for (std::size_t at = 0; at < events.size(); at += batch_size) {
    const auto some = events.subspan(at, std::min(batch_size, events.size() - at));
    const auto batch = batch_of(some, told_before + at);
    for (auto* view : views) view->apply(batch);
  }
  story.forget_told();
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void bench_rebuild(std::uint64_t events) {
  const eventstore::ScratchFolder folder;
  WrittenLog log(folder.path());
  Life life(1000);
  for (std::uint64_t position = 0; position < events; position += 10000) {
    life.live_until(std::min(events, position + 10000));
    log.write(life.story, 64);
    life.story.forget_told();
  }
  const auto& store = log.store();
  double decoding = 0, decoding_cpu = 0;
  for (int run = 0; run < 2; ++run) {  // the second one finds the files in memory
    StoppedPlatforms stopped;
    LogReader reader(store, stopped);
    std::uint64_t seen = 0;
    const auto began = Clock::now();
    const auto cpu_began = cpu_seconds();
    for (std::uint64_t at = 0; at < store.next_offset();) {
      const auto batch = reader.read(at, ~0ULL, 4000, {});
      seen += batch.events.events.size();
      at = batch.events.reached.next_offset;
    }
    decoding = static_cast<double>(seen) / seconds_since(began);
    decoding_cpu = static_cast<double>(seen) / (cpu_seconds() - cpu_began);
  }
  print("read and decode the log", decoding, "events/s");

  TableViews views;
  auto specs = table_view_specs(views);
  std::erase_if(specs, [](const ViewSpec& spec) { return spec.name == "person"; });
  const auto began = Clock::now();
  const auto cpu_began = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const auto runner = Runner::start(store, std::move(specs), {.folder = folder.path()});
  const auto outcome =
      runner->wait_for("", life.story.platform(), events, std::chrono::minutes(10));
  const auto rebuilding = static_cast<double>(events) / seconds_since(began);
  const auto cpu =
      static_cast<double>(events) / (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_began);
  const auto ratio = rebuilding / decoding;
  print({.name = "rebuild feed, thread and tally, by the processor time of all threads",
         .value = cpu,
         .unit = "events/s",
         .reference = "reading and decoding",
         .ratio = cpu / decoding_cpu});
  print({.name = "rebuild feed, thread and tally",
         .value = rebuilding,
         .unit = "events/s",
         .reference = "reading and decoding",
         .ratio = ratio,
         .aim = "at least 0.5",
         .met = outcome == WaitOutcome::reached && ratio >= 0.5});
}

void bench_feed_pages(std::uint64_t most_events) {
  const eventstore::ScratchFolder folder;
  const auto feed = FeedView::make();
  feed->open(folder.path() / "feed");
  Life life(1000);
  const FeedQuery newest{.platform = life.story.platform()};
  const FeedQuery top{.platform = life.story.platform(), .sort = FeedSort::top};
  double newest_before = 0, top_before = 0;
  for (std::uint64_t events = 10000; events <= most_events; events *= 10) {
    while (life.story.position() < events) {
      life.live_until(std::min(events, life.story.position() + 10000));
      apply_and_forget(life.story, {feed.get()}, 100);
    }
    const auto took_newest = median_us(500, [&] { (void)feed->page(newest); });
    const auto took_top = median_us(500, [&] { (void)feed->page(top); });
    if (newest_before == 0) newest_before = took_newest, top_before = took_top;
    const auto tell = [events](const std::string& sort, double took, double before) {
      print({.name = "feed page of 20, " + sort + ", at " + std::to_string(events) + " events",
             .value = took,
             .unit = "us",
             .reference = "at 10000 events",
             .ratio = took / before,
             .aim = "at most 1.2",
             .met = took <= 1.2 * before});
    };
    tell("new", took_newest, newest_before);
    tell("top", took_top, top_before);
  }
}

void bench_thread_page() {
  const eventstore::ScratchFolder folder;
  const auto thread = ThreadView::make();
  thread->open(folder.path() / "thread");
  Story story;
  std::mt19937 random(2);
  const auto idea = story.place(story.space(1), story.person(1));
  std::vector<domain::CommentId> comments;
  while (comments.size() < 10000) {
    std::optional<domain::CommentId> parent;
    if (!comments.empty() && random() % 3 != 0) parent = comments[random() % comments.size()];
    comments.push_back(story.comment(idea, story.person(random() % 500), parent));
  }
  apply_and_forget(story, {thread.get()}, 100);
  BranchQuery query{.platform = story.platform(), .contribution = idea, .limit = 20};
  const auto flat = median_us(1000, [&] { (void)thread->branch(query); });
  query.depth = 2;
  const auto nested = median_us(1000, [&] { (void)thread->branch(query); });
  const auto tell = [](std::string name, double took) {
    print({.name = std::move(name),
           .value = took,
           .unit = "us",
           .aim = "under 1000 us",
           .met = took < 1000});
  };
  tell("first page (20) of 10,000 comments", flat);
  tell("first page of 10,000 comments with two levels of 3 replies each", nested);
}

/// What following costs: small batches, as at 20,000 supports a second and a turn of 2 ms.
void bench_following(std::uint64_t events) {
  const eventstore::ScratchFolder folder;
  const std::vector<std::pair<const char*, std::unique_ptr<View>>> views = [] {
    std::vector<std::pair<const char*, std::unique_ptr<View>>> out;
    out.emplace_back("feed", FeedView::make());
    out.emplace_back("thread", ThreadView::make());
    out.emplace_back("tally", TallyView::make());
    out.emplace_back("person", PersonView::make());
    return out;
  }();
  Story story;
  std::mt19937 random(3);
  std::vector<domain::ContributionId> contributions;
  for (int i = 0; i < 500; ++i) {
    contributions.push_back(story.place(story.space(1), story.person(random() % 1000)));
  }
  std::vector<View*> all;
  for (const auto& [name, view] : views) {
    view->open(folder.path() / name);
    all.push_back(view.get());
  }
  apply_and_forget(story, all, 500);
  std::vector<double> took(all.size());
  std::uint64_t supports = 0;
  while (supports < events) {
    for (int i = 0; i < 20000; ++i, ++supports) {
      story.support(contributions[random() % 500], story.person(random() % 1000),
                    static_cast<domain::Stance>(random() % 3));
    }
    const std::span<const StoredEvent> told(story.events());
    const auto before = story.position() - told.size();
    for (std::size_t at = 0; at < told.size(); at += 40) {
      const auto batch = batch_of(told.subspan(at, 40), before + at);
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto began = cpu_seconds();
        all[i]->apply(batch);
        took[i] += cpu_seconds() - began;
      }
    }
    story.forget_told();
  }
  double total = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    total += took[i];
    print(std::string("following supports, batches of 40: ") + views[i].first,
          took[i] * 1e6 / static_cast<double>(supports), "us/event");
  }
  const auto rate = static_cast<double>(supports) / total;
  print({.name = "following supports: all table views on one core",
         .value = rate,
         .unit = "events/s",
         .aim = "at least 20000",
         .met = rate >= 20000});
  const FeedQuery top{.platform = story.platform(), .sort = FeedSort::controversial};
  const auto& feed = dynamic_cast<const FeedView&>(*views[0].second);
  const auto page = median_us(200, [&] { (void)feed.page(top); });
  print("feed page of 20, controversial, right after", page, "us");
  print("resident after all of this", resident_mib(), "MiB");
}

/// From a command's answer to its being visible in every table view, at 5,000 commands a second.
void bench_lag() {
  const eventstore::ScratchFolder folder;
  auto node = eventstore::Embedded::open(folder.path(), eventstore::real_files(), {});
  eventstore::Community community(*node.sequencer, *node.store, *node.keys);
  community.found();
  std::vector<domain::PersonId> people;
  std::vector<domain::ContributionId> ideas;
  for (int i = 0; i < 200; ++i) people.push_back(community.add_person());
  for (int i = 0; i < 100; ++i) {
    ideas.push_back(community.add_idea(people[static_cast<std::size_t>(i)]));
  }
  TableViews views;
  const auto runner =
      Runner::start(*node.store, table_view_specs(views), {.folder = folder.path()});
  bench::Histogram lag;
  std::mutex mutex;
  std::atomic<int> open = 0;
  std::mt19937 random(4);
  constexpr int commands = 25000, each_ms = 5;
  const auto began = Clock::now();
  for (int i = 0; i < commands; ++i) {
    if (i % each_ms == 0) std::this_thread::sleep_until(began + std::chrono::milliseconds(i / 5));
    ++open;
    auto command = community.support(people[random() % 200], ideas[random() % 100],
                                     static_cast<domain::Stance>(random() % 3));
    node.sequencer->submit(std::move(command), [&](eventstore::Outcome outcome) {
      const auto* accepted = std::get_if<eventstore::Accepted>(&outcome);
      if (accepted == nullptr) std::abort();
      const auto answered = Clock::now();
      runner->when_reached("", accepted->platform, accepted->last_position,
                           std::chrono::seconds(10), [&, answered](WaitOutcome reached) {
                             if (reached != WaitOutcome::reached) std::abort();
                             const std::scoped_lock lock(mutex);
                             lag.record(Clock::now() - answered);
                             --open;
                           });
    });
  }
  while (open > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto ms = [&](double share) {
    return std::chrono::duration<double, std::milli>(lag.percentile(share)).count();
  };
  print("answer to visible in process at 5,000 commands/s, p50", ms(0.5), "ms");
  print({.name = "answer to visible in process at 5,000 commands/s, p99",
         .value = ms(0.99),
         .unit = "ms",
         .aim = "under 10 ms",
         .met = ms(0.99) < 10});
}

}  // namespace
}  // namespace meent::projections

int main(int count, char** arguments) {
  using namespace meent::projections;
  const auto events = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000ULL;
  const std::string only = count > 2 ? arguments[2] : "";
  const auto wanted = [&only](const char* part) { return only.empty() || only == part; };
  if (wanted("thread")) bench_thread_page();
  if (wanted("lag")) bench_lag();
  if (wanted("following")) bench_following(std::min<std::uint64_t>(events, 300'000));
  if (wanted("feed")) bench_feed_pages(events);
  if (wanted("rebuild")) bench_rebuild(std::min<std::uint64_t>(events, 300'000));
}
