#include "projections/search_answer.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "domain/packing.h"
#include "projections/search_document.h"
#include "projections/search_excerpt.h"
#include "projections/search_parse.h"

namespace meent::projections {

using domain::Viewer;
using eventstore::StorageError;
using Xapian::Query;

namespace {

constexpr Xapian::doccount most_counted = 10000;
constexpr Xapian::termcount most_longer_words = 64;
constexpr std::size_t most_filter_values = 50;
constexpr std::size_t most_facet_values = 50;
constexpr std::size_t snippet_characters = 240;
/// With fewer hits that have every word, those that have some come after them.
constexpr Xapian::doccount few_hits = 5;
/// A word found less often than this may be a mistake, when another one is found far more often.
constexpr Xapian::doccount rare = 3;
constexpr Xapian::doccount far_more_often = 10;

/// Lets through what the policy lets the viewer see, and counts that.
class Gate : public Xapian::MatchDecider {
 public:
  explicit Gate(const Viewer& viewer) : viewer_(viewer) {}
  bool operator()(const Xapian::Document& document) const override {
    const auto stand = domain::unpack<SearchStand>(document.get_value(stand_slot));
    if (!stand) throw StorageError("search: a slot is not what this version wrote", false);
    return domain::may_see(viewer_, stand->scope, stand->author);
  }

 private:
  const Viewer& viewer_;
};

class FacetCounter : public Xapian::MatchSpy {
 public:
  void operator()(const Xapian::Document& document, double) override {
    ++counts_[document.get_value(facts_slot)];
  }
  [[nodiscard]] SearchFacets facets() const {
    std::map<std::string, std::uint32_t> spaces, kinds, themes, standings;
    for (const auto& [bytes, count] : counts_) {
      const auto facts = domain::unpack<SearchFacts>(bytes);
      if (!facts) throw StorageError("search: a slot is not what this version wrote", false);
      spaces[facts->space.text()] += count;
      kinds[facts->kind] += count;
      for (const auto& theme : facts->themes) themes[theme] += count;
      standings[name_of(facts->standing)] += count;
    }
    return {.spaces = sorted(spaces),
            .kinds = sorted(kinds),
            .themes = sorted(themes),
            .standings = sorted(standings)};
  }

 private:
  static std::string name_of(domain::Standing standing) {
    switch (standing) {
      case domain::Standing::open: return "open";
      case domain::Standing::closed: return "closed";
      case domain::Standing::hidden: return "hidden";
      case domain::Standing::withdrawn: return "withdrawn";
    }
    std::abort();
  }
  static std::vector<FacetCount> sorted(const std::map<std::string, std::uint32_t>& counts) {
    std::vector<FacetCount> out;
    out.reserve(counts.size());
    for (const auto& [value, count] : counts) out.push_back({value, count});
    std::ranges::sort(out, [](const FacetCount& a, const FacetCount& b) {
      return a.count != b.count ? a.count > b.count : a.value < b.value;
    });
    if (out.size() > most_facet_values) out.resize(most_facet_values);
    return out;
  }
  std::unordered_map<std::string, std::uint32_t> counts_;  ///< by the slot's bytes
};

// From pieces to a Xapian query ---------------------------------------------------------------

Query phrase_of(const std::vector<Word>& words) {
  std::vector<Query> terms;
  terms.reserve(words.size());
  for (const auto& word : words) terms.emplace_back(word.folded);
  if (terms.size() == 1) return terms.front();
  return {Query::OP_PHRASE, terms.begin(), terms.end(), static_cast<unsigned>(terms.size())};
}

/// Every two neighbouring signs.
Query pairs_of(const std::vector<Word>& signs) {
  if (signs.size() == 1) return Query(signs.front().folded);
  std::vector<Query> pairs;
  for (std::size_t i = 1; i < signs.size(); ++i) {
    pairs.emplace_back(signs[i - 1].folded + signs[i].folded);
  }
  return {Query::OP_AND, pairs.begin(), pairs.end()};
}

/// The word itself before its other forms, those before longer words.
Query forms_of(const SearchPiece& piece) {
  const auto& word = piece.words.front().folded;
  std::vector<Query> forms{Query(word)};
  for (const auto tongue : all_tongues) {
    forms.emplace_back(Query::OP_SCALE_WEIGHT, Query(stem_term(word, tongue)), 0.6);
  }
  if (piece.begins_words) {
    forms.emplace_back(Query::OP_SCALE_WEIGHT,
                       Query(Query::OP_WILDCARD, word, most_longer_words,
                             Query::WILDCARD_LIMIT_MOST_FREQUENT, Query::OP_SYNONYM),
                       0.3);
  }
  return {Query::OP_OR, forms.begin(), forms.end()};
}

/// Parts that a compound is made of, as far as they are words here and long enough to mean
/// something alone: woningbouw -> woning; jongerenhuisvesting -> jongeren, huisvesting.
std::vector<std::string> parts_of(const Xapian::Database& database, const std::string& word) {
  constexpr std::size_t shortest_part = 4, shortest_useful = 5;
  constexpr Xapian::doccount known = 3;
  std::vector<std::string> best;
  Xapian::doccount best_count = 0;
  for (std::size_t at = shortest_part; at + shortest_part <= word.size(); ++at) {
    if ((static_cast<unsigned char>(word[at]) & 0xC0) == 0x80) continue;
    const auto front = word.substr(0, at);
    const auto front_count = database.get_termfreq(front);
    if (front_count < known) continue;
    const auto back = word.substr(at);
    // woning|s|markt
    const auto joined = back.front() == 's' && back.size() > shortest_part ? back.substr(1) : back;
    for (const auto& rest : {back, joined}) {
      const auto count = std::min(front_count, database.get_termfreq(rest));
      if (count < known || count <= best_count) continue;
      best_count = count;
      best.clear();
      for (const auto& part : {front, rest}) {
        if (part.size() >= shortest_useful) best.push_back(part);
      }
    }
  }
  return best;
}

/// Or its parts, wherever they stand.
Query loose_forms_of(const SearchPiece& piece, const std::vector<std::string>& parts) {
  const auto forms = forms_of(piece);
  if (parts.empty()) return forms;
  std::vector<Query> each;
  for (const auto& part : parts) {
    std::vector<std::string> stems;
    for (const auto tongue : all_tongues) stems.push_back(stem_term(part, tongue));
    each.emplace_back(Query::OP_OR, stems.begin(), stems.end());
  }
  return {Query::OP_OR, forms,
          Query(Query::OP_SCALE_WEIGHT, Query(Query::OP_AND, each.begin(), each.end()), 0.3)};
}

Query query_of(const SearchPiece& piece) {
  switch (piece.sort) {
    case SearchPiece::Sort::word: return forms_of(piece);
    case SearchPiece::Sort::signs: return pairs_of(piece.words);
    case SearchPiece::Sort::phrase: return phrase_of(piece.words);
  }
  std::abort();
}

Query any_of(const std::vector<std::string>& terms) {
  return {Query::OP_OR, terms.begin(), terms.end()};
}

/// What the filters leave; empty when there is none.
Query filter_of(const SearchQuery& query) {
  std::vector<Query> filters;
  const auto among = [&](const auto& values, const auto& term_of) {
    if (values.empty()) return;
    std::vector<std::string> terms;
    for (const auto& value : values) {
      if (terms.size() < most_filter_values) terms.push_back(term_of(value));
    }
    filters.push_back(any_of(terms));
  };
  if (query.what != SearchWhat::everything) {
    filters.emplace_back(what_term(query.what == SearchWhat::comments));
  }
  if (query.space) filters.emplace_back(space_term(*query.space));
  among(query.kinds, kind_term);
  among(query.themes, theme_term);
  among(query.standings, standing_term);
  if (!query.language.empty()) filters.emplace_back(language_term(query.language));
  const auto time = [](double ms) { return Xapian::sortable_serialise(ms); };
  if (query.from) {
    filters.emplace_back(Query::OP_VALUE_GE, time_slot, time(static_cast<double>(query.from->ms)));
  }
  if (query.until) {
    // Times are whole milliseconds.
    filters.emplace_back(Query::OP_VALUE_LE, time_slot,
                         time(static_cast<double>(query.until->ms) - 1));
  }
  if (filters.empty()) return {};
  return {Query::OP_AND, filters.begin(), filters.end()};
}

/// One text as two queries: every word, or some of them.
class Question {
 public:
  Question(const Xapian::Database& database, const std::vector<SearchPiece>& pieces,
           const Query& filter)
      : filter_(filter) {
    std::vector<Query> needed, loose, fixed, helping, excluded;
    for (const auto& piece : pieces) {
      if (piece.is_excluded) {
        excluded.push_back(piece.sort == SearchPiece::Sort::word && !piece.is_open
                               ? stems_of(piece)
                               : query_of(piece));
      } else if (piece.sort == SearchPiece::Sort::phrase) {
        fixed.push_back(query_of(piece));
      } else if (is_only_helping(piece, pieces)) {
        helping.emplace_back(piece.words.front().folded);
      } else {
        needed.push_back(query_of(piece));
        loose.push_back(needed.back());
        if (piece.sort != SearchPiece::Sort::word || piece.is_open) continue;
        const auto parts = parts_of(database, piece.words.front().folded);
        loose.back() = loose_forms_of(piece, parts);
        parts_.insert(parts_.end(), parts.begin(), parts.end());
      }
    }
    has_words_ = !needed.empty() || !fixed.empty();
    word_count_ = needed.size();

    auto all = fixed;
    all.insert(all.end(), needed.begin(), needed.end());
    Query every = has_words_ ? Query(Query::OP_AND, all.begin(), all.end()) : Query::MatchAll;
    if (!helping.empty()) {
      const Query help(Query::OP_OR, helping.begin(), helping.end());
      every = Query(Query::OP_AND_MAYBE, every, Query(Query::OP_SCALE_WEIGHT, help, 0.1));
    }
    // In front what has every word, then what has each at least in part, then what has some.
    const Query some(Query::OP_OR, loose.begin(), loose.end());
    Query either = fixed.empty() ? some
                                 : Query(Query::OP_AND_MAYBE,
                                         Query(Query::OP_AND, fixed.begin(), fixed.end()), some);
    const Query each(Query::OP_AND, loose.begin(), loose.end());
    either = Query(Query::OP_AND_MAYBE, either, Query(Query::OP_SCALE_WEIGHT, each, 3.0));
    either = Query(Query::OP_AND_MAYBE, either, Query(Query::OP_SCALE_WEIGHT, every, 4.0));
    every_ = narrowed(every, excluded);
    either_ = narrowed(either, excluded);
  }

  [[nodiscard]] bool has_words() const { return has_words_; }
  [[nodiscard]] bool can_relax() const { return word_count_ > 1 || !parts_.empty(); }
  /// Of compounds: what some_words() also looks for.
  [[nodiscard]] const std::vector<std::string>& parts() const { return parts_; }
  [[nodiscard]] const Query& every_word() const { return every_; }
  [[nodiscard]] const Query& some_words() const { return either_; }

 private:
  /// Excluding "auto" must not exclude "automatisch".
  static Query stems_of(const SearchPiece& piece) {
    std::vector<std::string> terms{piece.words.front().folded};
    for (const auto tongue : all_tongues) {
      terms.push_back(stem_term(piece.words.front().folded, tongue));
    }
    return any_of(terms);
  }
  [[nodiscard]] Query narrowed(Query query, const std::vector<Query>& excluded) const {
    if (!excluded.empty()) {
      query =
          Query(Query::OP_AND_NOT, query, Query(Query::OP_OR, excluded.begin(), excluded.end()));
    }
    return filter_.empty() ? query : Query(Query::OP_FILTER, query, filter_);
  }

  const Query& filter_;
  Query every_, either_;
  bool has_words_ = false;
  std::size_t word_count_ = 0;
  std::vector<std::string> parts_;
};

// Answering ------------------------------------------------------------------------------------

class Answer {
 public:
  Answer(Xapian::Database& database, const eventstore::Keys& keys, const SearchQuery& query)
      : database_(database),
        keys_(keys),
        query_(query),
        gate_(query.viewer),
        pieces_(parse_search_text(query.text)),
        filter_(filter_of(query)) {}

  SearchPage page() {
    SearchPage out;
    const auto limit = std::clamp(query_.limit, 1U, most_search_hits);
    const auto offset = std::min(query_.offset, farthest_search_hit);
    const auto room = std::min(limit, farthest_search_hit - offset);

    const Question question(database_, pieces_, filter_);
    FacetCounter every_facets, some_facets;
    auto hits = run(question.every_word(), offset, room, question.has_words(), every_facets);
    auto total = hits.get_matches_estimated();
    out.facets = every_facets.facets();
    // By time, what has only some words would stand in between.
    const auto enough = query_.sort == SearchSort::newest ? 1 : few_hits;
    const bool is_short = question.has_words() && total < enough;
    if (is_short && question.can_relax()) {
      auto more = run(question.some_words(), offset, room, true, some_facets);
      if (more.get_matches_estimated() > total) {
        hits = more;
        total = hits.get_matches_estimated();
        out.facets = some_facets.facets();
        out.has_every_word = false;
        parts_ = question.parts();
      }
    }
    out.estimated_total = total;
    for (auto it = hits.begin(); it != hits.end(); ++it) {
      if (auto hit = hit_of(it.get_document())) out.hits.push_back(std::move(*hit));
    }
    const auto reached = offset + hits.size();
    if (hits.size() == room && reached < total && reached < farthest_search_hit) {
      out.next = reached;
    }
    if (offset == 0 && question.has_words() && domain::is_text(query_.text)) {
      out.suggestion = suggestion();
    }
    return out;
  }

 private:
  Xapian::MSet run(const Query& query, std::uint32_t offset, std::uint32_t limit, bool has_words,
                   FacetCounter& facets) {
    Xapian::Enquire enquire(database_);
    enquire.set_query(query);
    enquire.set_docid_order(Xapian::Enquire::DESCENDING);
    if (query_.sort == SearchSort::newest || !has_words) {
      enquire.set_weighting_scheme(Xapian::BoolWeight());
      enquire.set_sort_by_value_then_relevance(time_slot, true);
    } else {
      // Long texts are not worse, so length counts less than usual.
      enquire.set_weighting_scheme(Xapian::BM25Weight(1, 0, 1, 0.35, 0.5));
    }
    enquire.add_matchspy(&facets);
    return enquire.get_mset(offset, limit, most_counted, nullptr, &gate_);
  }

  /// How many of the documents the viewer may see match; counts no further than `at_most`.
  Xapian::doccount count(const Query& query, Xapian::doccount at_most) {
    Xapian::Enquire enquire(database_);
    enquire.set_query(query);
    enquire.set_weighting_scheme(Xapian::BoolWeight());
    return enquire.get_mset(0, at_most, 0, nullptr, &gate_).size();
  }

  /// Nothing when its author was forgotten.
  std::optional<std::string> opened(const domain::PrivateText& text) {
    auto plain = eventstore::open_text(keys_, query_.platform, text);
    if (plain) return std::move(*plain);
    if (plain.error() == eventstore::KeyFault::destroyed) return std::nullopt;
    throw StorageError("search: a text under key " + text.key.text() + " does not open", false);
  }

  std::optional<SearchHit> hit_of(const Xapian::Document& document) {
    const auto entry = entry_of(document);
    const auto body = opened(entry.content.body);
    if (!body) return std::nullopt;
    const Highlighter highlighter(pieces_, entry.content.language, parts_);
    SearchHit hit{
        .contribution = entry.contribution,
        .comment = entry.comment,
        .space = entry.space,
        .kind = entry.kind,
        .themes = entry.content.themes,
        .author = entry.author,
        .standing = entry.standing.now,
        .scope = entry.scope(),
        .language = entry.content.language,
        .time = entry.shown_at,
        .title = entry.comment ? title_above(entry.contribution) : title_of(entry, highlighter),
        .snippet = {}};
    hit.snippet = highlighter.excerpt(plain_of(*body), snippet_characters);
    const auto is_highlighted = [](const TextRun& run) { return run.highlighted; };
    if (std::ranges::none_of(hit.snippet, is_highlighted)) {
      for (const auto& [name, field] : entry.content.form) {
        auto runs = highlighter.excerpt(plain_of(opened(field).value_or("")), snippet_characters);
        if (std::ranges::none_of(runs, is_highlighted)) continue;
        hit.snippet = std::move(runs);
        break;
      }
    }
    return hit;
  }

  std::vector<TextRun> title_of(const SearchEntry& entry, const Highlighter& highlighter) {
    if (!entry.content.title) return {};
    const auto title = opened(*entry.content.title);
    return title ? highlighter.whole(*title) : std::vector<TextRun>{};
  }

  /// Of the contribution a comment stands under.
  std::vector<TextRun> title_above(domain::ContributionId contribution) {
    const auto term = item_term(contribution);
    const auto found = database_.postlist_begin(term);
    if (found == database_.postlist_end(term)) return {};
    const auto entry = entry_of(database_.get_document(*found));
    if (!domain::may_see(query_.viewer, entry.scope(), entry.author)) return {};
    return title_of(entry, Highlighter(pieces_, entry.content.language, parts_));
  }

  /// The word that was probably meant, when the viewer can find that one.
  std::optional<std::string> correction(const SearchPiece& piece) {
    const auto& word = piece.words.front().folded;
    if (!is_spellable(word) || is_stopword(word) || piece.is_open) return std::nullopt;
    const auto known = count(forms_of(piece), rare);
    if (known >= rare) return std::nullopt;
    auto meant = database_.get_spelling_suggestion(word);
    if (meant.empty() || meant == word) return std::nullopt;
    const auto needed = std::max<Xapian::doccount>(1, known * far_more_often);
    if (count(Query(meant), needed) < needed) return std::nullopt;
    return meant;
  }

  std::optional<std::string> suggestion() {
    std::string text = query_.text;
    bool is_changed = false;
    // From the back, so that places further in front stay right.
    for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
      if (piece->sort != SearchPiece::Sort::word || piece->is_excluded) continue;
      if (const auto meant = correction(*piece)) {
        const auto& word = piece->words.front();
        text.replace(word.begin, word.end - word.begin, *meant);
        is_changed = true;
      }
    }
    if (!is_changed) return std::nullopt;
    const Question question(database_, parse_search_text(text), filter_);
    const bool has_hits = count(question.every_word(), 1) > 0 ||
                          (question.can_relax() && count(question.some_words(), 1) > 0);
    return has_hits ? std::optional(text) : std::nullopt;
  }

  Xapian::Database& database_;
  const eventstore::Keys& keys_;
  const SearchQuery& query_;
  Gate gate_;
  std::vector<SearchPiece> pieces_;
  std::vector<std::string> parts_;  ///< of compounds, when those are looked for too
  Query filter_;
};

}  // namespace

SearchPage answer_search(Xapian::Database& database, const eventstore::Keys& keys,
                         const SearchQuery& query) {
  return Answer(database, keys, query).page();
}

}  // namespace meent::projections
