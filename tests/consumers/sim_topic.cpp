#include "tests/consumers/sim_topic.h"

#include <algorithm>
#include <chrono>

#include "eventstore/files.h"

namespace meent::consumers {

class SimTopic::Sink final : public MessageSink {
 public:
  explicit Sink(SimTopic& topic)
      : topic_(topic), thread_([this](const std::stop_token& stop) { serve(stop); }) {}
  ~Sink() override {
    thread_.request_stop();
    topic_.changed_.notify_all();
    thread_.join();
    for (auto& one : waiting_) one.done("given up");
  }

  void send(std::string_view key, std::string_view value, Done done) override {
    const std::lock_guard lock(topic_.mutex_);
    if (is_lost_) throw eventstore::StorageError("connection lost", false);
    waiting_.push_back({{std::string(key), std::string(value)}, std::move(done)});
    topic_.most_outstanding_ = std::max(topic_.most_outstanding_, waiting_.size());
    topic_.changed_.notify_all();
  }
  [[nodiscard]] std::string trouble() const override {
    const std::lock_guard lock(topic_.mutex_);
    return topic_.is_away_ ? "nobody answers" : "";
  }

 private:
  struct Waiting {
    Stored message;
    Done done;
  };

  void serve(const std::stop_token& stop) {
    while (true) {
      std::vector<std::pair<Done, std::string>> reports;
      {
        std::unique_lock lock(topic_.mutex_);
        topic_.changed_.wait(
            lock, [&] { return stop.stop_requested() || (!waiting_.empty() && !topic_.is_away_); });
        if (stop.stop_requested()) return;
        if (topic_.failures_left_ > 0) {
          --topic_.failures_left_;
          is_lost_ = true;
          for (std::size_t i = 0; i < waiting_.size(); ++i) {
            if (i < waiting_.size() / 2) topic_.stored_.push_back(waiting_[i].message);
            reports.emplace_back(std::move(waiting_[i].done), "connection lost");
          }
          waiting_.clear();
        } else {
          topic_.stored_.push_back(waiting_.front().message);
          reports.emplace_back(std::move(waiting_.front().done), std::string());
          waiting_.pop_front();
        }
        topic_.changed_.notify_all();
      }
      for (auto& [done, error] : reports) done(error);
    }
  }

  SimTopic& topic_;
  std::deque<Waiting> waiting_;
  bool is_lost_ = false;  ///< nothing more goes this way: it would overtake what failed
  std::jthread thread_;
};

std::unique_ptr<MessageSink> SimTopic::connect() {
  {
    const std::lock_guard lock(mutex_);
    if (is_refused_) throw eventstore::StorageError("the topic is not there", false);
    ++connection_count_;
  }
  return std::make_unique<Sink>(*this);
}

void SimTopic::go_away() {
  const std::lock_guard lock(mutex_);
  is_away_ = true;
}

void SimTopic::come_back() {
  const std::lock_guard lock(mutex_);
  is_away_ = false;
  changed_.notify_all();
}

void SimTopic::fail_next(int count) {
  const std::lock_guard lock(mutex_);
  failures_left_ = count;
}

void SimTopic::refuse(bool refuses) {
  const std::lock_guard lock(mutex_);
  is_refused_ = refuses;
}

std::vector<SimTopic::Stored> SimTopic::stored() const {
  const std::lock_guard lock(mutex_);
  return stored_;
}

int SimTopic::connection_count() const {
  const std::lock_guard lock(mutex_);
  return connection_count_;
}

std::size_t SimTopic::most_outstanding() const {
  const std::lock_guard lock(mutex_);
  return most_outstanding_;
}

bool SimTopic::wait_for(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return stored_.size() >= count; });
}

}  // namespace meent::consumers
