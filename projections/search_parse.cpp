#include "projections/search_parse.h"

#include <algorithm>
#include <array>
#include <utility>

#include "projections/search.h"

namespace meent::projections {
namespace {

constexpr auto blanks = std::to_array<std::string_view>(
    {" ", "\t", "\n", "\r", "\xC2\xA0" /* no-break */, "\xE3\x80\x80" /* ideographic */});
constexpr auto quotes = std::to_array<std::string_view>(
    {"\"", "\xE2\x80\x9C" /* “ */, "\xE2\x80\x9D" /* ” */, "\xE2\x80\x9E" /* „ */,
     "\xC2\xAB" /* « */, "\xC2\xBB" /* » */});
constexpr auto minuses =
    std::to_array<std::string_view>({"-", "\xE2\x88\x92" /* − */, "\xE2\x80\x93" /* – */});

/// Bytes of the mark the text starts with; 0 when it is none of them.
template <std::size_t count>
std::size_t mark_at(std::string_view text, const std::array<std::string_view, count>& marks) {
  for (const auto mark : marks) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<SearchPiece> parse() {
    while (at_ < text_.size() && out_.size() < most_search_pieces) {
      if (const auto blank = mark_at(rest(), blanks)) {
        at_ += blank;
        continue;
      }
      bool is_excluded = false;
      if (const auto minus = mark_at(rest(), minuses)) {
        at_ += minus;
        is_excluded = at_ < text_.size() && mark_at(rest(), blanks) == 0;
        if (!is_excluded) continue;
      }
      if (const auto quote = mark_at(rest(), quotes)) {
        at_ += quote;
        phrase(is_excluded);
      } else {
        chunk(is_excluded);
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  [[nodiscard]] std::vector<Word> words_between(std::size_t begin, std::size_t end) const {
    auto words = words_of(text_.substr(begin, end - begin));
    for (auto& word : words) {
      word.begin += begin;
      word.end += begin;
    }
    return words;
  }

  void add(SearchPiece piece) {
    if (!piece.words.empty() && out_.size() < most_search_pieces) out_.push_back(std::move(piece));
  }

  void add_phrase(std::vector<Word> words, bool is_excluded) {
    if (words.size() > most_phrase_words) words.resize(most_phrase_words);
    add({.sort = SearchPiece::Sort::phrase, .is_excluded = is_excluded, .words = std::move(words)});
  }

  /// Up to the next quote, or the end when there is none.
  void phrase(bool is_excluded) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && mark_at(rest(), quotes) == 0) ++at_;
    add_phrase(words_between(begin, at_), is_excluded);
    at_ += mark_at(rest(), quotes);
  }

  /// Up to the next blank or quote: often one word, "GLB-premies" is two.
  void chunk(bool is_excluded) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && mark_at(rest(), blanks) == 0 && mark_at(rest(), quotes) == 0) {
      ++at_;
    }
    const bool is_open = text_[at_ - 1] == '*';
    auto words = words_between(begin, at_);
    if (is_excluded && words.size() > 1) return add_phrase(std::move(words), true);
    for (auto& word : words) {
      if (word.is_sign && word.joins && !out_.empty() &&
          out_.back().sort == SearchPiece::Sort::signs &&
          out_.back().words.back().end == word.begin) {
        if (out_.back().words.size() < most_phrase_words) out_.back().words.push_back(word);
        continue;
      }
      const auto sort = word.is_sign ? SearchPiece::Sort::signs : SearchPiece::Sort::word;
      const bool is_last = &word == &words.back();
      add({.sort = sort,
           .is_excluded = is_excluded,
           .is_open = is_open && is_last && !word.is_sign,
           .words = {word}});
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<SearchPiece> out_;
};

}  // namespace

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (starts && count-- == 0) break;
  }
  return text.substr(0, at);
}

bool is_only_helping(const SearchPiece& piece, const std::vector<SearchPiece>& all) {
  const auto is_small = [](const SearchPiece& one) {
    return one.sort == SearchPiece::Sort::word && !one.is_open &&
           is_stopword(one.words.front().folded);
  };
  return is_small(piece) && std::ranges::any_of(all, [&](const SearchPiece& other) {
           return !other.is_excluded && !is_small(other);
         });
}

std::vector<SearchPiece> parse_search_text(std::string_view text) {
  // Malformed UTF-8 may have many bytes that start no character.
  text = text.substr(0, 8 * longest_search_text);
  auto pieces = Parser(first_characters(text, longest_search_text)).parse();
  std::size_t beginnings = 0;
  for (auto& piece : pieces) {
    if (piece.sort != SearchPiece::Sort::word || beginnings == most_beginnings) continue;
    const std::size_t shortest = piece.is_open ? 2 : 4;
    piece.begins_words = character_count(piece.words.front().folded) >= shortest;
    if (piece.begins_words) ++beginnings;
  }
  return pieces;
}

}  // namespace meent::projections
