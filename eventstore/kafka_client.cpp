#include "eventstore/kafka_client.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <string_view>
#include <thread>

namespace meent::eventstore {
namespace {

using ConfHandle = std::unique_ptr<rd_kafka_conf_t, KafkaFree<rd_kafka_conf_destroy>>;

/// Quick to notice that a broker is gone and quick to come back; a request that a broker never
/// answers is given up after `socket.timeout.ms` and sent to whoever leads by then.
constexpr std::array<std::pair<const char*, const char*>, 7> always = {{
    {"client.id", "meent"},
    {"socket.nagle.disable", "true"},
    {"socket.timeout.ms", "3000"},
    {"socket.connection.setup.timeout.ms", "3000"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "500"},
    {"topic.metadata.refresh.interval.ms", "5000"},
}};

/// Where a reader is, it knows itself. A stranger's open transaction must not hold everybody up.
constexpr std::array<std::pair<const char*, const char*>, 4> of_readers = {{
    {"enable.auto.commit", "false"},
    {"auto.commit.enable", "false"},
    {"isolation.level", "read_uncommitted"},
    {"check.crcs", "true"},
}};

/// Ends instances of the library aside. What has not ended some seconds after the last instance of
/// a process was given up, is left to the end of the process.
class Endings {
 public:
  static Endings& all() {
    static Endings endings;
    return endings;
  }
  Endings(const Endings&) = delete;
  Endings& operator=(const Endings&) = delete;

  void end(rd_kafka_t* handle) {
    {
      const std::lock_guard lock(shared_->mutex);
      ++shared_->count;
    }
    std::thread([handle, shared = shared_] {
      rd_kafka_destroy(handle);
      const std::lock_guard lock(shared->mutex);
      --shared->count;
      shared->moved.notify_all();
    }).detach();
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable moved;
    int count = 0;
  };

  Endings() = default;
  ~Endings() {
    constexpr auto longest_wait = std::chrono::seconds(3);
    std::unique_lock lock(shared_->mutex);
    shared_->moved.wait_for(lock, longest_wait, [&] { return shared_->count == 0; });
  }

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  const auto result = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size());
  if (result != RD_KAFKA_CONF_OK) throw StartRefused("Kafka option " + name + ": " + why.data());
}

}  // namespace

KafkaClient::KafkaClient(const KafkaOptions& options, rd_kafka_type_t type, KafkaSettings settings,
                         Delivered delivered) {
  check_kafka_options(options);
  ConfHandle conf(rd_kafka_conf_new());
  for (const auto& [name, value] : always) set(conf.get(), name, value);
  if (type == RD_KAFKA_CONSUMER) {
    for (const auto& [name, value] : of_readers) set(conf.get(), name, value);
  }
  for (const auto& [name, value] : options.client) set(conf.get(), name, value);
  for (const auto& [name, value] : settings) set(conf.get(), name, value);
  set(conf.get(), "bootstrap.servers", options.bootstrap);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaClient::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), &KafkaClient::on_log);
  if (delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(conf.get(), delivered);
  std::array<char, 512> why{};
  handle_ = rd_kafka_new(type, conf.get(), why.data(), why.size());
  if (handle_ == nullptr) {
    throw StartRefused(std::string("The Kafka client cannot start: ") + why.data() +
                       ". See the options in docs/kafka.md.");
  }
  [[maybe_unused]] const auto* handed_on = conf.release();  // the handle's now
}

KafkaClient::~KafkaClient() {
  topics_.clear();
  Endings::all().end(handle_);
}

rd_kafka_topic_t* KafkaClient::topic(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& topic = topics_[name];
  if (!topic) topic.reset(rd_kafka_topic_new(handle_, name.c_str(), nullptr));
  if (!topic) {
    const auto why = kafka_error(rd_kafka_last_error());
    throw StorageError("the topic " + name + " cannot be used: " + why, false);
  }
  return topic.get();
}

std::string KafkaClient::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

void KafkaClient::on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  auto& self = *static_cast<KafkaClient*>(opaque);
  {
    const std::lock_guard lock(self.mutex_);
    self.last_error_ = kafka_error(static_cast<rd_kafka_resp_err_t>(code)) + " (" + reason + ")";
  }
  self.is_disturbed_ = true;
}

void KafkaClient::on_log(const rd_kafka_t*, int level, const char* facility, const char* text) {
  constexpr int syslog_error = 3;
  constexpr int syslog_notice = 5;
  const bool is_about_settings = std::string_view(facility) == "CONFWARN";
  const auto how = is_about_settings        ? spdlog::level::debug
                   : level <= syslog_error  ? spdlog::level::warn
                   : level <= syslog_notice ? spdlog::level::info
                                            : spdlog::level::debug;
  spdlog::log(how, "kafka: {}: {}", facility, text);
}

std::string kafka_error(rd_kafka_resp_err_t error) {
  return rd_kafka_err2str(error);
}

int timeout_ms(std::chrono::milliseconds wait) {
  return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 3'600'000));
}

}  // namespace meent::eventstore
