#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "projections/search.h"
#include "projections/search_parse.h"

namespace meent::projections {

/// Finds in a text what a query's pieces were found by. Pure.
class Highlighter {
 public:
  /// `language`: the text's tag; stems are compared in it. `parts`: words to mark too, though one
  /// of the query's own counts more.
  Highlighter(const std::vector<SearchPiece>& pieces, std::string_view language,
              const std::vector<std::string>& parts = {});

  /// The whole text.
  [[nodiscard]] std::vector<TextRun> whole(std::string_view text) const;
  /// About `characters` of it, where most of the query is; … marks what was left out.
  [[nodiscard]] std::vector<TextRun> excerpt(std::string_view text, std::size_t characters) const;

 private:
  struct Match {
    std::size_t begin = 0, end = 0;
    std::size_t piece = 0;  ///< which of the query
  };
  [[nodiscard]] std::vector<Match> matches_in(const std::vector<Word>& words) const;
  [[nodiscard]] static std::vector<TextRun> runs(std::string_view text,
                                                 const std::vector<Match>& matches,
                                                 std::size_t begin, std::size_t end);

  struct Wanted {
    std::vector<std::string> folded;  ///< a word; signs: the run
    std::string stem;                 ///< of a word, in the text's language; else empty
    std::string beginning;            ///< of longer words; else empty
    bool is_signs = false;
    std::size_t weight = 100;
  };
  std::vector<Wanted> wanted_;
  Tongue stem_tongue_ = Tongue::dutch;  ///< of every `stem`
};

}  // namespace meent::projections
