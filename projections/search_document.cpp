#include "projections/search_document.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "domain/packing.h"
#include "domain/result.h"

namespace meent::projections {

using domain::PrivateText;
using eventstore::StorageError;

std::string item_term(const domain::Item& item) {
  return std::visit(domain::overloaded{
                        [](domain::ContributionId id) { return "Qc" + id.text(); },
                        [](domain::CommentId id) { return "Qm" + id.text(); },
                    },
                    item);
}
std::string thread_term(domain::ContributionId contribution) {
  return "XC" + contribution.text();
}
std::string space_term(domain::SpaceId space) {
  return "XP" + space.text();
}
// Values come from queries too: cut, so that no term is longer than Xapian takes.
std::string kind_term(std::string_view kind) {
  return "XK" + std::string(kind.substr(0, 100));
}
std::string theme_term(std::string_view theme) {
  return "XT" + std::string(theme.substr(0, 100));
}
std::string standing_term(domain::Standing standing) {
  return "XS" + std::to_string(static_cast<int>(standing));
}
std::string language_term(std::string_view tag) {
  std::string out = "XL";
  for (const char c : tag.substr(0, 100)) {
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}
std::string what_term(bool is_comment) {
  return is_comment ? "XWm" : "XWc";
}

std::string stem_term(std::string_view folded, Tongue tongue) {
  return (tongue == Tongue::dutch ? "Znl:" : "Zen:") + stem_of(folded, tongue);
}

bool is_word_term(std::string_view term) {
  return !term.empty() && (term.front() < 'A' || term.front() > 'Z');
}

namespace {

constexpr Xapian::termcount title_weight = 3;
/// Between fields, so that no phrase reaches from one into the next.
constexpr Xapian::termpos field_gap = 100;

class Indexer {
 public:
  Indexer(Xapian::Document& document, std::optional<Tongue> tongue)
      : document_(document), tongue_(tongue) {}

  void add(std::string_view text, Xapian::termcount weight) {
    const Word* before = nullptr;
    const auto words = words_of(text);
    for (const auto& word : words) {
      auto& found = words_[word.folded];
      found.is_sign = word.is_sign;
      found.weight += weight;
      found.positions.push_back(++position_);
      if (word.joins) document_.add_term(before->folded + word.folded, weight);
      before = &word;
    }
    position_ += field_gap;
  }

  /// Each word once, so that it is stemmed once.
  void finish() {
    for (const auto& [word, found] : words_) {
      document_.add_term(word, found.weight);
      for (const auto at : found.positions) document_.add_posting(word, at, 0);
      if (tongue_ && !found.is_sign) document_.add_term(stem_term(word, *tongue_), found.weight);
    }
  }

 private:
  struct Found {
    bool is_sign = false;
    Xapian::termcount weight = 0;
    std::vector<Xapian::termpos> positions;
  };
  Xapian::Document& document_;
  std::optional<Tongue> tongue_;
  Xapian::termpos position_ = 0;
  std::unordered_map<std::string, Found> words_;
};

std::string opened(const PrivateText& text, domain::PlatformId platform,
                   const eventstore::Keys& keys) {
  auto plain = eventstore::open_text(keys, platform, text);
  if (plain) return std::move(*plain);
  if (plain.error() == eventstore::KeyFault::destroyed) return {};
  throw StorageError(plain.error() == eventstore::KeyFault::missing
                         ? "search: the key " + text.key.text() + " of a text is missing"
                         : "search: a text under key " + text.key.text() + " does not open",
                     false);
}

}  // namespace

void mark_document(Xapian::Document& document, const SearchEntry& entry) {
  std::vector<std::string> stale;
  for (auto it = document.termlist_begin(); it != document.termlist_end(); ++it) {
    const auto term = *it;
    if (term.front() == 'X' || term.front() == 'Q' || term.front() == 'Y') stale.push_back(term);
  }
  for (const auto& term : stale) document.remove_term(term);

  const auto& content = entry.content;
  document.add_boolean_term(entry.comment ? item_term(*entry.comment)
                                          : item_term(entry.contribution));
  if (entry.comment) document.add_boolean_term(thread_term(entry.contribution));
  document.add_boolean_term(what_term(entry.comment.has_value()));
  document.add_boolean_term(space_term(entry.space));
  document.add_boolean_term(kind_term(entry.kind));
  document.add_boolean_term(standing_term(entry.standing.now));
  for (const auto& theme : content.themes) document.add_boolean_term(theme_term(theme));
  document.add_boolean_term(language_term(content.language));
  document.add_boolean_term(
      language_term(std::string_view(content.language).substr(0, content.language.find('-'))));
  // Whom to forget: every document that holds words under this key.
  document.add_boolean_term("Y" + content.body.key.text());

  document.add_value(time_slot, Xapian::sortable_serialise(static_cast<double>(entry.shown_at.ms)));
  document.add_value(stand_slot,
                     domain::pack(SearchStand{.author = entry.author, .scope = entry.scope()}));
  document.add_value(facts_slot, domain::pack(SearchFacts{.space = entry.space,
                                                          .standing = entry.standing.now,
                                                          .kind = entry.kind,
                                                          .themes = content.themes}));
  document.set_data(domain::pack(entry));
}

Xapian::Document make_document(const SearchEntry& entry, domain::PlatformId platform,
                               const eventstore::Keys& keys) {
  Xapian::Document document;
  Indexer indexer(document, tongue_of(entry.content.language));
  if (entry.content.title) indexer.add(opened(*entry.content.title, platform, keys), title_weight);
  indexer.add(plain_of(opened(entry.content.body, platform, keys)), 1);
  for (const auto& [name, text] : entry.content.form) {
    indexer.add(plain_of(opened(text, platform, keys)), 1);
  }
  indexer.finish();
  mark_document(document, entry);
  return document;
}

SearchEntry entry_of(const Xapian::Document& document) {
  auto entry = domain::unpack<SearchEntry>(document.get_data());
  if (!entry) throw StorageError("search: a document's data is not what this version wrote", false);
  return std::move(*entry);
}

}  // namespace meent::projections
