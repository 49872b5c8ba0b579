#include "tests/contract/log_node.h"

#include <thread>

#include "eventstore/codec.h"
#include "eventstore/kafka_init.h"
#include "eventstore/kafka_log.h"
#include "eventstore/rocks_log.h"
#include "tests/kafka/kafka_cluster.h"

namespace meent::eventstore::contract {
namespace {

using namespace std::chrono_literals;

template <class Id>
Id numbered(std::uint8_t number) {
  domain::IdBytes bytes{};
  bytes.front() = 0xC0;
  bytes.back() = number;
  return Id(bytes);
}

/// What a broker on a busy machine may take.
constexpr auto far_patience = 400ms;

}  // namespace

domain::PlatformId platform_of(std::uint8_t number) {
  return numbered<domain::PlatformId>(number);
}
WriterId writer_of(std::uint8_t number) {
  return numbered<WriterId>(number);
}

std::string name_of(LogKind kind) {
  switch (kind) {
    case LogKind::rocks: return "RocksLog";
    case LogKind::sim: return "SimLog";
    case LogKind::kafka: return "KafkaLog";
  }
  return {};
}

std::string verdict_of(const AppliedEntry& entry) {
  if (const auto* reason = std::get_if<Void>(&entry.verdict)) return name_of(reason->reason);
  if (const auto* reason = std::get_if<Stop>(&entry.verdict)) return name_of(reason->reason);
  return "applied";
}

std::vector<std::string> verdicts_of(const std::vector<AppliedEntry>& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries) out.push_back(verdict_of(entry));
  return out;
}

std::vector<std::string> read_all(Log& log) {
  const bool is_far = dynamic_cast<KafkaLog*>(&log) != nullptr;
  std::vector<std::string> out;
  while (auto entry = log.next(is_far ? far_patience : 0ms)) {
    out.push_back(std::move(entry->envelope));
  }
  return out;
}

LogNode::LogNode(LogKind kind) : kind_(kind) {
  if (kind_ == LogKind::kafka) {
    options_.bootstrap = tests::KafkaCluster::shared().addresses();
    options_.topic_prefix = tests::fresh_prefix();
    options_.replication = 1;
    init_kafka({.options = options_, .partitions = 1});
  }
  open();
}

void LogNode::open() {
  store_ = Store::open({.folder = "/node"}, files_);
  keys_ = Keys::open("/node/keys", files_);
  log_ = another_reader();
  log_->seek(0, store_->log_place());
  applier_ = Applier::make(*store_);
}

std::unique_ptr<Log> LogNode::another_reader() {
  if (kind_ == LogKind::kafka) return KafkaLog::open(options_);
  if (kind_ == LogKind::sim) return std::make_unique<SimLog>(broker_);
  return std::make_unique<RocksLog>(*store_);
}

std::vector<AppliedEntry> LogNode::write(const std::vector<Envelope>& envelopes) {
  std::vector<std::string> bytes;
  for (const auto& envelope : envelopes) bytes.push_back(encode_envelope(envelope));
  return write_bytes(bytes);
}

std::vector<AppliedEntry> LogNode::write_bytes(const std::vector<std::string>& envelopes) {
  if (fault_ == Fault::none) {
    log_->append(0, envelopes);
    return apply(kind_ == LogKind::kafka ? envelopes.size() : 0);
  }
  auto& cluster = tests::KafkaCluster::shared();
  if (fault_ == Fault::unknown_and_lands) {
    cluster.pause(1);
  } else {
    cluster.kill(1);
  }
  log_->append(0, envelopes);
  if (fault_ == Fault::unknown_and_lands) coming_ = envelopes.size();
  std::this_thread::sleep_for(300ms);  // what is sent has reached the broker's machine
  throw StorageError("the broker does not answer", true);
}

std::vector<AppliedEntry> LogNode::apply_what_comes() {
  return apply(std::exchange(coming_, 0));
}

std::chrono::milliseconds LogNode::patience() const {
  return kind_ == LogKind::kafka ? far_patience : 0ms;
}

std::vector<AppliedEntry> LogNode::apply(std::size_t expected) {
  std::vector<LogEntry> entries;
  while (true) {
    // What was just acknowledged is given out: it is only waited for if it should be there.
    auto entry = log_->next(entries.size() < expected ? 10s : expected > 0 ? 10ms : patience());
    if (!entry) break;
    entries.push_back(*std::move(entry));
  }
  if (entries.empty()) return {};
  return applier_->apply(entries, true);
}

void LogNode::restart() {
  applier_ = nullptr;
  log_ = nullptr;
  store_ = nullptr;
  keys_ = nullptr;
  files_.disk().kill_process();
  open();
}

void LogNode::make_next_write_unknown(bool lands) {
  if (kind_ == LogKind::kafka) {
    fault_ = lands ? Fault::unknown_and_lands : Fault::unknown_and_lost;
  } else if (kind_ == LogKind::sim) {
    broker_.plan({lands ? SimFate::throws_and_lands_late : SimFate::throws_and_is_lost});
  } else if (lands) {
    files_.disk().fail_sync(files_.disk().sync_count() + 1);  // in the page cache all the same
  } else {
    files_.disk().cut_power_at(files_.disk().operation_count() + 1);
  }
}

void LogNode::settle() {
  const auto fault = std::exchange(fault_, Fault::none);
  if (fault != Fault::none) log_ = nullptr;  // with what it did not send
  if (fault == Fault::unknown_and_lands) tests::KafkaCluster::shared().resume(1);
  if (fault == Fault::unknown_and_lost) tests::KafkaCluster::shared().revive(1);
  restart();
  broker_.land_late();
}

Envelope LogNode::genesis() const {
  return {.epoch = 0,
          .writer = writer_of(0),
          .body = Genesis{.log_id = numbered<domain::LogId>(1), .partition = 0, .partitions = 1}};
}

Envelope LogNode::claim(std::uint8_t writer) const {
  return {.epoch = store_->partition().epoch + 1, .writer = writer_of(writer), .body = Claim{}};
}

Envelope LogNode::group(domain::PlatformId platform, std::uint8_t variant) const {
  const auto tip = store_->tip(platform);
  const domain::Event event =
      domain::PlatformEvent(domain::PlatformPlaced{.log = numbered<domain::LogId>(variant)});
  Commit commit;
  commit.command_id = numbered<domain::CommandId>(static_cast<std::uint8_t>(tip.position));
  commit.actor.kind = domain::ActorKind::operator_;
  commit.recorded_at = {tip.recorded_at.ms + 1};
  commit.events.push_back(encode_event(event, platform, *keys_));
  const Record record{.header = {.platform = platform,
                                 .base_position = tip.position + 1,
                                 .event_count = 1,
                                 .prev_hash = tip.hash},
                      .commits = {commit}};
  const auto partition = store_->partition();
  return {
      .epoch = partition.epoch, .writer = partition.claimant, .body = Group{encode_record(record)}};
}

void LogNode::begin() {
  if (kind_ == LogKind::kafka) {
    apply(1);
  } else {
    write({genesis()});
  }
  write({claim(1)});
}

}  // namespace meent::eventstore::contract
