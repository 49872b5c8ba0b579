#include "projections/search_text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>
#include <xapian.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace meent::projections {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Marks that only vary a letter. Vowel signs of Indic scripts and Thai are letters to a reader.
bool is_diacritic(UChar32 c) {
  return (c >= 0x0300 && c <= 0x036F) || (c >= 0x0591 && c <= 0x05C7) ||
         (c >= 0x064B && c <= 0x0652) || c == 0x0670 || (c >= 0x1AB0 && c <= 0x1AFF) ||
         (c >= 0x1DC0 && c <= 0x1DFF);
}

/// Letters that Unicode does not take apart.
std::string_view unbarred(UChar32 c) {
  switch (c) {
    case 0x00E6: return "ae";
    case 0x00F0: return "d";
    case 0x00F8: return "o";
    case 0x0111: return "d";
    case 0x0131: return "i";
    case 0x0142: return "l";
    case 0x0153: return "oe";
    default: return {};
  }
}

const icu::Normalizer2& normalizer(bool casefold) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* found = casefold ? icu::Normalizer2::getNFKCCasefoldInstance(status)
                               : icu::Normalizer2::getNFDInstance(status);
  if (U_FAILURE(status) || found == nullptr) std::abort();  // ICU without its data
  return *found;
}

/// At most `longest_word` bytes, never through a code point.
void cut(std::string& text) {
  if (text.size() <= longest_word) return;
  std::size_t size = longest_word;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
}

std::string fold(std::string_view word) {
  std::string out;
  if (is_ascii(word)) {
    for (const char c : word) {
      if (c != '\'') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    cut(out);
    return out;
  }
  UErrorCode status = U_ZERO_ERROR;
  const auto text =
      icu::UnicodeString::fromUTF8(icu::StringPiece(word.data(), static_cast<int>(word.size())));
  const auto taken_apart =
      normalizer(false).normalize(normalizer(true).normalize(text, status), status);
  if (U_FAILURE(status)) std::abort();  // only when out of memory
  icu::UnicodeString bare;
  for (int32_t i = 0; i < taken_apart.length(); i = taken_apart.moveIndex32(i, 1)) {
    const UChar32 c = taken_apart.char32At(i);
    if (is_diacritic(c) || c == '\'' || c == 0x2019) continue;
    const auto plain = unbarred(c);
    if (plain.empty()) {
      bare.append(c);
    } else {
      bare.append(icu::UnicodeString::fromUTF8(
          icu::StringPiece(plain.data(), static_cast<int>(plain.size()))));
    }
  }
  bare.toUTF8String(out);
  cut(out);
  return out;
}

bool is_mark(UChar32 c) {
  return (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

bool writes_no_spaces(UChar32 c) {
  if (c < 0x0E00) return false;
  if (c == 0x30FC) return true;  // prolongs a katakana vowel
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(c, &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
    case USCRIPT_TIBETAN: return true;
    default: return false;
  }
}

enum class Sort { gap, apostrophe, letter, mark, sign };

Sort sort_of(UChar32 c) {
  if (c < 0) return Sort::gap;
  if (c < 0x80) {
    if (c == '\'') return Sort::apostrophe;
    return std::isalnum(c) != 0 ? Sort::letter : Sort::gap;
  }
  if (c == 0x2019) return Sort::apostrophe;
  if (is_mark(c)) return Sort::mark;
  if (u_isalnum(c) == 0) return Sort::gap;
  return writes_no_spaces(c) ? Sort::sign : Sort::letter;
}

/// Walks a text by code points, one ahead.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) { step(); }
  [[nodiscard]] bool done() const { return begin_ == text_.size(); }
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] Sort sort() const { return sort_; }
  void next() {
    begin_ = end_;
    step();
  }
  /// What comes after the current code point.
  [[nodiscard]] Sort sort_after() const {
    Reader ahead = *this;
    ahead.next();
    return ahead.done() ? Sort::gap : ahead.sort_;
  }

 private:
  void step() {
    if (begin_ == text_.size()) return;
    auto at = static_cast<int32_t>(begin_);
    UChar32 c = 0;
    U8_NEXT(text_.data(), at, static_cast<int32_t>(text_.size()), c);
    end_ = static_cast<std::size_t>(at);
    sort_ = sort_of(c);
  }
  std::string_view text_;
  std::size_t begin_ = 0, end_ = 0;
  Sort sort_ = Sort::gap;
};

/// Snowball's, with what it leaves apart brought together: fiets and fietsen, huis and huizen,
/// zwem and zwemmen, idee and ideeën, foto and foto's.
std::string dutch_stem(std::string_view folded) {
  thread_local const Xapian::Stem dutch("dutch");
  std::string stem(folded);
  if (stem.ends_with("eeen")) stem.resize(stem.size() - 2);
  const auto is_vowel = [](char c) { return std::string_view("aeiouy").contains(c); };
  if (stem.size() > 3 && stem.ends_with('s') && is_vowel(stem[stem.size() - 2]) &&
      !is_vowel(stem[stem.size() - 3]) && stem[stem.size() - 2] != 'e') {
    stem.pop_back();
  }
  stem = dutch(dutch(stem));
  if (stem.size() < 3) return stem;
  char& last = stem.back();
  if (last == 'z') last = 's';
  if (last == 'v') last = 'f';
  if (last == stem[stem.size() - 2] && !is_vowel(last)) stem.pop_back();
  return stem;
}

}  // namespace

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> out;
  Reader reader(text.substr(0, 1U << 30));
  const auto finish = [&](std::size_t begin, bool is_sign) {
    Word word{.folded = fold(text.substr(begin, reader.begin() - begin)),
              .begin = begin,
              .end = reader.begin(),
              .is_sign = is_sign,
              .joins = is_sign && !out.empty() && out.back().is_sign && out.back().end == begin};
    if (!word.folded.empty()) out.push_back(std::move(word));
  };
  while (!reader.done()) {
    const std::size_t begin = reader.begin();
    const Sort first = reader.sort();
    reader.next();
    if (first == Sort::sign) {
      while (!reader.done() && reader.sort() == Sort::mark) reader.next();
      finish(begin, true);
    } else if (first == Sort::letter) {
      while (!reader.done()) {
        const Sort sort = reader.sort();
        const bool inside = sort == Sort::letter || sort == Sort::mark ||
                            (sort == Sort::apostrophe && reader.sort_after() == Sort::letter);
        if (!inside) break;
        reader.next();
      }
      finish(begin, false);
    }
  }
  return out;
}

std::optional<Tongue> tongue_of(std::string_view language_tag) {
  const auto primary = language_tag.substr(0, language_tag.find('-'));
  if (primary == "nl") return Tongue::dutch;
  if (primary == "en") return Tongue::english;
  return std::nullopt;
}

std::string stem_of(std::string_view folded, Tongue tongue) {
  thread_local const Xapian::Stem english("english");
  return tongue == Tongue::dutch ? dutch_stem(folded) : english(std::string(folded));
}

bool is_stopword(std::string_view folded) {
  static constexpr std::array words = std::to_array<std::string_view>({
      "a",    "aan",   "al",    "als",   "an",   "and",  "are",  "as",   "at",   "be",  "bij",
      "but",  "by",    "dan",   "dat",   "de",   "den",  "der",  "des",  "deze", "die", "dit",
      "door", "een",   "en",    "er",    "for",  "from", "had",  "has",  "have", "heb", "heeft",
      "het",  "hier",  "hoe",   "how",   "i",    "if",   "ik",   "in",   "is",   "it",  "its",
      "je",   "kan",   "maar",  "meer",  "met",  "mijn", "naar", "niet", "nog",  "not", "of",
      "om",   "on",    "onder", "ons",   "ook",  "op",   "or",   "over", "s",    "t",   "te",
      "that", "the",   "their", "there", "they", "this", "to",   "tot",  "uit",  "van", "voor",
      "waar", "want",  "was",   "wat",   "we",   "wel",  "were", "wie",  "wij",  "wil", "with",
      "word", "wordt", "you",   "ze",    "zich", "zijn", "zo",
  });
  static_assert(std::ranges::is_sorted(words));
  return std::ranges::binary_search(words, folded);
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_spellable(const std::string& folded) {
  if (folded.size() > 48 || character_count(folded) < 4) return false;
  auto at = int32_t{0};
  const auto size = static_cast<int32_t>(folded.size());
  while (at < size) {
    UChar32 c = 0;
    U8_NEXT(folded.data(), at, size, c);
    if (c < 0 || u_isdigit(c) != 0 || writes_no_spaces(c)) return false;
  }
  return true;
}

}  // namespace meent::projections
