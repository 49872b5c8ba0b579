#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "projections/search_text.h"

/// What a citizen typed, taken apart. Never fails: what makes no sense is read as words.
namespace meent::projections {

inline constexpr std::size_t most_search_pieces = 24;
inline constexpr std::size_t most_phrase_words = 16;
inline constexpr std::size_t most_beginnings = 6;

/// One thing to look for.
struct SearchPiece {
  enum class Sort : std::uint8_t {
    word,
    signs,   ///< a run of signs: the same signs in a row
    phrase,  ///< between quotes: these words in a row
  } sort = Sort::word;
  bool is_excluded = false;
  bool is_open = false;  ///< written with a star: what starts so
  /// Longer words that begin so are found too: Dutch writes compounds as one word. For the first
  /// `most_beginnings` words that are long enough, because each costs a look through the terms.
  bool begins_words = false;
  std::vector<Word> words;  ///< 1..n; `begin` and `end` are places in the whole text
};

/// At most `longest_search_text` characters and `most_search_pieces` pieces are read.
std::vector<SearchPiece> parse_search_text(std::string_view text);

/// Whether a piece is a small word beside others that say more: it helps the order, no more.
bool is_only_helping(const SearchPiece& piece, const std::vector<SearchPiece>& all);

/// The first `count` characters.
std::string_view first_characters(std::string_view text, std::size_t count);

}  // namespace meent::projections
