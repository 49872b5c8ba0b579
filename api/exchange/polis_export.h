#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

/// A space's conversation as Polis's own open-data files: comments.csv, votes.csv and
/// participants-votes.csv, with the ids of the source it was imported from. What has no such id
/// gets the next free number. `group-id` is empty, `datetime` is in UTC.
namespace meent::api {

class PolisExport {
 public:
  /// `space`: slug.
  explicit PolisExport(std::string space);
  ~PolisExport();
  /// One line of a platform's history as an analyst gets it. Throws SourceError on a line that is
  /// no event, or without the facts that only analysts get.
  void add(std::string_view line);
  /// Makes `folder`. Throws SourceError when there is no such space, or a file cannot be written.
  void write(const std::filesystem::path& folder) const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace meent::api
