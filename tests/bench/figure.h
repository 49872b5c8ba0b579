#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// What a benchmark measured, always next to something known.
namespace meent::bench {

struct Figure {
  std::string name{};
  double value = 0;
  std::string unit{};
  std::string reference{};        ///< what the ratio is against; empty: a figure on its own
  std::optional<double> ratio{};  ///< value against reference
  std::string aim{};              ///< empty: none, stated only
  std::optional<bool> met{};
};

/// One JSON object on one line; `figure_from` reads it back.
std::string to_json(const Figure& figure);
/// Nothing for a line that is no figure.
std::optional<Figure> figure_from(const std::string& line);
/// A table for people.
std::string to_table(const std::vector<Figure>& figures);
/// A JSON array.
std::string to_json(const std::vector<Figure>& figures);

using Emit = std::function<void(Figure)>;
/// Runs a benchmark: each figure is shown as it comes, then all as a table, and as JSON in the file
/// `out`.
void run_benchmark(const std::string& out, const std::function<void(const Emit&)>& measure);

}  // namespace meent::bench
