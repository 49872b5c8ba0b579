#include "tests/simulation/aside.h"

namespace meent::simulation {

Aside::Aside(std::function<void(Aside&)> work)
    : work_(std::move(work)), thread_([this] {
        go_.acquire();
        try {
          if (!is_killed_) work_(*this);
        } catch (const Killed&) {
        }
        is_over_ = true;
        back_.release();
      }) {}

Aside::~Aside() {
  is_killed_ = true;
  if (!is_over_) resume();
  thread_.join();
}

void Aside::resume() {
  go_.release();
  back_.acquire();
}

void Aside::wait() {
  if (is_killed_) throw Killed{};
  back_.release();
  go_.acquire();
  if (is_killed_) throw Killed{};
}

}  // namespace meent::simulation
