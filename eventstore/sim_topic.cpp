#include "eventstore/sim_topic.h"

#include <utility>

namespace meent::eventstore {

class SimTopic final : public Topic {
 public:
  explicit SimTopic(SimTopicBroker& broker) : broker_(broker) {
    const std::lock_guard lock(broker_.mutex_);
    end_at_opening_ = broker_.entries_.size();
  }

  void publish(std::string_view key, std::optional<std::string_view> value) override {
    const std::lock_guard lock(broker_.mutex_);
    if (broker_.is_away_) {
      has_given_up_ = true;
      return;
    }
    broker_.entries_.push_back(
        {.key = std::string(key),
         .value = value ? std::optional(std::string(*value)) : std::nullopt});
    broker_.came_.notify_all();
  }
  bool confirm(std::chrono::milliseconds) override { return !std::exchange(has_given_up_, false); }

  std::optional<TopicEntry> next(std::chrono::milliseconds wait) override {
    std::unique_lock lock(broker_.mutex_);
    const auto has_more = [this] { return !broker_.is_away_ && place_ < broker_.entries_.size(); };
    if (!broker_.came_.wait_for(lock, wait, has_more)) return std::nullopt;
    return broker_.entries_[place_++];
  }
  bool is_caught_up() const override {
    const std::lock_guard lock(broker_.mutex_);
    return place_ >= end_at_opening_;
  }

 private:
  SimTopicBroker& broker_;
  std::size_t place_ = 0;
  std::size_t end_at_opening_ = 0;
  bool has_given_up_ = false;
};

void SimTopicBroker::set_away(bool is_away) {
  const std::lock_guard lock(mutex_);
  is_away_ = is_away;
  came_.notify_all();
}

std::unique_ptr<Topic> SimTopicBroker::open() {
  return std::make_unique<SimTopic>(*this);
}

}  // namespace meent::eventstore
