#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "domain/packing.h"
#include "projections/change_set.h"
#include "projections/view.h"

/// What the table views stand on: one RocksDB database a view, sorted keys and values, the
/// checkpoint among them. Keys start with a table's letter; letters below 'A' are the checkpoint's.
namespace meent::projections {

/// An event that cannot be folded into this view: it names what no earlier event made.
class ViewFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void append_to(std::string& key, std::string_view bytes) {
  key += bytes;
}
inline void append_to(std::string& key, std::uint8_t byte) {
  key += static_cast<char>(byte);
}
void append_to(std::string& key, std::uint64_t number);
template <class Tag>
void append_to(std::string& key, const domain::Id<Tag>& id) {
  key.append(reinterpret_cast<const char*>(id.value().data()), id.value().size());
}
/// A table's letter and parts, so that byte order is the order meant: numbers big-endian, ids as
/// they are.
template <class... Parts>
std::string key_of(char table, const Parts&... parts) {
  std::string key(1, table);
  (append_to(key, parts), ...);
  return key;
}
/// Reads a number that `append_to` wrote, `at` bytes from the front.
std::uint64_t number_in(std::string_view key, std::size_t at);

/// Key and value bytes of one row; live until the cursor moves.
struct TableRow {
  std::string_view key, value;
};

/// One view's rows at one moment. Threads: one; several snapshots at once are fine.
class TableSnapshot {
 public:
  virtual ~TableSnapshot() = default;
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// The same for many at once, which is cheaper; in the order asked.
  [[nodiscard]] virtual std::vector<std::optional<std::string>> get_many(
      const std::vector<std::string>& keys) const = 0;
  /// The platform's position at this moment.
  [[nodiscard]] virtual std::uint64_t position(domain::PlatformId platform) const = 0;

  /// Walks the rows whose key starts with a prefix.
  class Cursor {
   public:
    virtual ~Cursor() = default;
    /// First row at or after `key` (backwards: at or before), which starts with `prefix`.
    virtual void seek(std::string_view prefix, std::string_view key, bool backwards) = 0;
    [[nodiscard]] virtual bool valid() const = 0;  ///< still within the prefix
    [[nodiscard]] virtual TableRow row() const = 0;
    virtual void next() = 0;
    /// From the first row of a prefix.
    void seek(std::string_view prefix) { seek(prefix, prefix, false); }
  };
  [[nodiscard]] virtual std::unique_ptr<Cursor> cursor() const = 0;

  template <class Row>
  [[nodiscard]] std::optional<Row> row(std::string_view key) const;
};

class Tables {
 public:
  /// Opens the directory or makes it; emptied when it was written by another version of the view.
  /// Throws eventstore::StorageError.
  static std::unique_ptr<Tables> open(const std::filesystem::path& directory,
                                      std::uint32_t version);
  virtual ~Tables() = default;
  [[nodiscard]] virtual Checkpoint checkpoint() const = 0;
  [[nodiscard]] virtual std::uint64_t position(domain::PlatformId platform) const = 0;
  [[nodiscard]] virtual std::unique_ptr<TableSnapshot> snapshot() const = 0;
  /// The latest value.
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// Keys that start with `prefix`, at most `limit`.
  [[nodiscard]] virtual std::vector<std::string> keys(std::string_view prefix,
                                                      std::size_t limit) const = 0;
  /// Changes and checkpoint, all or none. Not synced and not in a write-ahead log: after a crash
  /// the view is where it was some seconds before, rows and checkpoint together.
  virtual void write(const ChangeSet& changes, const Checkpoint& reached) = 0;
  virtual void dump(const std::function<void(std::string_view line)>& line) const = 0;
};

/// Changes that are not written yet; reads see them. Only the last value of a key is written.
/// Threads: one; another may write what `freeze` gave while this one goes on.
class TableChanges {
 public:
  explicit TableChanges(const Tables& tables) : tables_(tables) {}
  [[nodiscard]] std::optional<std::string> get(std::string_view key) const;
  void put(std::string_view key, std::string_view value) { changes_->set(key, value); }
  void erase(std::string_view key) { changes_->set(key, std::nullopt); }

  template <class Row>
  [[nodiscard]] std::optional<Row> row(std::string_view key) const;
  template <class Row>
  void put_row(std::string_view key, const Row& row) {
    packer_.clear();
    packer_(row);
    put(key, packer_.bytes());
  }
  [[nodiscard]] const ChangeSet& changes() const { return *changes_; }
  [[nodiscard]] std::size_t bytes() const { return changes_->bytes(); }  ///< in memory, about
  void clear() { changes_->clear(); }
  /// What there is stands still until `thaw`, which forgets it; further changes go on top.
  const ChangeSet& freeze() {
    frozen_.swap(changes_);
    return *frozen_;
  }
  void thaw() { frozen_->clear(); }

 private:
  /// Null: as in the tables.
  [[nodiscard]] const ChangeSet::Change* find(std::string_view key) const {
    const auto* change = changes_->find(key);
    return change != nullptr ? change : frozen_->find(key);
  }

  const Tables& tables_;
  std::unique_ptr<ChangeSet> changes_ = std::make_unique<ChangeSet>();
  std::unique_ptr<ChangeSet> frozen_ = std::make_unique<ChangeSet>();
  domain::Packer packer_;
};

template <class Row>
Row unpack_row(std::string_view bytes) {
  auto row = domain::unpack<Row>(bytes);
  if (!row) throw ViewFault("a row of this view is damaged; rebuild the view");
  return *std::move(row);
}

template <class Row>
std::optional<Row> TableSnapshot::row(std::string_view key) const {
  const auto bytes = get(key);
  return bytes ? std::optional<Row>(unpack_row<Row>(*bytes)) : std::nullopt;
}

template <class Row>
std::optional<Row> TableChanges::row(std::string_view key) const {
  if (const auto* change = find(key)) {
    return change->value ? std::optional<Row>(unpack_row<Row>(*change->value)) : std::nullopt;
  }
  const auto bytes = tables_.get(key);
  return bytes ? std::optional<Row>(unpack_row<Row>(*bytes)) : std::nullopt;
}

/// A platform's item.
template <class ItemId>
struct RowKey {
  domain::PlatformId platform;
  ItemId id;
  bool operator==(const RowKey&) const = default;
  struct Hash {
    std::size_t operator()(const RowKey& key) const noexcept {
      return std::hash<domain::PlatformId>()(key.platform) * 31 + std::hash<ItemId>()(key.id);
    }
  };
};

/// Rows of one table that `apply` changes often, kept unpacked from batch to batch; each changed
/// one is written once a batch. After a batch that was not written: `clear`.
/// Threads: the one that applies.
template <class ItemId, class Row>
class RowCache {
 public:
  using Key = RowKey<ItemId>;
  struct Entry {
    Row row;
    bool is_touched = false;
  };
  using Rows = std::unordered_map<Key, Entry, typename Key::Hash>;

  RowCache(char table, std::size_t most) : table_(table), most_(most) {}

  /// The row, to be changed; null when there is none.
  Row* find(const TableChanges& changes, const Key& key) {
    return find(changes, key, [](Row&) {});
  }
  /// `loaded(row)` is called when it had to be read from the table.
  template <class Loaded>
  Row* find(const TableChanges& changes, const Key& key, Loaded&& loaded) {
    auto found = rows_.find(key);
    if (found == rows_.end()) {
      auto row = changes.row<Row>(key_of(table_, key.platform, key.id));
      if (!row) return nullptr;
      loaded(*row);
      found = rows_.emplace(key, Entry{*std::move(row)}).first;
    }
    touch(*found);
    return &found->second.row;
  }
  Row& put(const Key& key, Row row) {
    const auto at = rows_.insert_or_assign(key, Entry{std::move(row)}).first;
    touch(*at);
    return at->second.row;
  }
  /// Calls `each(key, row)` and writes the row, for every touched one.
  template <class Each>
  void write(TableChanges& changes, Each&& each) {
    for (auto* one : touched_) {
      each(one->first, one->second.row);
      changes.put_row(key_of(table_, one->first.platform, one->first.id), one->second.row);
      one->second.is_touched = false;
    }
    touched_.clear();
    if (rows_.size() > most_) rows_.clear();
  }
  void write(TableChanges& changes) {
    write(changes, [](const Key&, const Row&) {});
  }
  [[nodiscard]] std::size_t touched_bytes() const {  ///< about
    return touched_.size() * 2 * sizeof(typename Rows::value_type);
  }
  void clear() {
    touched_.clear();
    rows_.clear();
  }

 private:
  void touch(typename Rows::value_type& one) {
    if (std::exchange(one.second.is_touched, true)) return;
    touched_.push_back(&one);
  }

  const char table_;
  const std::size_t most_;
  Rows rows_;
  std::vector<typename Rows::value_type*> touched_;
};

/// Calls `on(event, context)` when the event is one of these capabilities.
template <class... Capabilities, class On>
void with_event_of(const StoredEvent& stored, const On& on) {
  const auto is_of = [&](const auto* capability) {
    if (capability == nullptr) return false;
    std::visit([&](const auto& event) { on(event, stored.context); }, *capability);
    return true;
  };
  (is_of(std::get_if<Capabilities>(&stored.event)) || ...);
}

/// What every table view does alike. `Queries` is the view's own interface.
template <class Queries>
class TableView : public Queries {
 public:
  TableView(std::string_view name, std::uint32_t version) : name_(name), version_(version) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::uint32_t version() const override { return version_; }
  void open(const std::filesystem::path& directory) override {
    tables_ = Tables::open(directory, version_);
  }
  [[nodiscard]] Checkpoint checkpoint() const override { return tables_->checkpoint(); }
  [[nodiscard]] std::uint64_t position(domain::PlatformId platform) const override {
    return tables_->position(platform);
  }
  void dump(const std::function<void(std::string_view line)>& line) const override {
    tables_->dump(line);
  }

 protected:
  [[nodiscard]] Tables& tables() { return *tables_; }
  [[nodiscard]] std::unique_ptr<TableSnapshot> now() const { return tables_->snapshot(); }

 private:
  std::string_view name_;
  std::uint32_t version_;
  std::unique_ptr<Tables> tables_;
};

/// A table view that is a fold over events. `Fold` is made with the changes it writes to and has
/// `fold(event)`, `finish()` (writes what it kept unpacked), `kept_bytes()` and `forget()`.
template <class Queries, class Fold>
class FoldedView : public TableView<Queries> {
 public:
  using TableView<Queries>::TableView;
  void open(const std::filesystem::path& directory) override {
    TableView<Queries>::open(directory);
    changes_ = std::make_unique<TableChanges>(this->tables());
    fold_ = std::make_unique<Fold>(*changes_);
  }
  void apply(const EventBatch& batch) override {
    try {
      for (const auto& stored : batch.events) fold_->fold(stored);
      applied_.next_offset = batch.reached.next_offset;
      for (const auto& [platform, mark] : batch.reached.platforms) {
        applied_.platforms[platform] = mark;
      }
      if (!holds_back_) {
        write();
      } else if (changes_->bytes() + fold_->kept_bytes() > most_held_back) {
        write_beside();
      }
    } catch (...) {
      fold_->forget();  // it may be ahead of what was written
      changes_->clear();
      applied_ = {};
      throw;
    }
  }
  void hold_back(bool holds) override {
    holds_back_ = holds;
    if (holds) return;
    await_writing();
    if (applied_.next_offset != 0) write();
  }

 private:
  static constexpr std::size_t most_held_back = 12U << 20;
  void write() {
    fold_->finish();
    this->tables().write(changes_->changes(), applied_);
    changes_->clear();
    applied_ = {};
  }
  /// On a thread of its own, while the next batches are applied.
  void write_beside() {
    await_writing();
    fold_->finish();
    writing_ = std::async(std::launch::async, [this, &changes = changes_->freeze(),
                                               reached = std::exchange(applied_, {})] {
      this->tables().write(changes, reached);
    });
  }
  /// Throws what the writing threw.
  void await_writing() {
    if (!writing_.valid()) return;
    writing_.get();
    changes_->thaw();
  }

  std::unique_ptr<TableChanges> changes_;
  std::unique_ptr<Fold> fold_;
  Checkpoint applied_;  ///< not written yet
  bool holds_back_ = false;
  std::future<void> writing_;  ///< of what is frozen; the last member, so that it ends first
};

/// What a view throws when an event names something it does not know.
[[noreturn]] void fail_unknown(std::string_view what, const std::string& id,
                               const domain::EventContext& context);

}  // namespace meent::projections
