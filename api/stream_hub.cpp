#include "api/stream_hub.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace meent::api {

using namespace domain;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds idle_wait{200};
constexpr milliseconds token_check_interval{1000};

/// Streams with the same key get the same bytes.
std::string group_key(const HistoryReader& reader) {
  const auto& viewer = reader.viewer;
  std::string key = reader.platform.id.text();
  key += viewer.person ? viewer.person->text() : "-";
  key += viewer.is_signed_in ? 's' : 'g';
  key += viewer.may_analyse ? 'a' : '-';
  key += static_cast<char>('0' + static_cast<int>(viewer.role));
  key += static_cast<char>('0' + static_cast<int>(reader.format));
  key += reader.origin.public_url + ' ';
  key += reader.filter.space ? reader.filter.space->text() : "-";
  key += reader.filter.contribution ? reader.filter.contribution->text() : "-";
  for (const auto& type : reader.filter.types) key += "," + type;
  return key;
}

}  // namespace

struct StreamHub::Impl : std::enable_shared_from_this<Impl> {
  struct Follower {
    explicit Follower(Subscription wanted) : subscription(std::move(wanted)) {}
    Subscription subscription;
    std::shared_ptr<EventStream> stream;
    std::uint64_t next_position = 1;
    std::uint64_t end_position = 0;  ///< where one that is not live ends
    std::uint64_t left = UINT64_MAX;
    std::atomic<bool> is_drained{false};
    std::atomic<bool> is_gone{false};
    Clock::time_point token_checked_at = Clock::now();
  };
  using FollowerPtr = std::shared_ptr<Follower>;
  struct Group {
    HistoryReader reader;
    std::uint64_t next_position = 1;
    std::vector<FollowerPtr> followers;
  };

  Impl(const eventstore::Store& store_in, Options options_in)
      : store(store_in), options(options_in) {}

  const eventstore::Store& store;
  Options options;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<FollowerPtr> arriving;
  std::atomic<std::size_t> stream_count{0};
  std::atomic<bool> is_stopping{false};
  bool has_work = false;
  // The hub thread's own:
  std::vector<FollowerPtr> catching_up;
  std::map<std::string, Group> groups;
  std::thread thread;

  void wake() {
    {
      const std::lock_guard lock(mutex);
      has_work = true;
    }
    changed.notify_one();
  }

  void run() {
    while (!is_stopping) {
      take_arrivals();
      try {
        const bool is_moving = catch_up();
        feed_groups();
        if (!is_moving) pause();
      } catch (const std::exception& error) {
        spdlog::error("streams: {}; all of them are ended", error.what());
        end_all();
      }
    }
    end_all();
  }

  void take_arrivals() {
    const std::lock_guard lock(mutex);
    catching_up.insert(catching_up.end(), arriving.begin(), arriving.end());
    arriving.clear();
    has_work = false;
  }

  /// Many live streams are fed less often, so that what gathered goes out in one write to each.
  void pause() {
    const auto next_offset = store.next_offset();
    if (!groups.empty()) {
      const auto rest = milliseconds(std::min<std::size_t>(100, stream_count / 40));
      if (rest.count() > 0) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, rest, [&] { return has_work || is_stopping.load(); });
      }
      bool is_behind = false;
      for (const auto& [key, group] : groups) {
        is_behind =
            is_behind || store.tip(group.reader.platform.id).position >= group.next_position;
      }
      if (!is_behind) store.wait_beyond(next_offset, milliseconds(20));
      return;
    }
    std::unique_lock lock(mutex);
    changed.wait_for(lock, idle_wait, [&] { return has_work || is_stopping.load(); });
  }

  /// One slice for everyone who can take one. True when somebody moved.
  bool catch_up() {
    bool is_moving = false;
    for (auto& follower : catching_up) {
      if (follower->is_gone || !follower->is_drained) continue;
      is_moving = advance(follower) || is_moving;
    }
    std::erase_if(catching_up, [](const FollowerPtr& follower) {
      return follower == nullptr || follower->is_gone;
    });
    return is_moving;
  }

  bool advance(FollowerPtr& follower) {
    const auto& reader = follower->subscription.reader;
    const auto tip = store.tip(reader.platform.id).position;
    const auto to = follower->subscription.is_live ? tip : follower->end_position;
    if (follower->next_position > to || follower->left == 0) {
      finish_or_join(follower, tip);
      return true;
    }
    auto slice = reader.read(follower->next_position, to, options.slice_bytes, follower->left);
    if (slice.next_position == follower->next_position) return false;
    follower->next_position = slice.next_position;
    follower->left -= slice.event_count;
    if (!slice.text.empty()) {
      follower->is_drained = false;
      follower->stream->push(std::move(slice.text), std::move(slice.cursor));
    }
    return true;
  }

  void finish_or_join(FollowerPtr& follower, std::uint64_t tip) {
    if (!follower->subscription.is_live) {
      follower->stream->finish();
      follower->is_gone = true;
      return;
    }
    const auto key = group_key(follower->subscription.reader);
    const auto [it, is_new] =
        groups.try_emplace(key, Group{follower->subscription.reader, tip + 1, {}});
    auto& group = it->second;
    if (group.next_position > follower->next_position) return;  // it moved on: catch up once more
    while (group.next_position < follower->next_position) feed(group, follower->next_position - 1);
    group.followers.push_back(std::move(follower));
    follower = nullptr;
  }

  void feed_groups() {
    for (auto it = groups.begin(); it != groups.end();) {
      auto& group = it->second;
      drop_those_without_right(group);
      std::erase_if(group.followers, [](const FollowerPtr& one) { return one->is_gone.load(); });
      if (group.followers.empty()) {
        it = groups.erase(it);
        continue;
      }
      feed(group, store.tip(group.reader.platform.id).position);
      ++it;
    }
  }

  void feed(Group& group, std::uint64_t to) {
    while (group.next_position <= to && !is_stopping) {
      auto slice = group.reader.read(group.next_position, to, options.slice_bytes, UINT64_MAX);
      if (slice.next_position == group.next_position) return;
      group.next_position = slice.next_position;
      if (slice.text.empty()) continue;
      const auto chunk = std::make_shared<const Chunk>(
          Chunk{.text = std::move(slice.text), .cursor = std::move(slice.cursor)});
      for (const auto& follower : group.followers) follower->stream->push(chunk);
    }
  }

  void drop_those_without_right(Group& group) {
    if (!group.reader.viewer.is_signed_in) return;
    const auto now = Clock::now();
    for (const auto& follower : group.followers) {
      if (now - follower->token_checked_at < token_check_interval) continue;
      follower->token_checked_at = now;
      const auto requester =
          find_requester(store, group.reader.platform.id, follower->subscription.token_text);
      if (requester && requester->viewer.role == group.reader.viewer.role &&
          requester->viewer.may_analyse == group.reader.viewer.may_analyse) {
        continue;
      }
      follower->stream->finish();
      follower->is_gone = true;
    }
  }

  void end_all() {
    {
      const std::lock_guard lock(mutex);
      catching_up.insert(catching_up.end(), arriving.begin(), arriving.end());
      arriving.clear();
    }
    for (const auto& follower : catching_up) follower->stream->stop();
    for (const auto& [key, group] : groups) {
      for (const auto& follower : group.followers) follower->stream->stop();
    }
    catching_up.clear();
    groups.clear();
  }
};

StreamHub::StreamHub(const eventstore::Store& store) : StreamHub(store, Options{}) {}

StreamHub::StreamHub(const eventstore::Store& store, Options options)
    : impl_(std::make_shared<Impl>(store, options)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

StreamHub::~StreamHub() {
  stop();
}

std::shared_ptr<EventStream> StreamHub::subscribe(Subscription subscription) {
  if (impl_->is_stopping || impl_->stream_count >= impl_->options.most_streams) return nullptr;
  auto follower = std::make_shared<Impl::Follower>(std::move(subscription));
  const auto& wanted = follower->subscription;
  follower->next_position = wanted.from;
  follower->left = wanted.most_events;
  follower->end_position = impl_->store.tip(wanted.reader.platform.id).position;
  EventStream::Options options;
  if (!is_event_stream(wanted.reader.format)) options.heartbeat.clear();
  options.farewell = [reader = wanted.reader](StreamEnd end, std::string_view cursor) {
    return reader.farewell(end == StreamEnd::too_slow ? "too-slow" : "stopping", cursor);
  };
  const std::weak_ptr<Impl::Follower> weak = follower;
  const std::weak_ptr<Impl> weak_impl = impl_;
  options.on_drained = [weak, weak_impl](EventStream&) {
    const auto strong = weak.lock();
    const auto impl = weak_impl.lock();
    // Live streams drain all the time; only one that waits for its next slice wakes the hub.
    if (strong && impl && !strong->is_drained.exchange(true)) impl->wake();
  };
  options.on_close = [weak, weak_impl](StreamEnd) {
    const auto strong = weak.lock();
    if (strong) strong->is_gone = true;
    if (const auto impl = weak_impl.lock()) --impl->stream_count;
  };
  follower->stream = EventStream::make(std::move(options));
  ++impl_->stream_count;
  auto stream = follower->stream;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->arriving.push_back(std::move(follower));
    impl_->has_work = true;
  }
  impl_->changed.notify_one();
  return stream;
}

std::size_t StreamHub::count() const {
  return impl_->stream_count;
}

void StreamHub::stop() {
  if (impl_->is_stopping.exchange(true)) return;
  impl_->wake();
  impl_->thread.join();
}

}  // namespace meent::api
