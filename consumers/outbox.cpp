#include "consumers/outbox.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "eventstore/files.h"

namespace meent::consumers {

using std::chrono::milliseconds;

Outbox::Outbox(Connect connect, Options options)
    : connect_(std::move(connect)), options_(options) {}

Outbox::~Outbox() = default;

bool Outbox::has_room() const {
  return messages_.size() < options_.most_messages && marks_.size() < options_.most_messages &&
         bytes_ < options_.most_bytes;
}

void Outbox::add(std::string key, std::string value) {
  bytes_ += key.size() + value.size();
  messages_.push_back({.key = std::move(key), .value = std::move(value)});
}

void Outbox::mark(eventstore::CheckpointMark mark) {
  const auto number = first_number_ + messages_.size();
  const bool replaces = !marks_.empty() && marks_.back().first == number &&
                        marks_.back().second.platform == mark.platform;
  if (replaces) marks_.pop_back();
  marks_.emplace_back(number, std::move(mark));
}

std::optional<eventstore::CheckpointMark> Outbox::take_settled() {
  if (marks_.empty() || marks_.front().first > first_number_) return std::nullopt;
  auto mark = std::move(marks_.front().second);
  marks_.pop_front();
  return mark;
}

void Outbox::work(milliseconds wait) {
  send_unsent();
  if (!messages_.empty() && wait.count() > 0) {
    std::unique_lock lock(reports_->mutex);
    const bool has_come = reports_->changed.wait_for(
        lock, wait, [&] { return !reports_->stored.empty() || !reports_->failure.empty(); });
    // A sink that never gives up reports no failure, however wrong the password is.
    if (!has_come && sink_) note_error(sink_->trouble());
  }
  take_reports();
}

void Outbox::send_unsent() {
  if (unsent_ == messages_.size() || Clock::now() < paused_until_) return;
  try {
    if (!sink_) sink_ = connect_();
    while (unsent_ < messages_.size()) {
      const auto& message = messages_[unsent_];
      std::uint64_t generation = 0;
      {
        const std::lock_guard lock(reports_->mutex);
        if (!reports_->failure.empty()) return;  // nothing may overtake what failed
        generation = reports_->generation;
      }
      const auto number = first_number_ + unsent_;
      sink_->send(message.key, message.value,
                  [reports = reports_, number, generation](const std::string& error) {
                    const std::lock_guard lock(reports->mutex);
                    if (generation != reports->generation) return;
                    if (error.empty()) {
                      reports->stored.push_back(number);
                    } else if (reports->failure.empty()) {
                      reports->failure = error;
                    }
                    reports->changed.notify_one();
                  });
      ++unsent_;
    }
  } catch (const std::exception& error) {
    give_up_sink(error.what());
  }
}

void Outbox::take_reports() {
  std::deque<std::uint64_t> stored;
  std::string failure;
  {
    const std::lock_guard lock(reports_->mutex);
    stored.swap(reports_->stored);
    failure = std::exchange(reports_->failure, {});
    reports_->stored_count += stored.size();
    if (!stored.empty() && failure.empty()) reports_->last_error.clear();
  }
  for (const auto number : stored) messages_[number - first_number_].is_stored = true;
  if (!stored.empty()) pause_ = milliseconds(0);
  while (!messages_.empty() && messages_.front().is_stored) {
    bytes_ -= messages_.front().key.size() + messages_.front().value.size();
    messages_.pop_front();
    ++first_number_;
    --unsent_;
  }
  if (!failure.empty()) give_up_sink(failure);
}

/// Under the reports' mutex.
void Outbox::note_error(const std::string& why) {
  if (why.empty() || reports_->last_error == why) return;
  spdlog::warn("publishing waits: {}", why);
  reports_->last_error = why;
}

void Outbox::give_up_sink(const std::string& why) {
  {
    const std::lock_guard lock(reports_->mutex);
    ++reports_->generation;
    reports_->stored.clear();
    reports_->failure.clear();
    note_error(why);
  }
  sink_.reset();
  // Also what is stored behind the first that is not: its repeats keep the order.
  unsent_ = 0;
  for (auto& message : messages_) message.is_stored = false;
  pause_ = std::clamp(2 * pause_, options_.shortest_pause, options_.longest_pause);
  paused_until_ = Clock::now() + pause_;
}

std::string Outbox::last_error() const {
  const std::lock_guard lock(reports_->mutex);
  return reports_->last_error;
}

std::uint64_t Outbox::stored_count() const {
  const std::lock_guard lock(reports_->mutex);
  return reports_->stored_count;
}

}  // namespace meent::consumers
