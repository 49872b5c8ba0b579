#include "projections/search_excerpt.h"

#include <algorithm>
#include <set>

namespace meent::projections {
namespace {

const std::string left_out = "\xE2\x80\xA6";  // …

/// Longer texts are looked at up to here; what is found further on has no excerpt of its own.
constexpr std::size_t longest_looked_at = 64 * 1024;

}  // namespace

Highlighter::Highlighter(const std::vector<SearchPiece>& pieces, std::string_view language,
                         const std::vector<std::string>& parts) {
  const auto tongue = tongue_of(language);
  if (tongue) stem_tongue_ = *tongue;
  for (const auto& piece : pieces) {
    if (piece.is_excluded || is_only_helping(piece, pieces)) continue;
    if (piece.sort == SearchPiece::Sort::signs) {
      Wanted run{.folded = {}, .stem = {}, .beginning = {}, .is_signs = true};
      for (const auto& word : piece.words) run.folded.push_back(word.folded);
      wanted_.push_back(std::move(run));
      continue;
    }
    for (const auto& word : piece.words) {
      Wanted one{.folded = {word.folded}, .stem = {}, .beginning = {}, .is_signs = false};
      if (piece.sort == SearchPiece::Sort::word) {
        if (tongue) one.stem = stem_of(word.folded, *tongue);
        if (piece.begins_words) one.beginning = word.folded;
      }
      wanted_.push_back(std::move(one));
    }
  }
  for (const auto& part : parts) {
    wanted_.push_back({.folded = {part},
                       .stem = tongue ? stem_of(part, *tongue) : "",
                       .beginning = {},
                       .is_signs = false,
                       .weight = 10});
  }
}

std::vector<Highlighter::Match> Highlighter::matches_in(const std::vector<Word>& words) const {
  std::vector<Match> out;
  const auto is_run_at = [&](std::size_t at, const Wanted& wanted) {
    if (at + wanted.folded.size() > words.size()) return false;
    for (std::size_t i = 0; i < wanted.folded.size(); ++i) {
      if (words[at + i].folded != wanted.folded[i] || (i > 0 && !words[at + i].joins)) return false;
    }
    return true;
  };
  const auto is_match = [&](std::size_t at, const Wanted& wanted) {
    if (wanted.is_signs) return is_run_at(at, wanted);
    const auto& word = words[at].folded;
    if (word == wanted.folded.front()) return true;
    if (!wanted.beginning.empty() && word.starts_with(wanted.beginning)) return true;
    // Stems share their first letter; comparing those first saves most of the stemming.
    return !wanted.stem.empty() && word.front() == wanted.stem.front() &&
           stem_of(word, stem_tongue_) == wanted.stem;
  };
  for (std::size_t at = 0; at < words.size(); ++at) {
    for (std::size_t piece = 0; piece < wanted_.size(); ++piece) {
      if (!is_match(at, wanted_[piece])) continue;
      const auto last = at + wanted_[piece].folded.size() - 1;
      out.push_back({words[at].begin, words[last].end, piece});
      at = last;
      break;
    }
  }
  return out;
}

std::vector<TextRun> Highlighter::runs(std::string_view text, const std::vector<Match>& matches,
                                       std::size_t begin, std::size_t end) {
  std::vector<TextRun> out;
  const auto add = [&](std::size_t from, std::size_t to, bool highlighted) {
    if (from < to) out.push_back({std::string(text.substr(from, to - from)), highlighted});
  };
  std::size_t at = begin;
  for (const auto& match : matches) {
    if (match.begin < at || match.end > end) continue;
    add(at, match.begin, false);
    add(match.begin, match.end, true);
    at = match.end;
  }
  add(at, end, false);
  return out;
}

std::vector<TextRun> Highlighter::whole(std::string_view text) const {
  return runs(text, matches_in(words_of(text)), 0, text.size());
}

std::vector<TextRun> Highlighter::excerpt(std::string_view text, std::size_t characters) const {
  const auto words = words_of(text.substr(0, longest_looked_at));
  const auto matches = matches_in(words);
  if (words.empty()) return {};

  // The window that holds most of the query: different pieces first, then how often.
  std::size_t best = words.front().begin;
  std::size_t best_score = 0;
  for (std::size_t first = 0; first < matches.size(); ++first) {
    std::set<std::size_t> pieces;
    std::size_t count = 0;
    for (std::size_t i = first; i < matches.size() && count < 20; ++i) {
      if (matches[i].end > matches[first].begin + characters * 3 / 4) break;
      pieces.insert(matches[i].piece);
      ++count;
    }
    std::size_t score = count;
    for (const auto piece : pieces) score += wanted_[piece].weight;
    if (score > best_score) {
      best_score = score;
      best = matches[first].begin;
    }
  }
  // Some words of what comes before, and on from there to the last word that fits.
  const std::size_t lead = characters / 5;
  const auto starts_after_lead = [&](const Word& word) { return word.begin + lead >= best; };
  const auto from = std::ranges::find_if(words, starts_after_lead);
  const std::size_t begin = from->begin;
  const auto window = first_characters(text.substr(begin), characters);
  std::size_t end = begin + window.size();
  if (end < text.size()) {
    std::size_t last = 0;
    for (auto it = from; it != words.end() && it->end <= end; ++it) last = it->end;
    if (last > begin) end = last;
  }
  auto out = runs(text, matches, from == words.begin() ? 0 : begin, end);
  if (from != words.begin()) out.insert(out.begin(), {left_out + " ", false});
  if (end < text.size()) out.push_back({" " + left_out, false});
  return out;
}

}  // namespace meent::projections
