#include "projections/search.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>

#include "projections/search_answer.h"
#include "projections/search_checkpoint.h"
#include "projections/search_index.h"

namespace meent::projections {

namespace fs = std::filesystem;
using domain::PlatformId;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t most_open_writers = 16;
constexpr std::size_t most_platforms_with_readers = 32;
/// A commit costs milliseconds whatever is in it, so the next one waits four times as long as the
/// last one took: at once for the single comment, a fifth of the time under load.
constexpr int rest_factor = 4;
constexpr milliseconds longest_rest{200};
constexpr milliseconds checkpoint_every{1000};

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

void dump_document(Xapian::Database& database, const std::string& prefix, Xapian::docid id,
                   const std::function<void(std::string_view)>& line) {
  const auto document = database.get_document(id);
  line(prefix + " data " + hex(document.get_data()));
  for (auto it = document.termlist_begin(); it != document.termlist_end(); ++it) {
    std::string text = prefix + " term " + *it + " " + std::to_string(it.get_wdf());
    for (auto at = it.positionlist_begin(); at != it.positionlist_end(); ++at) {
      text += " " + std::to_string(*at);
    }
    line(text);
  }
  for (auto it = document.values_begin(); it != document.values_end(); ++it) {
    line(prefix + " value " + std::to_string(it.get_valueno()) + " " + hex(*it));
  }
}

/// Terms are in byte order, and every document has exactly one that starts with Q.
void dump_database(Xapian::Database& database, const std::string& platform,
                   const std::function<void(std::string_view)>& line) {
  for (auto it = database.allterms_begin("Q"); it != database.allterms_end("Q"); ++it) {
    const auto term = *it;
    dump_document(database, platform + " document " + term, *database.postlist_begin(term), line);
  }
  for (auto it = database.spellings_begin(); it != database.spellings_end(); ++it) {
    line(platform + " spelling " + *it + " " + std::to_string(it.get_termfreq()));
  }
}

}  // namespace

/// The platforms' databases, who commits them when, and how far each one is.
class SearchView::Shelf {
 public:
  explicit Shelf(const eventstore::Keys& keys) : keys_(keys) {}
  ~Shelf() {
    committer_ = {};  // stops and waits
    try {
      close();
    } catch (const std::exception&) {
      // Left unclosed: at the next start it is what a crash leaves, and read or built anew.
    }
  }

  void open(const fs::path& directory) {
    const std::scoped_lock lock(writing_);
    directory_ = directory;
    fs::create_directories(directory_);
    if (!take_up()) {
      {
        const std::unique_lock indexes_lock(indexes_mutex_);
        indexes_.clear();
      }
      marks_.clear();
      for (const auto& entry : fs::directory_iterator(directory_)) fs::remove_all(entry.path());
    }
    visible_ = marks_;
    write_checkpoint(false);
    committer_ = std::jthread([this](const std::stop_token& stop) { commit_when_due(stop); });
  }

  Checkpoint checkpoint() const {
    const std::scoped_lock lock(visible_mutex_);
    return {.next_offset = visible_offset_, .platforms = visible_};
  }

  std::uint64_t position(PlatformId platform) const {
    const std::scoped_lock lock(visible_mutex_);
    const auto it = visible_.find(platform);
    return it == visible_.end() ? 0 : it->second.position;
  }

  void apply(const EventBatch& batch) {
    std::unique_lock lock(writing_);
    if (failure_) std::rethrow_exception(failure_);
    try {
      take_in(batch);
      if (!is_any_dirty()) {
        show();
        write_checkpoint_sometimes();
      } else if (steady_clock::now() >= next_commit_) {
        commit();
      }
    } catch (...) {
      // Half a batch must never be committed.
      failure_ = std::current_exception();
      throw;
    }
    lock.unlock();
    dirty_.notify_one();
  }

  /// Makes visible what was applied.
  void flush() {
    const std::scoped_lock lock(writing_);
    if (failure_) std::rethrow_exception(failure_);
    commit();
  }

  SearchPage search(const SearchQuery& query) {
    SearchPage page;
    auto* index = find(query.platform);
    if (index == nullptr) return page;
    index->read([&](Xapian::Database& database) { page = answer_search(database, keys_, query); });
    note_reader(query.platform);
    return page;
  }

  void dump(const std::function<void(std::string_view)>& line) {
    std::vector<PlatformId> platforms;
    {
      const std::shared_lock lock(indexes_mutex_);
      for (const auto& [platform, index] : indexes_) platforms.push_back(platform);
    }
    for (const auto platform : platforms) {
      find(platform)->read(
          [&](Xapian::Database& database) { dump_database(database, platform.text(), line); });
    }
  }

 private:
  /// What an earlier run left. False: it does not fit together.
  bool take_up() {
    const auto kept = read_search_checkpoint(directory_);
    if (!kept) return false;
    try {
      for (const auto& entry : fs::directory_iterator(directory_)) {
        const auto platform = PlatformId::parse(entry.path().filename().string());
        if (!entry.is_directory() || !platform) continue;
        const auto& mark = index_of(*platform).committed();
        if (mark.position > 0) marks_[*platform] = mark;
        find(*platform)->close_readers();
      }
      for (const auto& row : kept->platforms) {
        // A kill may have left the database further than the file.
        auto& mark = marks_[row.platform];
        if (mark.position < row.committed) return false;
        if (mark.position < row.mark.position) mark = row.mark;
      }
    } catch (const eventstore::StorageError&) {
      return false;
    }
    next_offset_ = visible_offset_ = kept->next_offset;
    return true;
  }

  void close() {
    const std::scoped_lock lock(writing_);
    if (directory_.empty() || failure_) return;
    commit();
    for (auto& [platform, index] : indexes_) index->close_writer();
    std::vector<fs::path> folders;
    folders.reserve(written_.size());
    for (const auto platform : written_) folders.push_back(directory_ / platform.text());
    sync_folders(folders);
    write_checkpoint(true);
  }

  SearchIndex* find(PlatformId platform) const {
    const std::shared_lock lock(indexes_mutex_);
    const auto it = indexes_.find(platform);
    return it == indexes_.end() ? nullptr : it->second.get();
  }

  SearchIndex& index_of(PlatformId platform) {
    if (auto* found = find(platform)) return *found;
    const std::unique_lock lock(indexes_mutex_);
    auto& index = indexes_[platform];
    index = std::make_unique<SearchIndex>(directory_ / platform.text(), platform, keys_);
    return *index;
  }

  void take_in(const EventBatch& batch) {
    // Platform by platform, so that few databases are open at a time.
    std::map<PlatformId, std::vector<const StoredEvent*>> platforms;
    for (const auto& stored : batch.events) {
      if (SearchIndex::is_about(stored.event)) {
        platforms[stored.context.platform].push_back(&stored);
      }
    }
    for (const auto& [platform, events] : platforms) {
      auto& index = index_of(platform);
      for (const auto* stored : events) index.apply(*stored);
      // Only now: a database is committed with its mark, also in the middle of a batch.
      const auto reached = batch.reached.platforms.find(platform);
      if (reached != batch.reached.platforms.end()) advance(platform, reached->second);
      note_writer(platform);
    }
    for (const auto& [platform, mark] : batch.reached.platforms) advance(platform, mark);
    next_offset_ = batch.reached.next_offset;
  }

  void advance(PlatformId platform, const ChainMark& mark) {
    auto& known = marks_[platform];
    if (known.position < mark.position) known = moved_[platform] = mark;
  }

  /// Keeps the number of open databases down: what was written to longest ago is closed.
  void note_writer(PlatformId platform) {
    written_.insert(platform);
    std::erase(open_writers_, platform);
    open_writers_.push_back(platform);
    if (open_writers_.size() <= most_open_writers) return;
    const auto oldest = open_writers_.front();
    open_writers_.pop_front();
    auto& index = index_of(oldest);
    if (index.is_dirty()) index.commit(marks_[oldest]);
    index.close_writer();
  }

  void note_reader(PlatformId platform) {
    std::optional<PlatformId> closing;
    {
      const std::scoped_lock lock(readers_mutex_);
      if (!read_lately_.empty() && read_lately_.back() == platform) return;
      std::erase(read_lately_, platform);
      read_lately_.push_back(platform);
      if (read_lately_.size() > most_platforms_with_readers) {
        closing = read_lately_.front();
        read_lately_.pop_front();
      }
    }
    if (closing) find(*closing)->close_readers();
  }

  [[nodiscard]] bool is_any_dirty() const {
    return std::ranges::any_of(open_writers_,
                               [&](PlatformId platform) { return find(platform)->is_dirty(); });
  }

  void commit() {
    const auto begin = steady_clock::now();
    for (const auto platform : open_writers_) {
      auto& index = index_of(platform);
      if (index.is_dirty()) index.commit(marks_[platform]);
    }
    const auto took = steady_clock::now() - begin;
    next_commit_ =
        steady_clock::now() + std::min<steady_clock::duration>(took * rest_factor, longest_rest);
    show();
    write_checkpoint_sometimes();
  }

  /// Everything applied is committed.
  void show() {
    const std::scoped_lock lock(visible_mutex_);
    for (const auto& [platform, mark] : moved_) visible_[platform] = mark;
    moved_.clear();
    visible_offset_ = next_offset_;
  }

  void write_checkpoint_sometimes() {
    if (steady_clock::now() >= next_checkpoint_) write_checkpoint(false);
  }

  void write_checkpoint(bool is_closed) {
    SearchCheckpoint out{
        .boot = this_boot(), .is_closed = is_closed, .next_offset = next_offset_, .platforms = {}};
    for (const auto& [platform, mark] : marks_) {
      auto* index = find(platform);
      out.platforms.push_back({.platform = platform,
                               .mark = mark,
                               .committed = index ? index->committed().position : 0});
    }
    write_search_checkpoint(directory_, out);
    next_checkpoint_ = steady_clock::now() + checkpoint_every;
  }

  void commit_when_due(const std::stop_token& stop) {
    std::unique_lock lock(writing_);
    while (dirty_.wait(lock, stop, [&] { return !failure_ && is_any_dirty(); })) {
      // A batch that came in meanwhile may have committed, and moved the time.
      if (steady_clock::now() < next_commit_) {
        const auto due = next_commit_;  // it may move while this waits without the lock
        dirty_.wait_until(lock, stop, due, [] { return false; });
        continue;
      }
      try {
        commit();
      } catch (...) {
        failure_ = std::current_exception();
      }
    }
  }

  const eventstore::Keys& keys_;
  fs::path directory_;

  mutable std::mutex writing_;  ///< apply, commit, close
  std::condition_variable_any dirty_;
  std::map<PlatformId, ChainMark> marks_;  ///< of what was applied
  std::map<PlatformId, ChainMark> moved_;  ///< of these, what is not visible yet
  std::uint64_t next_offset_ = 0;
  std::deque<PlatformId> open_writers_;  ///< written to last at the back
  std::set<PlatformId> written_;         ///< since it was opened
  steady_clock::time_point next_commit_, next_checkpoint_;
  std::exception_ptr failure_;

  mutable std::shared_mutex indexes_mutex_;
  std::map<PlatformId, std::unique_ptr<SearchIndex>> indexes_;

  mutable std::mutex visible_mutex_;
  std::map<PlatformId, ChainMark> visible_;
  std::uint64_t visible_offset_ = 0;

  std::mutex readers_mutex_;
  std::deque<PlatformId> read_lately_;

  std::jthread committer_;
};

SearchView::SearchView(const eventstore::Keys& keys) : shelf_(std::make_unique<Shelf>(keys)) {}
SearchView::~SearchView() = default;

SearchPage SearchView::search(const SearchQuery& query) const {
  return shelf_->search(query);
}
void SearchView::open(const fs::path& directory) {
  shelf_->open(directory);
}
Checkpoint SearchView::checkpoint() const {
  return shelf_->checkpoint();
}
std::uint64_t SearchView::position(PlatformId platform) const {
  return shelf_->position(platform);
}
void SearchView::apply(const EventBatch& batch) {
  shelf_->apply(batch);
}
void SearchView::dump(const std::function<void(std::string_view line)>& line) const {
  shelf_->flush();
  shelf_->dump(line);
}

ViewSpec search_view_spec(Slot<SearchView>& slot, const eventstore::Keys& keys) {
  auto spec =
      view_spec<SearchView>("search", slot, [&keys] { return std::make_unique<SearchView>(keys); });
  spec.parent = "";
  spec.lane = "search";
  spec.passes_over_repeats = true;
  // The wire names of what SearchIndex::is_about.
  spec.wants = [](std::string_view type) {
    return type.starts_with("contribution-") || type.starts_with("comment-") ||
           type.starts_with("item-");
  };
  return spec;
}

}  // namespace meent::projections
