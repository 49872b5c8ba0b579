#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace meent::api {

/// What is pushed to streams; shared by all that get the same bytes (format an event once, push it
/// to 5,000).
struct Chunk {
  std::string text = {};  // ready for the wire: an SSE event with its blank line, or an NDJSON line
  std::string cursor = {};  // where a client resumes after it; may be empty
};

enum class StreamEnd : std::uint8_t { finished, client_left, too_slow, server_stopping };

/// One answer that goes on (SSE, NDJSON), fed by any thread, never blocking the one that feeds.
/// Bounded: a push that would pass the limit is refused, the stream then ends after what it had
/// accepted and the farewell, which is told the cursor of the last chunk accepted. Nothing is ever
/// left out in between. The server writes what has gathered since its last write in one go, and the
/// heartbeat when it was silent.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  struct Options {
    std::size_t buffer_limit_bytes = 256 * 1024;
    std::string heartbeat = ":\n\n";  // empty: none
    std::chrono::milliseconds heartbeat_interval{15'000};
    /// Last bytes for a client that was too slow or whose server stops. Called at most once, under
    /// the stream's lock: it must not call the stream.
    std::function<std::string(StreamEnd, std::string_view cursor)> farewell = {};
    /// On a server thread, once the answer's head is on its way and whenever all that was pushed
    /// has been handed to the system: push the next part from here to send something long at the
    /// reader's pace.
    std::function<void(EventStream&)> on_drained = {};
    /// Once, when the connection is gone or the stream has ended. Any thread.
    std::function<void(StreamEnd)> on_close = {};
  };

  /// Who carries the bytes away: the server's connection, or a test.
  class Outlet {
   public:
    virtual ~Outlet() = default;
    /// There is something to take. Any thread; never called while the stream's lock is held.
    virtual void wake() = 0;
  };

  static std::shared_ptr<EventStream> make(Options options);

  /// False: not accepted, the stream is over (or has just ended because of this chunk).
  bool push(std::shared_ptr<const Chunk> chunk);
  bool push(std::string text, std::string cursor = {});
  /// Ends the stream after what was accepted. Later pushes return false.
  void finish();
  /// Accepted and not yet handed to the system.
  std::size_t buffered_bytes() const;
  bool is_over() const;

  // ---- for the outlet only
  // -------------------------------------------------------------------------
  struct Taken {
    std::vector<std::shared_ptr<const Chunk>> chunks = {};
    bool is_last = false;
    StreamEnd end = StreamEnd::finished;  // if is_last
  };
  void attach(std::weak_ptr<Outlet> outlet);
  /// Everything accepted since the last call. `is_last`: send it, then end.
  Taken take();
  /// So many of the pushed bytes have been handed to the system.
  void sent(std::size_t bytes);
  /// Nothing is left to send: calls on_drained. Same thread as `closed`.
  void drained();
  /// Ends it from the server's side, with farewell.
  void stop();
  /// The connection is gone; calls on_close and lets go of every callback.
  void closed(StreamEnd reason);
  const std::string& heartbeat() const { return options_.heartbeat; }
  std::chrono::milliseconds heartbeat_interval() const { return options_.heartbeat_interval; }

 private:
  explicit EventStream(Options options);
  void end_locked(StreamEnd reason);
  void wake_outlet(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  Options options_;
  std::vector<std::shared_ptr<const Chunk>> pending_;
  std::shared_ptr<const Chunk> last_accepted_;
  std::weak_ptr<Outlet> outlet_;
  std::size_t buffered_bytes_ = 0;
  StreamEnd end_ = StreamEnd::finished;
  bool is_over_ = false;
  bool is_closed_ = false;
  bool is_woken_ = false;
};

}  // namespace meent::api
