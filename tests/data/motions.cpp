#include "tests/data/motions.h"

#include <zlib.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <nlohmann/json.hpp>

namespace meent::data {
namespace {

std::string unzipped(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), ::gzclose);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::string out;
  std::array<char, 65536> buffer{};
  int count = 0;
  while ((count = ::gzread(file.get(), buffer.data(), buffer.size())) > 0) {
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (count < 0) throw std::runtime_error("cannot unzip " + path);
  return out;
}

}  // namespace

std::vector<Motion> motions() {
  const char* folder = std::getenv("MEENT_TEST_DATA");
  if (folder == nullptr || *folder == '\0') return {};
  std::istringstream lines(unzipped(std::string(folder) + "/motions/motions.ndjson.gz"));
  std::vector<Motion> out;
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    const auto field = [&](const char* name) { return row.at(name).get<std::string>(); };
    out.push_back({.id = field("id"),
                   .date = field("date"),
                   .theme = field("theme"),
                   .title = field("title"),
                   .text = field("text")});
  }
  return out;
}

}  // namespace meent::data
