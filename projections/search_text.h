#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Text as search sees it: words without case and diacritics, their stems, and text without markup.
/// Pure; malformed UTF-8 separates words.
namespace meent::projections {

/// A word, or one character of a script that writes no spaces between words.
struct Word {
  std::string folded;     ///< "Cafés" -> "cafes"; at most `longest_word` bytes
  std::size_t begin = 0;  ///< bytes in the text it was found in
  std::size_t end = 0;
  bool is_sign = false;  ///< Chinese, Japanese, Korean, Thai …: one character with its marks
  bool joins = false;    ///< a sign right after another one
};

inline constexpr std::size_t longest_word = 64;  ///< bytes; longer ones are cut

/// In order, without overlap. Apostrophes inside a word are dropped, hyphens separate.
std::vector<Word> words_of(std::string_view text);

/// Languages with stemming; every other one is found by whole words and their beginnings.
enum class Tongue : std::uint8_t { dutch, english };
inline constexpr Tongue all_tongues[] = {Tongue::dutch, Tongue::english};
/// "nl", "nl-BE" -> dutch.
std::optional<Tongue> tongue_of(std::string_view language_tag);
/// Of a folded word. Threads: any.
std::string stem_of(std::string_view folded, Tongue tongue);
/// Dutch and English words that say nothing by themselves, folded.
bool is_stopword(std::string_view folded);

/// Code points of well-formed UTF-8.
std::size_t character_count(std::string_view text);
/// Whether typing it wrong can be noticed: four letters or more, no digits, no signs.
bool is_spellable(const std::string& folded);

/// CommonMark as its reader sees it, on one line: no markers, no link targets, no fences.
std::string plain_of(std::string_view common_mark);

}  // namespace meent::projections
