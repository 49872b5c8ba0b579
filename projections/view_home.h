#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "projections/view.h"

namespace meent::projections {

/// A view's directories: `<name>@<version>`, or with `.2`, `.3` … behind it when it was built
/// beside another one of the same version, and the file `<name>.current` that says which serves.
/// Everything but the current one is unfinished or left over. Throws eventstore::StorageError.
class ViewHome {
 public:
  ViewHome(std::filesystem::path parent, std::string name);

  /// The directory that served last, by its name; nothing when none did or it is gone.
  [[nodiscard]] std::optional<std::string> current() const;
  /// Atomically, from now on.
  void set_current(const std::string& directory) const;
  void forget_current() const;
  /// Version in a directory's name; 0 when it has none.
  [[nodiscard]] std::uint32_t version_of(const std::string& directory) const;
  /// A directory of this version that does not exist yet.
  [[nodiscard]] std::string unused(std::uint32_t version) const;
  /// The first directory of this version, whether it exists or not.
  [[nodiscard]] std::string first(std::uint32_t version) const;
  [[nodiscard]] std::filesystem::path path(const std::string& directory) const;
  void remove(const std::string& directory) const;
  void remove_all_but(const std::vector<std::string>& kept) const;

 private:
  [[nodiscard]] std::filesystem::path current_file() const;
  std::filesystem::path parent_;
  std::string name_;
};

/// An open view in its directory. Once retired, the directory goes with its last reader.
class OpenView {
 public:
  /// Throws what the view's `open` throws.
  static std::shared_ptr<OpenView> open(std::unique_ptr<View> view, const ViewHome& home,
                                        std::string directory);
  OpenView(std::unique_ptr<View> view, const ViewHome& home, std::string directory)
      : home_(home), directory_(std::move(directory)), view_(std::move(view)) {}
  ~OpenView();
  OpenView(const OpenView&) = delete;
  OpenView& operator=(const OpenView&) = delete;

  void retire() { is_retired_ = true; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] View& view() { return *view_; }
  /// The view, keeping this alive.
  static std::shared_ptr<View> shared(const std::shared_ptr<OpenView>& open) {
    return {open, open->view_.get()};
  }

 private:
  ViewHome home_;
  std::string directory_;
  std::atomic<bool> is_retired_ = false;
  std::unique_ptr<View> view_;
};

}  // namespace meent::projections
