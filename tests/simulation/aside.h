#pragma once
#include <functional>
#include <semaphore>
#include <thread>

/// Code that waits, run aside so that a stepped simulation goes on meanwhile. Of the two only one
/// ever runs, so a run stays the same for the same seed.
namespace meent::simulation {

class Aside {
 public:
  /// Begins with the first `resume`. What `work` throws, but for being killed, ends the process.
  explicit Aside(std::function<void(Aside&)> work);
  /// As kill -9 would: `work` goes no further than where it waits.
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  /// Lets it run until it waits or has ended.
  void resume();
  [[nodiscard]] bool is_over() const { return is_over_; }

  /// For `work`: gives way until the next `resume`.
  void wait();

 private:
  struct Killed {};
  std::function<void(Aside&)> work_;
  std::binary_semaphore go_{0}, back_{0};
  bool is_over_ = false;
  bool is_killed_ = false;
  std::thread thread_;
};

}  // namespace meent::simulation
