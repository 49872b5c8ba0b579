#include "tests/contract/log_node.h"

#include "eventstore/codec.h"
#include "eventstore/rocks_log.h"

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

}  // namespace

domain::PlatformId platform_of(std::uint8_t number) {
  return numbered<domain::PlatformId>(number);
}
WriterId writer_of(std::uint8_t number) {
  return numbered<WriterId>(number);
}

std::vector<std::string> read_all(Log& log) {
  std::vector<std::string> out;
  while (auto entry = log.next(0ms)) out.push_back(std::move(entry->envelope));
  return out;
}

LogNode::LogNode(LogKind kind) : kind_(kind) {
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
  if (kind_ == LogKind::sim) return std::make_unique<SimLog>(broker_);
  return std::make_unique<RocksLog>(*store_);
}

std::vector<AppliedEntry> LogNode::write(const std::vector<Envelope>& envelopes) {
  std::vector<std::string> bytes;
  for (const auto& envelope : envelopes) bytes.push_back(encode_envelope(envelope));
  return write_bytes(bytes);
}

std::vector<AppliedEntry> LogNode::write_bytes(const std::vector<std::string>& envelopes) {
  log_->append(0, envelopes);
  return apply_what_comes();
}

std::vector<AppliedEntry> LogNode::apply_what_comes() {
  std::vector<LogEntry> entries;
  while (auto entry = log_->next(0ms)) entries.push_back(*std::move(entry));
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
  if (kind_ == LogKind::sim) {
    broker_.plan({lands ? SimFate::throws_and_lands_late : SimFate::throws_and_is_lost});
  } else if (lands) {
    files_.disk().fail_sync(files_.disk().sync_count() + 1);  // in the page cache all the same
  } else {
    files_.disk().cut_power_at(files_.disk().operation_count() + 1);
  }
}

void LogNode::settle() {
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
  write({genesis()});
  write({claim(1)});
}

}  // namespace meent::eventstore::contract
