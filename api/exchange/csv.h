#pragma once
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Comma-separated values as RFC 4180 has them: quotes, doubled quotes, line ends inside quotes.
namespace meent::api {

/// Source that is not what its format says; the text names file and row.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct CsvTable {
  std::string file;  ///< for messages
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< each as wide as the header

  /// Index of a column. Throws SourceError when there is none.
  [[nodiscard]] std::size_t column(std::string_view name) const;
};

/// Throws SourceError: a row of another width, an open quote, no header.
CsvTable read_csv(std::string_view text, std::string file);

/// One row with its line end (\n); fields are quoted where they must be.
std::string csv_row(const std::vector<std::string>& fields);

/// A whole file. Throws SourceError when it cannot be read.
std::string read_file(const std::filesystem::path& path);

}  // namespace meent::api
