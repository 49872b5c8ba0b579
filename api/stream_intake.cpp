#include "api/stream_intake.h"

#include <condition_variable>
#include <memory>
#include <mutex>

namespace meent::api {
namespace {

class Intake : public EventStream::Outlet {
 public:
  void wake() override {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    changed_.notify_one();
  }
  bool wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, at_most, [&] { return is_woken_; })) return false;
    is_woken_ = false;
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
};

}  // namespace

bool take_all(EventStream& stream, std::chrono::milliseconds longest_silence,
              const std::function<void(std::string_view)>& piece) {
  const auto intake = std::make_shared<Intake>();
  stream.attach(intake);
  stream.drained();
  for (;;) {
    const auto taken = stream.take();
    std::size_t bytes = 0;
    for (const auto& chunk : taken.chunks) {
      piece(chunk->text);
      bytes += chunk->text.size();
    }
    if (taken.is_last) {
      stream.closed(StreamEnd::finished);
      return true;
    }
    if (bytes > 0) {
      stream.sent(bytes);
      stream.drained();
    } else if (!intake->wait(longest_silence)) {
      stream.closed(StreamEnd::client_left);
      return false;
    }
  }
}

}  // namespace meent::api
