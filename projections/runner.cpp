#include "projections/runner.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <map>

#include "projections/lane.h"
#include "projections/tables.h"
#include "projections/views.h"
#include "projections/waiters.h"

namespace meent::projections {
namespace {

using Condition = ViewHealth::Condition;

/// A view, its directories and how it is. What is below `home` is guarded by the runner's mutex.
struct Entry {
  Entry(ViewSpec made, const std::filesystem::path& folder)
      : spec(std::move(made)), home(folder / spec.parent, spec.name) {}
  const ViewSpec spec;
  const ViewHome home;
  std::shared_ptr<OpenView> serving;
  bool is_building = false;  ///< an instance that does not serve yet is under way
  bool is_stopped = false;
  std::string error;
  std::uint64_t next_offset = 0;
  std::uint64_t events_applied = 0;
  const Lane* lane = nullptr;
};

class ViewRunner final : public Runner, public LaneEvents {
 public:
  ViewRunner(const eventstore::Store& store, std::vector<ViewSpec> views, RunnerOptions options)
      : store_(store),
        options_(std::move(options)),
        waiters_(options_.most_waiters,
                 [this](std::string_view view, domain::PlatformId platform,
                        std::uint64_t position) { return judge(view, platform, position); }) {
    for (auto& spec : views) {
      entries_.push_back(std::make_unique<Entry>(std::move(spec), options_.folder));
      auto& lane = lanes_[entries_.back()->spec.lane];
      if (!lane)
        lane = std::make_unique<Lane>(store_, options_, Lane::Purpose::live, stopped_, *this);
      entries_.back()->lane = lane.get();
    }
    std::map<std::string, std::vector<Member>> members;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      try {
        for (auto& member : resume(i)) members[entries_[i]->spec.lane].push_back(std::move(member));
      } catch (const eventstore::StorageError& error) {
        stop_view(*entries_[i], error.what());
      }
    }
    for (auto& [name, lane] : lanes_) {
      start_members(*lane, std::move(members[name]));
      lane->run();
    }
  }
  ~ViewRunner() override { stop(); }

  void when_reached(std::string_view view, domain::PlatformId platform, std::uint64_t position,
                    std::chrono::milliseconds at_most,
                    std::function<void(WaitOutcome)> done) override {
    waiters_.add(platform, {.view = std::string(view),
                            .position = position,
                            .until = Waiters::Clock::now() + at_most,
                            .done = std::move(done)});
    if (waiters_.empty()) return;
    for (auto& [name, lane] : lanes_) lane->hurry();
  }

  bool rebuild(std::string_view view) override {
    const auto found = std::ranges::find_if(
        entries_, [view](const auto& entry) { return entry->spec.name == view; });
    if (found == entries_.end()) return false;
    {
      const std::scoped_lock lock(mutex_);
      if ((*found)->is_building || is_stopping_) return false;
      (*found)->is_building = true;
    }
    const auto index = static_cast<std::size_t>(found - entries_.begin());
    build(index);
    return true;
  }

  [[nodiscard]] RunnerHealth health() const override;

  void stop() override {
    {
      const std::scoped_lock lock(mutex_);
      if (is_stopping_) return;
      is_stopping_ = true;
    }
    waiters_.stop();
    for (auto& [name, lane] : lanes_) lane->stop();
    std::vector<std::unique_ptr<Lane>> builders;
    {
      const std::scoped_lock lock(builders_mutex_);
      builders.swap(builders_);
    }
    for (auto& builder : builders) builder->stop();
  }

 private:
  std::vector<Member> resume(std::size_t index);
  std::optional<Member> resume_directory(std::size_t index, const std::string& directory,
                                         bool serves);
  std::optional<Member> fresh(std::size_t index);
  std::unique_ptr<View> make(const Entry& entry, std::uint32_t version) const;
  void start_members(Lane& lane, std::vector<Member> members);
  void build(std::size_t index);
  void run_builder(std::vector<Member> members);
  void serve(Entry& entry, const std::shared_ptr<OpenView>& open);
  void stop_view(Entry& entry, const std::string& why);
  [[nodiscard]] std::optional<WaitOutcome> judge(std::string_view view, domain::PlatformId platform,
                                                 std::uint64_t position) const;
  [[nodiscard]] ViewHealth health_of(const Entry& entry, std::uint64_t tip) const;

  void applied(const Member& member, std::uint64_t events) override {
    const std::scoped_lock lock(mutex_);
    auto& entry = *entries_[member.entry];
    entry.events_applied += events;
    if (member.serves || !entry.serving) entry.next_offset = member.at.next_offset;
  }
  void failed(Member member, const std::string& why) override;
  void off_chain(Member member, const std::string& why) override;
  void serves_now(const Member& member) override;
  void near_tip(Member member) override {
    lanes_.at(entries_[member.entry]->spec.lane)->adopt(std::move(member));
  }
  void turned(const std::map<domain::PlatformId, ChainMark>& moved) override {
    waiters_.settle(moved);
  }
  void tick() override { waiters_.settle_all(); }
  [[nodiscard]] bool has_waiters() const override { return !waiters_.empty(); }

  const eventstore::Store& store_;
  const RunnerOptions options_;
  std::vector<std::unique_ptr<Entry>> entries_;  ///< fixed after construction
  mutable std::mutex mutex_;                     ///< never held while waiters or views are called
  bool is_stopping_ = false;
  Waiters waiters_;
  StoppedPlatforms stopped_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_;  ///< fixed after construction
  std::mutex builders_mutex_;
  std::vector<std::unique_ptr<Lane>> builders_;
};

// Starting ---------------------------------------------------------------------------------------

/// What there is of this view: the one that serves and the one to build, either or both.
std::vector<Member> ViewRunner::resume(std::size_t index) {
  auto& entry = *entries_[index];
  const auto newest = entry.spec.versions.front()()->version();
  const auto current = entry.home.current();
  std::vector<Member> members;
  std::vector<std::string> kept;
  if (current) {
    if (auto member = resume_directory(index, *current, true)) {
      kept.push_back(*current);
      serve(entry, member->open);
      members.push_back(*std::move(member));
    } else {
      entry.home.forget_current();
    }
  }
  const bool is_newest = !members.empty() && members.front().open->view().version() == newest;
  const auto unfinished = entry.home.first(newest);
  if (!is_newest && current != unfinished) kept.push_back(unfinished);
  entry.home.remove_all_but(kept);
  if (is_newest) return members;
  entry.is_building = true;
  auto member = std::filesystem::exists(entry.home.path(unfinished))
                    ? resume_directory(index, unfinished, false)
                    : std::nullopt;
  if (!member) member = fresh(index);
  if (member) members.push_back(*std::move(member));
  return members;
}

/// Nothing when it cannot be used: then it is gone. Throws StorageError when the disk fails or
/// somebody else has it open: then it is left alone.
std::optional<Member> ViewRunner::resume_directory(std::size_t index, const std::string& directory,
                                                   bool serves) {
  auto& entry = *entries_[index];
  std::string why;
  try {
    auto view = make(entry, entry.home.version_of(directory));
    if (view) {
      Member member{.entry = index,
                    .open = OpenView::open(std::move(view), entry.home, directory),
                    .at = {},
                    .serves = serves,
                    .wants = entry.spec.wants,
                    .passes_over_repeats = entry.spec.passes_over_repeats};
      member.at = member.open->view().checkpoint();
      const auto fault = fault_in(member.at, store_, member.passes_over_repeats);
      if (!fault) {
        entry.next_offset = member.at.next_offset;
        return member;
      }
      why = *fault;
    } else {
      why = "this program does not know its version";
    }
  } catch (const ViewFault& fault) {
    why = fault.what();
  }
  spdlog::warn("view {}: {} is thrown away and built anew: {}", entry.spec.name, directory, why);
  entry.home.remove(directory);
  return std::nullopt;
}

/// A new instance at offset 0; nothing when it cannot be opened, then the view is stopped.
std::optional<Member> ViewRunner::fresh(std::size_t index) {
  auto& entry = *entries_[index];
  try {
    auto view = entry.spec.versions.front()();
    auto directory = entry.home.unused(view->version());
    Member member{.entry = index,
                  .open = OpenView::open(std::move(view), entry.home, std::move(directory)),
                  .at = {},
                  .is_fresh = true,
                  .wants = entry.spec.wants,
                  .passes_over_repeats = entry.spec.passes_over_repeats};
    return member;
  } catch (const std::exception& error) {
    stop_view(entry, std::string("cannot be built: ") + error.what());
    return std::nullopt;
  }
}

std::unique_ptr<View> ViewRunner::make(const Entry& entry, std::uint32_t version) const {
  for (const auto& made : entry.spec.versions) {
    auto view = made();
    if (view->version() == version) return view;
  }
  return nullptr;
}

/// What is to be built, and what serves far behind the others, catches up on a thread of its own.
void ViewRunner::start_members(Lane& lane, std::vector<Member> members) {
  std::uint64_t furthest = 0;
  for (const auto& member : members) furthest = std::max(furthest, member.at.next_offset);
  const auto tip = store_.next_offset();
  std::vector<Member> behind;
  for (auto& member : members) {
    const auto goal = member.serves ? furthest : tip;
    if (member.at.next_offset + options_.far_behind < goal) {
      behind.push_back(std::move(member));
    } else {
      lane.adopt(std::move(member));
    }
  }
  if (!behind.empty()) run_builder(std::move(behind));
}

// Building ---------------------------------------------------------------------------------------

void ViewRunner::build(std::size_t index) {
  auto member = fresh(index);
  if (!member) return;
  std::vector<Member> members;
  members.push_back(*std::move(member));
  run_builder(std::move(members));
}

void ViewRunner::run_builder(std::vector<Member> members) {
  const std::scoped_lock lock(builders_mutex_);
  {
    const std::scoped_lock stopping_lock(mutex_);
    if (is_stopping_) return;
  }
  std::erase_if(builders_, [](const auto& builder) { return builder->has_ended(); });
  auto builder = std::make_unique<Lane>(store_, options_, Lane::Purpose::building, stopped_, *this);
  for (auto& member : members) builder->adopt(std::move(member));
  builder->run();
  builders_.push_back(std::move(builder));
}

void ViewRunner::serves_now(const Member& member) {
  auto& entry = *entries_[member.entry];
  try {
    entry.home.set_current(member.open->directory());
  } catch (const std::exception& error) {
    spdlog::error("view {}: {}; it is built again at the next start", entry.spec.name,
                  error.what());
  }
  serve(entry, member.open);
  waiters_.settle_all();
}

/// The old one, if any, goes with its last reader.
void ViewRunner::serve(Entry& entry, const std::shared_ptr<OpenView>& open) {
  std::shared_ptr<OpenView> old;
  {
    const std::scoped_lock lock(mutex_);
    old = std::exchange(entry.serving, open);
    entry.is_building = false;
    entry.is_stopped = false;
    entry.error.clear();
  }
  if (old) old->retire();
  entry.spec.serve(open ? OpenView::shared(open) : nullptr);
}

void ViewRunner::stop_view(Entry& entry, const std::string& why) {
  spdlog::error("view {} has stopped: {}", entry.spec.name, why);
  {
    const std::scoped_lock lock(mutex_);
    entry.is_building = false;
    entry.is_stopped = true;
    entry.error = why;
  }
  waiters_.settle_all();
}

void ViewRunner::failed(Member member, const std::string& why) {
  auto& entry = *entries_[member.entry];
  if (member.serves) return stop_view(entry, why);
  member.open->retire();
  std::unique_lock lock(mutex_);
  if (!entry.serving) {
    lock.unlock();
    return stop_view(entry, why);
  }
  entry.is_building = false;
  entry.error = "rebuilding failed: " + why;
  spdlog::error("view {}: {}", entry.spec.name, entry.error);
}

void ViewRunner::off_chain(Member member, const std::string& why) {
  auto& entry = *entries_[member.entry];
  if (member.is_fresh) return failed(std::move(member), why + "; run `meent verify`");
  spdlog::warn("view {}: thrown away and built anew: {}", entry.spec.name, why);
  const auto index = member.entry;
  if (member.serves) {
    entry.home.forget_current();
    serve(entry, nullptr);
  } else {
    member.open->retire();
  }
  member.open.reset();
  {
    const std::scoped_lock lock(mutex_);
    entry.is_building = true;
    entry.next_offset = 0;
    if (is_stopping_) return;
  }
  build(index);
}

// Asking -----------------------------------------------------------------------------------------

std::optional<WaitOutcome> ViewRunner::judge(std::string_view view, domain::PlatformId platform,
                                             std::uint64_t position) const {
  const std::scoped_lock lock(mutex_);
  bool reached = true;
  bool known = false;
  for (const auto& entry : entries_) {
    if (!view.empty() && entry->spec.name != view) continue;
    known = true;
    if (entry->serving && entry->serving->view().position(platform) >= position) continue;
    if (entry->is_stopped) return WaitOutcome::stopped;
    reached = false;
  }
  if (!known) return WaitOutcome::stopped;
  return reached ? std::optional(WaitOutcome::reached) : std::nullopt;
}

ViewHealth ViewRunner::health_of(const Entry& entry, std::uint64_t tip) const {
  ViewHealth health{.name = entry.spec.name,
                    .is_rebuilding = entry.serving && entry.is_building,
                    .next_offset = entry.next_offset,
                    .events_applied = entry.events_applied,
                    .error = entry.error,
                    .silent = entry.lane->silent()};
  health.lag_envelopes = tip > entry.next_offset ? tip - entry.next_offset : 0;
  if (entry.serving) health.version = entry.serving->view().version();
  if (entry.is_stopped) {
    health.condition = Condition::stopped;
  } else if (entry.serving) {
    health.condition = Condition::live;
  }
  return health;
}

RunnerHealth ViewRunner::health() const {
  RunnerHealth health;
  const auto tip = store_.next_offset();
  const auto say = [&](const std::string& reason) {
    if (health.reason.empty()) health.reason = reason;
  };
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& entry : entries_) {
      health.views.push_back(health_of(*entry, tip));
      const auto& view = health.views.back();
      if (view.condition == Condition::stopped)
        say("view " + view.name + " has stopped: " + view.error);
      if (view.condition == Condition::building) {
        say("view " + view.name + " is being built: at " + std::to_string(view.next_offset) +
            " of " + std::to_string(tip));
      }
    }
  }
  for (const auto& [name, lane] : lanes_) {
    if (lane->is_short_of_space()) say("views wait: too little space is left on the disk");
  }
  health.stopped_platforms = stopped_.list();
  for (const auto& platform : health.stopped_platforms) {
    say("views of platform " + platform.platform.text() + " stand still at position " +
        std::to_string(platform.position) + ": " + platform.why);
  }
  return health;
}

}  // namespace

std::unique_ptr<Runner> Runner::start(const eventstore::Store& store, std::vector<ViewSpec> views,
                                      RunnerOptions options) {
  return std::make_unique<ViewRunner>(store, std::move(views), std::move(options));
}

WaitOutcome Runner::wait_for(std::string_view view, domain::PlatformId platform,
                             std::uint64_t position, std::chrono::milliseconds at_most) {
  const auto answer = std::make_shared<std::promise<WaitOutcome>>();
  auto outcome = answer->get_future();
  when_reached(view, platform, position, at_most,
               [answer](WaitOutcome given) { answer->set_value(given); });
  return outcome.get();
}

bool is_about_contributions(std::string_view type) {
  return type.starts_with("contribution-") || type.starts_with("comment-") ||
         type.starts_with("support-") || type.starts_with("item-");
}

std::vector<ViewSpec> table_view_specs(TableViews& views) {
  std::vector<ViewSpec> specs;
  specs.push_back(view_spec<FeedView>("feed", views.feed, &FeedView::make));
  specs.push_back(view_spec<ThreadView>("thread", views.thread, &ThreadView::make));
  specs.push_back(view_spec<TallyView>("tally", views.tally, &TallyView::make));
  specs.push_back(view_spec<PersonView>("person", views.person, &PersonView::make));
  for (auto& spec : specs) spec.wants = is_about_contributions;
  return specs;
}

}  // namespace meent::projections
