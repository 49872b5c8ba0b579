#include "api/pages/web_files.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace meent::api::pages {

std::string web_file(std::string_view path) {
  if (const char* folder = std::getenv("MEENT_WEB_DIR"); folder != nullptr && *folder != '\0') {
    const std::string name = std::string(folder) + "/" + std::string(path);
    std::ifstream file(name, std::ios::binary);
    if (!file) throw std::runtime_error("MEENT_WEB_DIR: cannot read " + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const auto files = embedded_web_files();
  const auto found = std::ranges::find(files, path, &WebFile::path);
  if (found == files.end()) {
    throw std::runtime_error("this binary has no web file " + std::string(path));
  }
  return std::string(found->bytes);
}

}  // namespace meent::api::pages
