#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "api/event_stream.h"
#include "api/history.h"

/// Feeds history to streams from one thread: each at its reader's pace until it has caught up, then
/// live ones together, every event written once for all who get the same text.
namespace meent::api {

class StreamHub {
 public:
  struct Options {
    std::size_t most_streams = 10'000;
    std::size_t slice_bytes = 64 * 1024;
  };
  explicit StreamHub(const eventstore::Store& store);
  StreamHub(const eventstore::Store& store, Options options);
  ~StreamHub();
  StreamHub(const StreamHub&) = delete;
  StreamHub& operator=(const StreamHub&) = delete;

  struct Subscription {
    HistoryReader reader;
    std::uint64_t from = 1;  ///< first position wanted
    bool is_live = false;    ///< goes on after the present end
    std::uint64_t most_events = UINT64_MAX;
    /// The bearer token's text, checked again every second while live; empty: a guest.
    std::string token_text;
  };
  /// Nothing when there are `most_streams` already.
  std::shared_ptr<EventStream> subscribe(Subscription subscription);
  [[nodiscard]] std::size_t count() const;
  /// Ends every stream and the thread.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace meent::api
