#include "projections/search_index.h"

#include <algorithm>
#include <utility>

#include "domain/result.h"

namespace meent::projections {

using domain::Item;
using domain::Level;
using domain::overloaded;
using domain::Standing;
using eventstore::StorageError;

namespace {

constexpr std::size_t most_idle_readers = 4;
constexpr std::size_t most_roots = 20000;
constexpr int most_overtaken_reads = 4;
const std::string mark_key = "mark";

/// Xapian's errors are no std::exception.
template <class F>
auto with_storage_errors(const F& work) {
  try {
    return work();
  } catch (const Xapian::Error& error) {
    throw StorageError("search: " + error.get_description(), false);
  }
}

}  // namespace

SearchIndex::SearchIndex(std::filesystem::path folder, domain::PlatformId platform,
                         const eventstore::Keys& keys)
    : folder_(std::move(folder)), platform_(platform), keys_(keys) {}

bool SearchIndex::is_about(const domain::Event& event) {
  return std::holds_alternative<domain::ContributionEvent>(event) ||
         std::holds_alternative<domain::DiscussEvent>(event) ||
         std::holds_alternative<domain::ModerateEvent>(event);
}

void SearchIndex::apply(const eventstore::StoredEvent& stored) {
  with_storage_errors([&] {
    if (stored.context.position <= committed().position) return;
    const std::scoped_lock lock(writing_);
    is_dirty_ = true;
    std::visit(overloaded{
                   [&](const domain::ContributionEvent& event) { apply(event, stored.context); },
                   [&](const domain::DiscussEvent& event) { apply(event, stored.context); },
                   [&](const domain::ModerateEvent& event) { apply(event); },
                   [](const auto&) {},
               },
               stored.event);
  });
}

void SearchIndex::commit(const ChainMark& mark) {
  with_storage_errors([&] {
    const std::scoped_lock lock(writing_);
    auto& database = writer();
    database.set_metadata(mark_key, domain::pack(mark));
    database.commit_transaction();
    database.begin_transaction();
    committed_ = mark;
    is_dirty_ = false;
  });
}

void SearchIndex::close_writer() {
  with_storage_errors([&] {
    const std::scoped_lock lock(writing_);
    if (writer_) writer_->close();
    writer_.reset();
    roots_.clear();
    is_dirty_ = false;
  });
}

const ChainMark& SearchIndex::committed() {
  if (!committed_) {
    std::optional<ChainMark> mark = ChainMark{};
    read([&](Xapian::Database& database) {
      const auto bytes = database.get_metadata(mark_key);
      if (!bytes.empty()) mark = domain::unpack<ChainMark>(bytes);
    });
    if (!mark) throw StorageError("search: " + folder_.string() + " has no readable mark", false);
    committed_ = mark;
  }
  return *committed_;
}

bool SearchIndex::read(const std::function<void(Xapian::Database&)>& ask) const {
  return with_storage_errors([&] {
    std::optional<Xapian::Database> database;
    {
      const std::scoped_lock lock(reading_);
      if (!readers_.empty()) {
        database = std::move(readers_.back());
        readers_.pop_back();
      }
    }
    if (!database) {
      // Nothing is there before the first commit.
      if (!std::filesystem::exists(folder_ / "iamglass")) return false;
      database.emplace(folder_.string());
    }
    for (int attempt = 0;; ++attempt) {
      // Two commits during one question take its blocks away; the last try lets none happen.
      std::unique_lock<std::mutex> still(writing_, std::defer_lock);
      if (attempt == most_overtaken_reads) still.lock();
      try {
        database->reopen();
        ask(*database);
        break;
      } catch (const Xapian::DatabaseModifiedError&) {
        if (attempt == most_overtaken_reads) throw;
      }
    }
    const std::scoped_lock lock(reading_);
    if (readers_.size() < most_idle_readers) readers_.push_back(std::move(*database));
    return true;
  });
}

void SearchIndex::close_readers() const {
  const std::scoped_lock lock(reading_);
  readers_.clear();
}

Xapian::WritableDatabase& SearchIndex::writer() {
  if (!writer_) {
    // Cut off while it was made: tables without the file that says which of their blocks count.
    // Xapian would neither open nor make it.
    if (!std::filesystem::exists(folder_ / "iamglass")) std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    writer_.emplace(folder_.string(), Xapian::DB_CREATE_OR_OPEN | Xapian::DB_NO_SYNC);
    writer_->begin_transaction();
  }
  return *writer_;
}

Xapian::docid SearchIndex::find(const std::string& term) {
  const auto it = writer().postlist_begin(term);
  return it == writer().postlist_end(term) ? 0 : *it;
}

void SearchIndex::apply(const domain::ContributionEvent& event,
                        const domain::EventContext& context) {
  const auto stands = [&](domain::ContributionId id, Standing standing) {
    change_standing(id, [&](ItemStanding& now) { now.now = standing; });
  };
  std::visit(overloaded{
                 [&](const domain::ContributionPlaced& placed) {
                   add({.contribution = placed.contribution,
                        .comment = {},
                        .space = placed.space,
                        .kind = placed.kind,
                        .author = placed.author,
                        .content = placed.content,
                        .shown_at = context.shown_at()});
                 },
                 [&](const domain::ContributionRevised& revised) {
                   replace_text(revised.contribution,
                                [&](auto& content) { content = revised.content; });
                 },
                 [&](const domain::ContributionWithdrawn& withdrawn) {
                   stands(withdrawn.contribution, Standing::withdrawn);
                 },
                 [&](const domain::ContributionClosed& closed) {
                   stands(closed.contribution, Standing::closed);
                 },
                 [&](const domain::ContributionReopened& reopened) {
                   stands(reopened.contribution, Standing::open);
                 },
             },
             event);
}

void SearchIndex::apply(const domain::DiscussEvent& event, const domain::EventContext& context) {
  std::visit(overloaded{
                 [&](const domain::CommentPlaced& placed) {
                   const auto root = root_of(placed.contribution);
                   add({.contribution = placed.contribution,
                        .comment = placed.comment,
                        .space = placed.space,
                        .kind = root.kind,
                        .author = placed.author,
                        .root_level = root.level,
                        .content = {.title = {},
                                    .body = placed.body,
                                    .form = {},
                                    .themes = root.themes,
                                    .language = placed.language},
                        .shown_at = context.shown_at()});
                 },
                 [&](const domain::CommentEdited& edited) {
                   replace_text(edited.comment, [&](auto& content) { content.body = edited.body; });
                 },
                 [&](const domain::CommentWithdrawn& withdrawn) {
                   change_standing(withdrawn.comment, [](ItemStanding& standing) {
                     standing.now = Standing::withdrawn;
                   });
                 },
             },
             event);
}

void SearchIndex::apply(const domain::ModerateEvent& event) {
  std::visit(overloaded{
                 [&](const domain::ItemAccepted& accepted) {
                   if (!accepted.was_hidden) return;
                   change_standing(accepted.item, &ItemStanding::accept);
                 },
                 [&](const domain::ItemHidden& hidden) {
                   change_standing(hidden.item, &ItemStanding::hide);
                 },
             },
             event);
}

void SearchIndex::add(const SearchEntry& entry) {
  const auto document = make_document(entry, platform_, keys_);
  writer().add_document(document);
  if (entry.level() == Level::open) count_spellings(document, true);
}

void SearchIndex::replace_text(const Item& item,
                               const std::function<void(domain::ContributionContent&)>& change) {
  const auto id = find(item_term(item));
  const auto before = writer().get_document(id);
  auto entry = entry_of(before);
  const auto themes = entry.content.themes;
  change(entry.content);
  const auto after = make_document(entry, platform_, keys_);
  if (entry.level() == Level::open) {
    count_spellings(before, false);
    count_spellings(after, true);
  }
  writer().replace_document(id, after);
  if (entry.content.themes != themes) mark_comments(entry);
}

void SearchIndex::change_standing(const Item& item,
                                  const std::function<void(ItemStanding&)>& change) {
  const auto id = find(item_term(item));
  const auto document = writer().get_document(id);
  const auto before = entry_of(document);
  auto after = before;
  change(after.standing);
  mark(id, document, before, after);
  if (!after.comment && after.level() != before.level()) mark_comments(after);
}

void SearchIndex::mark(Xapian::docid id, Xapian::Document document, const SearchEntry& before,
                       const SearchEntry& after) {
  // Hidden words must not come back as suggestions.
  if (before.level() != after.level()) count_spellings(document, after.level() == Level::open);
  mark_document(document, after);
  writer().replace_document(id, document);
}

void SearchIndex::mark_comments(const SearchEntry& contribution) {
  roots_.erase(contribution.contribution);
  const auto term = thread_term(contribution.contribution);
  const std::vector<Xapian::docid> ids(writer().postlist_begin(term), writer().postlist_end(term));
  for (const auto id : ids) {
    const auto document = writer().get_document(id);
    const auto before = entry_of(document);
    auto after = before;
    after.root_level = contribution.level();
    after.content.themes = contribution.content.themes;
    mark(id, document, before, after);
  }
}

void SearchIndex::count_spellings(const Xapian::Document& document, bool add) {
  for (auto it = document.termlist_begin(); it != document.termlist_end(); ++it) {
    const auto term = *it;
    if (!is_word_term(term) || !is_spellable(term)) continue;
    if (add) {
      writer().add_spelling(term);
    } else {
      writer().remove_spelling(term);
    }
  }
}

SearchIndex::Root SearchIndex::root_of(domain::ContributionId contribution) {
  if (const auto it = roots_.find(contribution); it != roots_.end()) return it->second;
  const auto entry = entry_of(writer().get_document(find(item_term(contribution))));
  if (roots_.size() >= most_roots) roots_.clear();
  Root root{.kind = entry.kind, .themes = entry.content.themes, .level = entry.level()};
  roots_.emplace(contribution, root);
  return root;
}

}  // namespace meent::projections
