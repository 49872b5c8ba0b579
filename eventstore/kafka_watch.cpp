#include "eventstore/kafka_watch.h"

#include <spdlog/spdlog.h>

namespace meent::eventstore {
namespace {

using namespace std::chrono_literals;

constexpr auto between_comparisons = 10s;
constexpr auto before_a_retry = 200ms;
/// A difference ends this node's work, so it must still be there when looked at again.
constexpr int looks_before_a_difference_counts = 3;

}  // namespace

KafkaWatch::KafkaWatch(std::unique_ptr<KafkaCheck> check, std::uint32_t partitions)
    : check_(std::move(check)),
      places_(partitions),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

KafkaWatch::~KafkaWatch() {
  thread_.request_stop();
  moved_.notify_all();
}

void KafkaWatch::set_place(std::uint32_t partition, KafkaPlace place) {
  const std::lock_guard lock(mutex_);
  places_.at(partition) = std::move(place);
}

void KafkaWatch::set_last(std::uint32_t partition, std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  auto& place = places_.at(partition);
  place.next_offset = offset + 1;
  place.last_offset = offset;
  if (auto* last = std::get_if<std::string>(&place.last)) {
    last->assign(bytes);
  } else {
    place.last.emplace<std::string>(bytes);
  }
}

std::uint64_t KafkaWatch::next_offset(std::uint32_t partition) const {
  const std::lock_guard lock(mutex_);
  return places_.at(partition).next_offset;
}

void KafkaWatch::distrust() {
  const std::lock_guard lock(mutex_);
  ++asked_;
  moved_.notify_all();
}

void KafkaWatch::throw_if_changed() const {
  if (!difference_.empty()) throw LogChanged(difference_ + ".");
}

void KafkaWatch::require_unchanged() const {
  const std::lock_guard lock(mutex_);
  throw_if_changed();
}

bool KafkaWatch::wait_for_trust(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  throw_if_changed();
  if (proven_ == asked_) return true;
  moved_.wait_for(lock, wait,
                  [&] { return proven_ == asked_ || !difference_.empty() || is_woken_; });
  const bool was_woken = std::exchange(is_woken_, false);
  throw_if_changed();
  if (proven_ == asked_) return true;
  if (!failure_.empty() && !was_woken) throw StorageError(failure_, false);
  return false;
}

bool KafkaWatch::is_trusted() const {
  const std::lock_guard lock(mutex_);
  return proven_ == asked_ && difference_.empty();
}

void KafkaWatch::wake() {
  const std::lock_guard lock(mutex_);
  is_woken_ = true;
  moved_.notify_all();
}

void KafkaWatch::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() && difference_.empty()) {
    const bool is_due = proven_ != asked_;
    const auto pause = !is_due            ? std::chrono::milliseconds(between_comparisons)
                       : failure_.empty() ? 0ms
                                          : std::chrono::milliseconds(before_a_retry);
    const auto asked_before = asked_;
    moved_.wait_for(lock, stop, pause, [&] { return !is_due && asked_ != asked_before; });
    if (stop.stop_requested()) return;
    const auto asked = asked_;
    const auto places = places_;
    lock.unlock();
    std::string failure;
    std::optional<std::string> difference;
    try {
      difference = compare(places, stop);
    } catch (const std::runtime_error& error) {
      failure = error.what();
    }
    lock.lock();
    if (difference) {
      spdlog::error("The log has changed: {}.", *difference);
      difference_ = *std::move(difference);
    } else if (failure.empty()) {
      proven_ = asked;
    } else if (proven_ == asked_) {
      ++asked_;  // what cannot be compared is not trusted
    }
    failure_ = std::move(failure);
    moved_.notify_all();
  }
}

std::optional<std::string> KafkaWatch::compare(const std::vector<KafkaPlace>& places,
                                               const std::stop_token& stop) {
  for (int look = 1;; ++look) {
    auto difference = check_->compare(places);
    if (!difference || look == looks_before_a_difference_counts) return difference;
    spdlog::warn("The log seems to have changed; looking again: {}.", *difference);
    std::unique_lock lock(mutex_);
    moved_.wait_for(lock, stop, before_a_retry, [] { return false; });
    if (stop.stop_requested()) return std::nullopt;
  }
}

}  // namespace meent::eventstore
