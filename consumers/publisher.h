#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consumers/consumer.h"
#include "consumers/open_scopes.h"
#include "consumers/outbox.h"
#include "eventstore/cloud_event.h"

/// Writes every platform's public events to a topic, as CloudEvents in structured JSON, keyed by
/// the platform (docs/events.md). Its first message of a platform is about the first public event;
/// `sequence` counts them, so it remembers what lies before its checkpoint. Threads: as Consumer.
namespace meent::consumers {

class Publisher final : public Consumer {
 public:
  struct Options {
    eventstore::EventOrigin origin;
    Outbox::Options outbox{};
  };
  /// `keys` outlives it.
  Publisher(const eventstore::Keys& keys, Outbox::Connect connect, Options options);

  void remember(const FollowedRecord& record) override { go_through(record, false); }
  [[nodiscard]] bool has_room() const override { return outbox_.has_room(); }
  void take(const FollowedRecord& record) override { go_through(record, true); }
  void work(std::chrono::milliseconds wait) override { outbox_.work(wait); }
  std::vector<eventstore::CheckpointMark> take_settled() override;
  [[nodiscard]] bool is_idle() const override { return outbox_.is_empty(); }
  [[nodiscard]] std::string last_error() const override { return outbox_.last_error(); }
  [[nodiscard]] std::uint64_t done_count() const override { return outbox_.stored_count(); }

 private:
  struct Platform {
    domain::KeyId key;
    OpenScopes scopes;
    std::uint64_t public_count = 0;
  };
  void go_through(const FollowedRecord& record, bool publishes);

  const eventstore::Keys& keys_;
  Options options_;
  std::map<domain::PlatformId, Platform> platforms_;
  Outbox outbox_;
};

}  // namespace meent::consumers
