#include "projections/view_home.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "eventstore/files.h"

namespace meent::projections {
namespace {

namespace fs = std::filesystem;

void check(const std::error_code& error, const fs::path& path) {
  if (error) {
    throw eventstore::StorageError("a view: " + path.string() + ": " + error.message(), false);
  }
}

}  // namespace

ViewHome::ViewHome(fs::path parent, std::string name)
    : parent_(std::move(parent)), name_(std::move(name)) {
  std::error_code error;
  fs::create_directories(parent_, error);
  check(error, parent_);
}

fs::path ViewHome::current_file() const {
  return parent_ / (name_ + ".current");
}

std::optional<std::string> ViewHome::current() const {
  std::ifstream file(current_file());
  std::string directory;
  if (!std::getline(file, directory) || version_of(directory) == 0) return std::nullopt;
  if (!fs::is_directory(path(directory))) return std::nullopt;
  return directory;
}

void ViewHome::set_current(const std::string& directory) const {
  const auto written = parent_ / (name_ + ".current.new");
  std::ofstream file(written, std::ios::trunc);
  file << directory << '\n';
  file.close();
  if (!file) throw eventstore::StorageError("a view: cannot write " + written.string(), false);
  std::error_code error;
  fs::rename(written, current_file(), error);
  check(error, current_file());
}

void ViewHome::forget_current() const {
  std::error_code error;
  fs::remove(current_file(), error);
  check(error, current_file());
}

std::uint32_t ViewHome::version_of(const std::string& directory) const {
  const auto prefix = name_ + "@";
  if (!directory.starts_with(prefix)) return 0;
  std::uint32_t version = 0;
  const char* const end = directory.data() + directory.size();
  const auto read = std::from_chars(directory.data() + prefix.size(), end, version);
  const bool whole = read.ptr == end || *read.ptr == '.';
  return read.ec == std::errc() && whole ? version : 0;
}

std::string ViewHome::first(std::uint32_t version) const {
  return name_ + "@" + std::to_string(version);
}

std::string ViewHome::unused(std::uint32_t version) const {
  std::string directory = first(version);
  for (int n = 2; fs::exists(path(directory)); ++n) {
    directory = first(version) + "." + std::to_string(n);
  }
  return directory;
}

fs::path ViewHome::path(const std::string& directory) const {
  return parent_ / directory;
}

void ViewHome::remove(const std::string& directory) const {
  std::error_code error;
  fs::remove_all(path(directory), error);
  check(error, path(directory));
}

void ViewHome::remove_all_but(const std::vector<std::string>& kept) const {
  std::error_code error;
  std::vector<std::string> extra;
  for (const auto& entry : fs::directory_iterator(parent_, error)) {
    const auto name = entry.path().filename().string();
    if (version_of(name) != 0 && std::ranges::find(kept, name) == kept.end()) {
      extra.push_back(name);
    }
  }
  check(error, parent_);
  for (const auto& directory : extra) remove(directory);
}

std::shared_ptr<OpenView> OpenView::open(std::unique_ptr<View> view, const ViewHome& home,
                                         std::string directory) {
  view->open(home.path(directory));
  return std::make_shared<OpenView>(std::move(view), home, std::move(directory));
}

OpenView::~OpenView() {
  view_.reset();
  if (!is_retired_) return;
  std::error_code ignored;  // what is left over goes at the next start
  fs::remove_all(home_.path(directory_), ignored);
}

}  // namespace meent::projections
