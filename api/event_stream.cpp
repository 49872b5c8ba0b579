#include "api/event_stream.h"

#include <utility>

namespace meent::api {

EventStream::EventStream(Options options) : options_(std::move(options)) {}

std::shared_ptr<EventStream> EventStream::make(Options options) {
  return std::shared_ptr<EventStream>(new EventStream(std::move(options)));
}

bool EventStream::push(std::shared_ptr<const Chunk> chunk) {
  std::unique_lock lock(mutex_);
  if (is_over_) return false;
  const bool fits = buffered_bytes_ + chunk->text.size() <= options_.buffer_limit_bytes;
  if (fits) {
    buffered_bytes_ += chunk->text.size();
    last_accepted_ = chunk;
    pending_.push_back(std::move(chunk));
  } else {
    end_locked(StreamEnd::too_slow);
  }
  wake_outlet(lock);
  return fits;
}

bool EventStream::push(std::string text, std::string cursor) {
  return push(std::make_shared<const Chunk>(std::move(text), std::move(cursor)));
}

void EventStream::finish() {
  std::unique_lock lock(mutex_);
  if (is_over_) return;
  is_over_ = true;
  end_ = StreamEnd::finished;
  wake_outlet(lock);
}

void EventStream::stop() {
  std::unique_lock lock(mutex_);
  if (is_over_) return;
  end_locked(StreamEnd::server_stopping);
  wake_outlet(lock);
}

void EventStream::end_locked(StreamEnd reason) {
  is_over_ = true;
  end_ = reason;
  if (!options_.farewell) return;
  std::string text =
      options_.farewell(reason, last_accepted_ ? std::string_view(last_accepted_->cursor) : "");
  options_.farewell = nullptr;
  if (text.empty()) return;
  buffered_bytes_ += text.size();
  pending_.push_back(std::make_shared<const Chunk>(std::move(text), std::string()));
}

void EventStream::wake_outlet(std::unique_lock<std::mutex>& lock) {
  if (is_woken_) return;
  const auto outlet = outlet_.lock();
  if (!outlet) return;
  is_woken_ = true;
  lock.unlock();
  outlet->wake();
}

std::size_t EventStream::buffered_bytes() const {
  const std::lock_guard lock(mutex_);
  return buffered_bytes_;
}

bool EventStream::is_over() const {
  const std::lock_guard lock(mutex_);
  return is_over_;
}

void EventStream::attach(std::weak_ptr<Outlet> outlet) {
  std::unique_lock lock(mutex_);
  outlet_ = std::move(outlet);
  if (!pending_.empty() || is_over_) wake_outlet(lock);
}

EventStream::Taken EventStream::take() {
  const std::lock_guard lock(mutex_);
  is_woken_ = false;
  return {std::exchange(pending_, {}), is_over_, end_};
}

void EventStream::sent(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  buffered_bytes_ -= std::min(bytes, buffered_bytes_);
}

void EventStream::drained() {
  if (!options_.on_drained) return;
  {
    const std::lock_guard lock(mutex_);
    if (is_over_ || buffered_bytes_ > 0) return;
  }
  options_.on_drained(*this);
}

void EventStream::closed(StreamEnd reason) {
  Options let_go;
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return;
    is_closed_ = true;
    is_over_ = true;
    std::swap(let_go, options_);
    pending_.clear();
  }
  if (let_go.on_close) let_go.on_close(reason);
}

}  // namespace meent::api
