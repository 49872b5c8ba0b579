#pragma once
#include <span>
#include <string>
#include <string_view>

namespace meent::api::pages {

/// A file of web/, as it was when the binary was built.
struct WebFile {
  std::string_view path;  ///< "templates/layout.mustache"
  std::string_view bytes;
};

/// Every file, sorted by path. Defined in a file that cmake/embed.cmake writes.
std::span<const WebFile> embedded_web_files();

/// The file's bytes: from the folder that the environment names in MEENT_WEB_DIR (for those who
/// work on templates), else as built in. Throws std::runtime_error when there is no such file.
std::string web_file(std::string_view path);

}  // namespace meent::api::pages
